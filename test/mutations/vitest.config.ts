import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'mutations',
    include: ['test/mutations/mutations.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Each test is a vitest run of its own, and ends by its own time limit.
    testTimeout: 0,
    hookTimeout: 0,
    teardownTimeout: 60_000,
    maxConcurrency: 2,
    disableConsoleIntercept: true,
  },
});

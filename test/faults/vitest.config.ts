import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'faults',
    include: ['test/faults/faults.test.ts'],
    // The suite ends by its own budget of minutes.
    testTimeout: 0,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    disableConsoleIntercept: true,
  },
});

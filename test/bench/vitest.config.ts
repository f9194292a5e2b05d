import { defineConfig } from 'vitest/config';

/** Benches in the smallest form: that they measure what they say, not how fast that is. */
export default defineConfig({
  test: {
    name: 'bench',
    include: ['test/bench/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/hooks-of-servers.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
});

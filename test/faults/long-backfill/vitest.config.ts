import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'backfill',
    include: ['test/faults/long-backfill/long-backfill.test.ts'],
    testTimeout: 0,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});

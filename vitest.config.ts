import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/**
 * More than two cores can work on: most tests of programs wait for something now and then. The same for both projects,
 * so that vitest runs them side by side.
 */
const WORKERS = 4;

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          maxWorkers: WORKERS,
          // Pure functions, and simulators that each test starts for itself: loading them anew for each file takes longest.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: WORKERS,
        },
      },
    ],
    // Stopping containers takes longer than the default allows.
    teardownTimeout: 60_000,
  },
});

import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/**
 * More than two cores can work on: most tests of programs wait for something now and then. The same for both projects,
 * so that vitest runs them side by side.
 */
const WORKERS = 4;

/** How long a test waits for what it says will come: long, for none of them says how fast. Milliseconds. */
const EXPECT = { poll: { timeout: 30_000 } };

/** What hangs is to end; what is slow, on a machine with other things to do, is not. Milliseconds. */
const TIMEOUT = 180_000;

/*
 * `isolate: false`: each test makes for itself what it changes, and loading everything anew for each file would take
 * longer than most files do.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          maxWorkers: WORKERS,
          isolate: false,
          expect: EXPECT,
          testTimeout: TIMEOUT,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/build-once.ts', 'test/support/global-setup.ts'],
          setupFiles: ['test/support/hooks-of-servers.ts'],
          expect: EXPECT,
          testTimeout: TIMEOUT,
          hookTimeout: TIMEOUT,
          maxWorkers: WORKERS,
          isolate: false,
        },
      },
    ],
    // Stopping containers takes longer than the default allows.
    teardownTimeout: 60_000,
  },
});

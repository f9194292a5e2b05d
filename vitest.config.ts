import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          // vitest wants projects with different numbers of workers in groups of their own.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    // Stopping containers takes longer than the default allows.
    teardownTimeout: 60_000,
  },
});

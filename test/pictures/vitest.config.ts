import { defineConfig } from 'vitest/config';

/** `npm run docs:dashboards` */
export default defineConfig({
  test: {
    name: 'pictures',
    include: ['test/pictures/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/hooks-of-servers.ts'],
    testTimeout: 120_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
  },
});

import { createLog } from '../../src/log.ts';

/** For code that wants a log. Silent, unless TEST_LOG_LEVEL names a level. */
export const testLog = createLog({
  level: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  format: 'pretty',
  secrets: [],
});

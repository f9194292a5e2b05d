// `npm run test:mutations [-- <part of a name>]`. A positional argument of vitest itself would name a file.
import { startVitest } from 'vitest/node';

const [part = ''] = process.argv.slice(2);
const vitest = await startVitest('test', [], {
  config: 'test/mutations/vitest.config.ts',
  watch: false,
  reporters: ['verbose'],
  provide: { part },
});
await vitest.close();

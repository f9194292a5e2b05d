import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { faultLog } from '../../../src/jobs/fault-log.ts';
import { createLog } from '../../../src/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

test('the same fault is said once a minute, another one at once', async () => {
  const said: string[] = [];
  const destination = new Writable({
    write(line, _encoding, done) {
      said.push(JSON.parse(String(line)).error);
      done();
    },
  });
  const log = createLog({ level: 'warn', format: 'json', secrets: [] }, destination);
  const clock = new ManualClock();
  const onFault = faultLog('the queue has a fault', log, clock);
  const fault = (message: string) => onFault(new Error(message));
  fault('gone');
  fault('gone');
  await clock.advance(30_000);
  fault('other');
  fault('gone');
  await clock.advance(30_000);
  fault('gone');
  fault('other');
  expect(said).toEqual(['gone', 'other', 'gone']);
});

/* Final figures of request counts: what changes them, and what does not. */
import { describe, expect, test } from 'vitest';
import { writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import {
  batchOf,
  holdTime,
  KEY,
  NOTHING,
  NOW,
  owned,
  READ,
  revisions,
  setUpCounts,
  shown,
  span,
  versions,
  write,
} from '../support/count-writes.ts';

setUpCounts();

describe('I5: final figures', () => {
  test('are not overwritten by provisional ones', async () => {
    await write(READ, span(0, 1), '0:200=5 0:429=3 1:200=1');
    const before = await versions();
    expect(await write(READ, NOTHING, '0:200=2 0:500=1 1:200=1')).toEqual({
      rowsNew: 0,
      rowsKnown: 3,
    });
    expect(await versions()).toEqual(before);
    await write(READ, NOTHING, '1:200=4');
    expect(await shown()).toEqual(['12:00 200: 5 final', '12:00 429: 3 final', '12:02 200: 4']);
    expect(await revisions()).toEqual([]);
  });

  test('are left alone when a reading lies wholly in final time and is not final', async () => {
    await write(READ, READ, '0:200=5');
    expect(await write(READ, NOTHING, '0:200=6')).toEqual({ rowsNew: 0, rowsKnown: 1 });
    expect(await shown()).toEqual(['12:00 200: 5 final']);
  });

  test('that a final reading changes are revised, and the change is recorded', async () => {
    await write(READ, READ, '0:200=5 0:429=3 1:200=1');
    await write(READ, READ, '0:200=6 0:500=2 1:200=1');
    expect(await shown()).toEqual([
      '12:00 200: 6 final revision 1',
      '12:00 500: 2 final revision 1',
      '12:02 200: 1 final',
    ]);
    await write(READ, READ, '0:200=7 0:429=4 0:500=2 1:200=1');
    expect(await shown()).toEqual([
      '12:00 200: 7 final revision 2',
      '12:00 429: 4 final revision 2',
      '12:00 500: 2 final revision 1',
      '12:02 200: 1 final',
    ]);
    expect(await revisions()).toEqual([
      '12:00 200: 5 to 6 at 13:01:00.000001',
      '12:00 200: 6 to 7 at 13:02:00.000001',
      '12:00 429: 3 to 0 at 13:01:00.000001',
      '12:00 429: 0 to 4 at 13:02:00.000001',
      '12:00 500: 0 to 2 at 13:01:00.000001',
    ]);
  });

  test('that change twice at one instant are revised from the first to the last', async () => {
    await write(READ, READ, '0:200=5');
    await write(READ, READ, '0:200=6');
    holdTime();
    await write(READ, READ, '0:200=7');
    expect(await revisions()).toEqual(['12:00 200: 5 to 7 at 13:01:00.000001']);
  });

  test('a code that appears in a bucket that was final and idle is a revision', async () => {
    await write(READ, READ, '');
    await write(READ, READ, '0:200=1');
    expect(await shown()).toEqual(['12:00 200: 1 final revision 1']);
    expect(await revisions()).toEqual(['12:00 200: 0 to 1 at 13:01:00.000001']);
  });

  test('of one bucket are revised while its provisional neighbour is only replaced', async () => {
    await write(READ, span(0, 1), '0:200=5 1:200=1');
    await write(READ, READ, '0:200=6 1:200=2');
    expect(await shown()).toEqual(['12:00 200: 6 final revision 1', '12:02 200: 2 final']);
    expect(await revisions()).toEqual(['12:00 200: 5 to 6 at 13:01:00.000001']);
  });

  test('of another width, series or organization are not touched', async () => {
    await write(READ, READ, '0:200=5');
    const before = await versions();
    const batch = batchOf(READ, READ, '');
    await owned.database.transaction(async (tx) => {
      await writeApiResponseCounts(tx, { ...KEY, series: 'other' }, batch, READ, NOW);
      await writeApiResponseCounts(tx, { ...KEY, organizationId: '2' }, batch, READ, NOW);
      await writeApiResponseCounts(tx, KEY, { ...batch, intervalSeconds: 3600 }, READ, NOW);
    });
    expect(await versions()).toEqual(before);
    expect(await revisions()).toEqual([]);
  });
});

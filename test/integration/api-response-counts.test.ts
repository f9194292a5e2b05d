import { describe, expect, test } from 'vitest';
import { writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import {
  batchOf,
  KEY,
  NOTHING,
  NOW,
  owned,
  READ,
  revisions,
  rows,
  START,
  setUpCounts,
  shown,
  span,
  versions,
  WIDTH,
  write,
} from '../support/count-writes.ts';

setUpCounts();

describe('provisional figures', () => {
  test('are replaced by the next reading, final or not', async () => {
    expect(await write(READ, NOTHING, '0:200=5 1:200=1')).toEqual({ rowsNew: 2, rowsKnown: 0 });
    expect(await write(READ, NOTHING, '0:200=5 1:200=7')).toEqual({ rowsNew: 1, rowsKnown: 1 });
    expect(await shown()).toEqual(['12:00 200: 5', '12:02 200: 7']);
    await write(READ, span(0, 1), '0:200=4 1:200=7');
    expect(await shown()).toEqual(['12:00 200: 4 final', '12:02 200: 7']);
    expect(await revisions()).toEqual([]);
  });

  test('a code that vanished becomes zero, and is shown no more', async () => {
    await write(READ, NOTHING, '0:200=5 0:429=3 1:500=1');
    await write(READ, NOTHING, '0:200=5');
    expect(await shown()).toEqual(['12:00 200: 5']);
    expect(await rows('select request_count from meraki_store.api_response_counts order by 1')).toEqual([
      { request_count: '0' },
      { request_count: '0' },
      { request_count: '5' },
    ]);
    await write(READ, NOTHING, '0:200=5 0:429=2');
    expect(await shown()).toEqual(['12:00 200: 5', '12:00 429: 2']);
    expect(await revisions()).toEqual([]);
  });

  test('outside the time that was read stay as they are', async () => {
    await write(span(0, 3), NOTHING, '0:200=1 1:200=2 2:200=3');
    await write(span(1, 2), NOTHING, '');
    expect(await shown()).toEqual(['12:00 200: 1', '12:04 200: 3']);
    await write([...span(0, 1), ...span(2, 3)], NOTHING, '0:200=9');
    expect(await shown()).toEqual(['12:00 200: 9']);
  });

  test('of an idle stretch are none, and that is known', async () => {
    await rows(`insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, retired_at,
        lookback_seconds, expected_lag_seconds, created_at)
      select '${KEY.organizationId}', 'api_responses', '${KEY.series}', at, at + interval '1 hour', 1, 1, at
      from (values (timestamptz '${formatInstant(START)}')) as hours (at)`);
    expect(await write(READ, span(0, 2), '')).toEqual({ rowsNew: 0, rowsKnown: 0 });
    expect(await rows('select requests, coverage_ratio from meraki.api_responses_hourly')).toEqual([
      { requests: '0', coverage_ratio: 240 / 3600 },
    ]);
  });

  test('beyond 32 bits are exact', async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await write(READ, NOTHING, `0:200=${most} 1:200=${most}`);
    expect(await rows('select requests from meraki.api_responses_hourly')).toEqual([
      { requests: String(BigInt(most) * 2n) },
    ]);
  });
});

describe('equal figures', () => {
  test.each([
    ['provisional', NOTHING],
    ['final', READ],
  ])('write nothing when they are %s', async (_, final) => {
    const counts = '0:200=5 0:429=3 1:200=1';
    await write(READ, final, counts);
    const before = await versions();
    expect(await write(READ, final, counts)).toEqual({ rowsNew: 0, rowsKnown: 3 });
    expect(await versions()).toEqual(before);
    expect(await revisions()).toEqual([]);
  });

  test('write nothing when one has vanished before', async () => {
    await write(READ, READ, '0:200=5 0:429=3');
    await write(READ, READ, '0:200=5');
    const before = await versions();
    await write(READ, READ, '0:200=5');
    expect(await versions()).toEqual(before);
  });

  test('write nothing when they turn final, which is for coverage to say', async () => {
    await write(READ, NOTHING, '0:200=5');
    const before = await versions();
    await write(READ, READ, '0:200=5');
    expect(await versions()).toEqual(before);
    expect(await shown()).toEqual(['12:00 200: 5 final']);
  });
});

test('I6: of a time that is stored at two widths, the views show the width that counts', async () => {
  await write(READ, READ, '0:200=5 1:200=1');
  const hour = [{ from: START, to: START + instantOfSeconds(3_600) }];
  const batch = { ...batchOf(hour, hour, '0:200=6'), intervalSeconds: 3_600 };
  await owned.database.transaction(async (tx) => {
    await writeApiResponseCounts(tx, KEY, batch, [], NOW);
    await lockCoverage(tx, KEY, [3_600], NOW);
    await saveCoverage(tx, KEY, 3_600, { final: hour, provisional: [], counted: hour }, NOW);
    await saveCoverage(tx, KEY, WIDTH, { final: READ, provisional: [], counted: [] }, NOW);
  });
  expect(await shown()).toEqual(['12:00 200: 6 final']);
  expect(await rows('select requests from meraki.api_responses_hourly where requests > 0')).toEqual([
    { requests: '6' },
  ]);
});

describe('the figures of a run', () => {
  test('count a vanished code as changed, and what was read as known', async () => {
    await write(READ, NOTHING, '0:200=5 0:429=3 1:200=1');
    expect(await write(READ, NOTHING, '0:200=5 1:200=1')).toEqual({ rowsNew: 1, rowsKnown: 2 });
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiResponseBatch, writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import type { WriteCounts } from '../../src/db/webhook-deliveries.ts';
import { formatInstant, type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { type Ranges, union } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'api_responses', series: 'all' };
const START: Instant = parseInstant('2026-01-15T12:00:00Z') ?? 0;
const NOW: Instant = parseInstant('2026-01-15T13:00:00.000001Z') ?? 0;
const WIDTH = 120;
const STEP = instantOfSeconds(WIDTH);

let owned: TestDatabase;
let finalBefore: Ranges;
let minutes: number;

beforeEach(async () => {
  owned = await emptyTestDatabase();
  await new Partitions(owned.database).ensure('api_response_counts', { from: START, to: START + STEP });
  finalBefore = [];
  minutes = 0;
});

/** Buckets number `from` up to `to`. */
function span(from: number, to: number): Ranges {
  return from === to ? [] : [{ from: START + from * STEP, to: START + to * STEP }];
}

/** @param counts `bucket:code=count`, separated by spaces */
function batchOf(read: Ranges, final: Ranges, counts: string): ApiResponseBatch {
  return {
    intervalSeconds: WIDTH,
    read,
    final,
    counts: [...counts.matchAll(/(\d+):(\d+)=(\d+)/g)].map(([, bucket, code, count]) => ({
      bucketStart: START + Number(bucket) * STEP,
      responseCode: Number(code),
      requestCount: Number(count),
    })),
  };
}

/** Writes a reading and its coverage, as committing a page does; each a minute after the last. */
async function write(read: Ranges, final: Ranges, counts: string): Promise<WriteCounts> {
  const now = NOW + instantOfSeconds(60) * minutes;
  minutes += 1;
  return await owned.database.transaction(async (tx) => {
    const written = await writeApiResponseCounts(tx, KEY, batchOf(read, final, counts), finalBefore, now);
    const before = (await lockCoverage(tx, KEY, [WIDTH], now)).get(WIDTH);
    finalBefore = union(finalBefore, final);
    const provisional = union(before?.provisional ?? [], read);
    const counted = union(before?.counted ?? [], read);
    await saveCoverage(tx, KEY, WIDTH, { final: finalBefore, provisional, counted }, now);
    return written;
  });
}

async function rows(query: string): Promise<Record<string, unknown>[]> {
  return (await owned.database.pool.query(query)).rows;
}

async function shown(): Promise<string[]> {
  const found = await rows(`select to_char(bucket_start, 'HH24:MI') || ' ' || response_code || ': ' ||
      request_count || case when is_final then ' final' else '' end ||
      case when revision > 0 then ' revision ' || revision else '' end as text
    from meraki.api_responses order by bucket_start, response_code`);
  return found.map(({ text }) => String(text));
}

async function revisions(): Promise<string[]> {
  const found = await rows(`select to_char(bucket_start, 'HH24:MI') || ' ' || response_code || ': ' ||
      count_before || ' to ' || count_after || ' at ' || to_char(revised_at, 'HH24:MI:SS.US') as text
    from meraki_store.api_response_revisions order by bucket_start, response_code, revised_at`);
  return found.map(({ text }) => String(text));
}

/** Changes with every version of a row that is written, even to the same values. */
function versions(): Promise<unknown[]> {
  return rows('select xmin, ctid, * from meraki_store.api_response_counts order by ctid');
}

const READ = span(0, 2);
const NOTHING: Ranges = [];

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
    minutes -= 1;
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

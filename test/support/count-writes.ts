/* Readings of request counts, written as committing a page does. */
import { beforeEach } from 'vitest';
import { type ApiResponseBatch, writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import type { WriteCounts } from '../../src/db/webhook-deliveries.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { type Ranges, union } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';

export const KEY: StreamKey = { organizationId: '1', stream: 'api_responses', series: 'all' };
export const START: Instant = parseInstant('2026-01-15T12:00:00Z') ?? 0;
export const NOW: Instant = parseInstant('2026-01-15T13:00:00.000001Z') ?? 0;
export const WIDTH = 120;
export const STEP = instantOfSeconds(WIDTH);

export let owned: TestDatabase;
let finalBefore: Ranges;
let minutes: number;

/** Gives each test of the file that calls it an archive of its own. */
export function setUpCounts(): void {
  beforeEach(async () => {
    owned = await emptyTestDatabase();
    await new Partitions(owned.database).ensure('api_response_counts', { from: START, to: START + STEP });
    finalBefore = [];
    minutes = 0;
  });
}

/** Buckets number `from` up to `to`. */
export function span(from: number, to: number): Ranges {
  return from === to ? [] : [{ from: START + from * STEP, to: START + to * STEP }];
}

/** @param counts `bucket:code=count`, separated by spaces */
export function batchOf(read: Ranges, final: Ranges, counts: string): ApiResponseBatch {
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

/** What is written next is written at the instant of what was written last. */
export function holdTime(): void {
  minutes -= 1;
}

/** Writes a reading and its coverage, as committing a page does; each a minute after the last. */
export async function write(read: Ranges, final: Ranges, counts: string): Promise<WriteCounts> {
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

export async function rows(query: string): Promise<Record<string, unknown>[]> {
  return (await owned.database.pool.query(query)).rows;
}

export async function shown(): Promise<string[]> {
  const found = await rows(`select to_char(bucket_start, 'HH24:MI') || ' ' || response_code || ': ' ||
      request_count || case when is_final then ' final' else '' end ||
      case when revision > 0 then ' revision ' || revision else '' end as text
    from meraki.api_responses order by bucket_start, response_code`);
  return found.map(({ text }) => String(text));
}

export async function revisions(): Promise<string[]> {
  const found = await rows(`select to_char(bucket_start, 'HH24:MI') || ' ' || response_code || ': ' ||
      count_before || ' to ' || count_after || ' at ' || to_char(revised_at, 'HH24:MI:SS.US') as text
    from meraki_store.api_response_revisions order by bucket_start, response_code, revised_at`);
  return found.map(({ text }) => String(text));
}

/** Changes with every version of a row that is written, even to the same values. */
export function versions(): Promise<unknown[]> {
  return rows('select xmin, ctid, * from meraki_store.api_response_counts order by ctid');
}

export const READ = span(0, 2);
export const NOTHING: Ranges = [];

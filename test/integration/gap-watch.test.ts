import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readGaps, readStatus } from '../../src/db/archive-status.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { readNearDeadlines } from '../../src/db/near-deadlines.ts';
import { retireStreams } from '../../src/db/retired-streams.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { GapWatch } from '../../src/jobs/gap-watch.ts';
import { createLog } from '../../src/log.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { emptyTestDatabase } from '../support/test-database.ts';

const DAY = instantOfSeconds(86_400);
const DAY_MS = 86_400_000;
const WEEK_SECONDS = 7 * 86_400;
const now = instantOfMilliseconds(Date.now());

const streamOf = (organizationId: string, series = 'all'): StreamKey => ({
  organizationId,
  stream: 'api_responses',
  series,
});

/** A stream whose source keeps 30 days, covered but for some time. */
async function addStream(
  database: Database,
  key: StreamKey,
  gaps: readonly Range[],
  { createdAt = now - 29 * DAY, until = now }: { createdAt?: Instant; until?: Instant } = {},
): Promise<void> {
  const wantedFrom = now - 29 * DAY;
  const fresh = { wantedFrom, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 };
  await rememberStream(database, key, fresh, createdAt);
  await database.transaction(async (tx) => {
    await lockCoverage(tx, key, [120], now);
    const [whole] = rangesOf({ from: wantedFrom, to: until });
    if (whole === undefined) return;
    const edges = [whole.from, ...gaps.flatMap(({ from, to }) => [from, to]), whole.to];
    const final = rangesOf(
      ...edges.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: edges[index + 1] ?? from }] : [])),
    );
    await saveCoverage(tx, key, 120, { final, provisional: [], counted: final }, now);
  });
}

const gapAgo = (days: number): Range => ({ from: now - days * DAY, to: now - days * DAY + DAY / 2 });

/** What a log said, at level warn. */
function heard() {
  const stream = new PassThrough();
  const log = createLog({ level: 'warn', format: 'json', secrets: [] }, stream);
  return {
    log,
    lines: () => {
      const said = (stream.read() as Buffer | null)?.toString() ?? '';
      return said
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
  };
}

describe('a gap that will soon be lost', () => {
  test('is warned of once a day, for each stream', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, streamOf('1'), [gapAgo(28), gapAgo(27)]);
    await addStream(database, streamOf('2'), [gapAgo(20)]);
    const clock = new ManualClock({ start: Date.now() });
    const { log, lines } = heard();
    const watch = new GapWatch({ database, clock, log, warningSeconds: WEEK_SECONDS });
    await watch.look(now);
    expect(lines()).toMatchObject([{ organizationId: '1', stream: 'api_responses', gaps: 2, level: 40 }]);
    await watch.look(now);
    await clock.advance(DAY_MS - 1);
    await watch.look(now);
    expect(lines()).toEqual([]);
    await clock.advance(1);
    await watch.look(now);
    expect(lines()).toHaveLength(1);
    // A clock that was set back has not taken back the days that have passed.
    await clock.advance(-365 * DAY_MS);
    await watch.look(now);
    expect(lines()).toHaveLength(1);
  });

  test('is no alarm in a new stream, and not before a quarter of the lookback', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, streamOf('1'), [gapAgo(28)], { createdAt: now - DAY / 48 });
    await addStream(database, streamOf('2'), [gapAgo(22)]);
    expect(await readNearDeadlines(database.query, WEEK_SECONDS)).toEqual([]);
    expect(await readNearDeadlines(database.query, 30 * 86_400)).toEqual([]);
    await addStream(database, streamOf('3'), [gapAgo(23.5)]);
    expect(await readNearDeadlines(database.query, WEEK_SECONDS)).toMatchObject([
      { key: streamOf('3'), gaps: 1 },
    ]);
  });

  test('is marked in gaps and status', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, streamOf('1'), [gapAgo(28), gapAgo(10)]);
    const gaps = await readGaps(database.query, WEEK_SECONDS);
    expect(gaps.map(({ is_near }) => is_near)).toEqual([true, false]);
    expect(gaps[0]?.seconds_left).toBeGreaterThan(86_400);
    const [status] = await readStatus(database.query, WEEK_SECONDS);
    expect(status).toMatchObject({ pending_gaps: 2, near_gaps: 1, lost_seconds: 0 });
    expect(status?.pending_seconds).toBeCloseTo(86_400, 3);
    expect(status?.covered_ratio).toBeCloseTo(28 / 29, 4);
    expect(status?.next_deadline_seconds).toBeCloseTo(gaps[0]?.seconds_left ?? Number.NaN, -2);
  });
});

describe('a series that is no longer configured', () => {
  const key = streamOf('1', 'inventory');
  const endpoint = { organizationId: '1', stream: 'api_responses' } as const;

  test('ends with its newest coverage, so that it is no gap that grows', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, key, [], { until: now - DAY });
    expect(await readGaps(database.query, 0)).toHaveLength(1);
    expect(await retireStreams(database.query, endpoint, ['all', 'inventory'], now)).toEqual([]);
    expect(await retireStreams(database.query, endpoint, ['all', 'other'], now)).toEqual(['inventory']);
    expect(await retireStreams(database.query, endpoint, ['all'], now)).toEqual([]);
    expect(await readGaps(database.query, 0)).toEqual([]);
    const [status] = await readStatus(database.query, 0);
    expect(status).toMatchObject({ covered_ratio: 1, pending_gaps: 0 });
    expect(status?.retired_at).not.toBeNull();
  });

  test('keeps what was lost by then, and not what could still be had; others are left alone', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, key, [gapAgo(27), gapAgo(10)], { until: now - DAY });
    await addStream(database, streamOf('2', 'inventory'), [], { until: now - DAY });
    const lost = gapAgo(27);
    // Half of the older gap is out of reach by then.
    await retireStreams(database.query, endpoint, ['all'], lost.from + 30 * DAY + DAY / 4);
    const gaps = await readGaps(database.query, 0);
    expect(gaps.map(({ organization_id }) => organization_id)).toEqual(['1', '2']);
    const [from, to] = [gaps[0]?.gap_from, gaps[0]?.gap_to].map((time) => parseInstant(time ?? ''));
    expect({ from, to }).toEqual({ from: lost.from, to: lost.from + DAY / 4 });
  });

  test('is wanted again once it is read again; the time between was not wanted', async () => {
    const { database } = await emptyTestDatabase();
    await addStream(database, key, [], { until: now - 3 * DAY });
    await retireStreams(database.query, endpoint, ['all'], now - 2 * DAY);
    const fresh = { wantedFrom: now, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 };
    await rememberStream(database, key, fresh, now - DAY);
    const [gap, ...others] = await readGaps(database.query, 0);
    expect(others).toEqual([]);
    expect(Date.parse(gap?.gap_from ?? '')).toBe(Math.floor((now - DAY) / 1_000));
    const [status] = await readStatus(database.query, 0);
    expect(status?.retired_at).toBeNull();
  });
});

/*
 * A backfill against a source that cannot answer for some windows, by script: for one stretch of time, for a while or
 * for good, or for all that is too wide. What is at fault decides how short windows become, where and for how long.
 */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { readStream } from '../../src/db/streams.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { duration, type Range, union } from '../../src/ranges.ts';
import type { Lane } from '../../src/stream-key.ts';
import { apiResponses } from '../../src/streams/api-responses.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { type LearnedLimits, parseLearnedLimits } from '../../src/sync/limits.ts';
import { type LaneResult, runLane } from '../../src/sync/run-lane.ts';
import type { Stream } from '../../src/sync/stream.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { answer, recordingClock, startClient, startServer } from '../unit/meraki/loopback-server.ts';

const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
const settings = {
  everySeconds: 300,
  lookback: 40 * DAY,
  span: 31 * DAY,
  settle: HOUR / 4,
  perPage: 1_000,
  quarantineLimit: 1_000,
};

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

const ago = (time: number): Instant => instantOfMilliseconds(Date.now()) - time;
const overlap = (one: Range, other: Range) => one.from < other.to && other.from < one.to;
const widthOf = ({ from, to }: Range) => to - from;

/** What was asked for, and the status that it was answered with. */
interface Asked extends Range {
  readonly status: number;
}

interface Source {
  readonly url: string;
  readonly asked: readonly Asked[];
}

/** A source in which nothing ever happened. @param statusOf what a window is answered with */
async function startSource(statusOf: (window: Range, asked: readonly Asked[]) => number): Promise<Source> {
  const asked: Asked[] = [];
  const { url } = await startServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://source');
    const [from = 0, to = 0] = ['t0', 't1'].map((name) =>
      instantOfMilliseconds(Date.parse(searchParams.get(name) ?? '')),
    );
    const status = statusOf({ from, to }, asked);
    asked.push({ from, to, status });
    answer(status, status === 200 ? [] : { errors: ['no'] })(request, response);
  });
  return { url, asked };
}

const logsOf = (client: Parameters<typeof webhookLogs>[1]) =>
  webhookLogs({ organizationId: '1', stream: 'webhook_logs', series: 'all' }, client, settings);

interface Read extends LaneResult {
  readonly learned: LearnedLimits;
  readonly final: number;
}

function backfill(source: Source, streamOf = logsOf, only?: Range): Promise<Read> {
  return read('backfill', source, streamOf, only);
}

async function read(
  lane: Lane,
  { url }: Source,
  streamOf: (client: Parameters<typeof webhookLogs>[1]) => Stream = logsOf,
  only?: Range,
): Promise<Read> {
  const clock = recordingClock();
  const stream = streamOf(startClient(url, { clock }).client);
  const result = await runLane({
    database: owned.database,
    partitions: new Partitions(owned.database),
    stream,
    lane,
    runId: randomUUID(),
    log: testLog,
    clock,
    signal: new AbortController().signal,
    only,
  });
  const stored = await readStream(owned.database.query, stream.key);
  const coverage = await readCoverage(owned.database.query, stream.key);
  return {
    ...result,
    learned: parseLearnedLimits(stored?.limits, stream.now()),
    final: duration(union(...[...coverage.values()].map(({ final }) => final))),
  };
}

describe('a stretch of history that cannot be had', () => {
  const broken = { from: ago(36 * DAY), to: ago(36 * DAY) + 5 * HOUR };

  test('for a while shortens windows there, and nowhere else', async () => {
    const { failures, ...source } = await failingFor(24);
    const { outcome, remaining, learned, final } = await backfill(source);
    expect({ outcome, remaining, failures: failures() }).toEqual({
      outcome: 'complete',
      remaining: [],
      failures: 24,
    });
    expect(final).toBeGreaterThan(39 * DAY);
    expect(learned).not.toHaveProperty('span');
    const later = source.asked.filter(({ from, status }) => from > broken.to && status === 200);
    expect(Math.max(...later.map(widthOf))).toBeGreaterThan(14 * DAY);
  });

  async function failingFor(most: number) {
    const failures = (asked: readonly Asked[]) => asked.filter(({ status }) => status !== 200).length;
    const source = await startSource((window, asked) =>
      overlap(window, broken) && failures(asked) < most ? 503 : 200,
    );
    return { ...source, failures: () => failures(source.asked) };
  }

  test.each([503, 400])(
    'for good, with a %d, stays a gap little longer than that, and teaches nothing of other times',
    async (status) => {
      const source = await startSource((window) => (overlap(window, broken) ? status : 200));
      const { outcome, remaining, learned, final } = await backfill(source);
      expect({ outcome, remaining }).toEqual({ outcome: 'complete', remaining: [] });
      expect(learned.skipped).toHaveLength(1);
      const [gap = { from: 0, to: 0 }] = learned.skipped ?? [];
      expect(gap.from).toBeLessThanOrEqual(broken.from);
      expect(gap.to).toBeGreaterThanOrEqual(broken.to);
      expect(widthOf(gap)).toBeLessThanOrEqual(9 * HOUR);
      expect(final).toBeGreaterThan(39 * DAY);
      expect(learned).not.toHaveProperty('span');
      expect(learned).not.toHaveProperty('lookback');
      const later = source.asked.filter(({ from }) => from >= gap.to);
      expect(Math.max(...later.map(widthOf))).toBeGreaterThan(14 * DAY);
    },
  );

  test('of buckets that are longer than the shortest window stays a gap of whole ones', async () => {
    const interval = 21_600;
    const source = await startSource((window) => (overlap(window, broken) ? 503 : 200));
    const { outcome, learned } = await backfill(source, (client) =>
      apiResponses(
        { organizationId: '1', stream: 'api_responses', series: 'all' },
        client,
        { ...settings, intervalSeconds: interval },
        {},
      ),
    );
    expect(outcome).toBe('complete');
    const [gap = { from: 0, to: 0 }, ...others] = learned.skipped ?? [];
    expect(others).toEqual([]);
    expect(gap.from).toBeLessThanOrEqual(broken.from);
    expect(gap.to).toBeGreaterThanOrEqual(broken.to);
    expect(widthOf(gap)).toBeLessThanOrEqual(2 * instantOfSeconds(interval));
  });
});

test('a short window whose refusal does not repeat is read at once, and teaches nothing', async () => {
  const only = { from: ago(10 * DAY), to: ago(10 * DAY) + HOUR / 2 };
  const source = await startSource((_window, asked) => (asked.length === 0 ? 400 : 200));
  const { outcome, remaining, learned, final } = await backfill(source, logsOf, only);
  expect({ outcome, remaining, final }).toEqual({ outcome: 'complete', remaining: [], final: widthOf(only) });
  expect(learned).toMatchObject({ skipped: [] });
  expect(learned).not.toHaveProperty('shortened');
});

test('one stretch that is refused and a newer one that is not answered for: both stay gaps, and no more', async () => {
  const refused = { from: ago(36 * DAY), to: ago(36 * DAY) + HOUR };
  const broken = { from: ago(5 * DAY), to: ago(5 * DAY) + HOUR };
  const source = await startSource((window) => {
    if (overlap(window, refused)) return 400;
    return overlap(window, broken) ? 503 : 200;
  });
  const { outcome, remaining, final } = await backfill(source);
  expect({ outcome, remaining }).toEqual({ outcome: 'complete', remaining: [] });
  expect(final).toBeGreaterThan(39 * DAY);
});

test('the newest edge is asked for in windows that are short enough, once history has shown how short', async () => {
  const source = await startSource((window) => (widthOf(window) > 3 * HOUR ? 503 : 200));
  await expect(read('live', source)).rejects.toThrow('503');
  await backfill(source);
  expect(await read('live', source)).toMatchObject({ outcome: 'complete' });
  const coverage = await readCoverage(owned.database.query, logsOf(startClient(source.url).client).key);
  expect(coverage.get(0)?.final.at(-1)?.to).toBeGreaterThan(ago(HOUR));
});

test('windows that are too wide at all times are cut once, not at each time anew', async () => {
  const source = await startSource((window) => (widthOf(window) > 3 * DAY ? 503 : 200));
  const { outcome, remaining, final } = await backfill(source);
  expect({ outcome, remaining }).toEqual({ outcome: 'complete', remaining: [] });
  expect(final).toBeGreaterThan(39 * DAY);
  const wide = source.asked.findLastIndex(({ status }) => status === 503);
  const [first, ...others] = source.asked.slice(wide + 1).filter(({ from }) => from < ago(DAY));
  expect(first?.from).toBe(source.asked[0]?.from);
  expect(others.length).toBeGreaterThan(12);
});

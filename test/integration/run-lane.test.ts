/*
 * One lane of the webhook log against a source that answers by script: what is in the database after a page that
 * fails, a worker that is overtaken, a clock that is wrong, page tokens that cannot be followed.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { readStream } from '../../src/db/streams.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { duration, intersect } from '../../src/ranges.ts';
import { parseLearnedLimits } from '../../src/sync/limits.ts';
import {
  DAY,
  KEY,
  type LaneBench,
  MINUTE,
  minutesAgo,
  row,
  settings,
  setUpLane,
} from '../support/lane-bench.ts';
import { answer, type Handler, startServer } from '../unit/meraki/loopback-server.ts';

const NEXT = { link: '</next>; rel=next' };

let bench: LaneBench;

beforeEach(async () => {
  bench = await setUpLane();
});

/** `from` to `to` of the window asked for. */
function windowOf(url: string | undefined): { readonly from: number; readonly to: number } | undefined {
  const asked = new URL(url ?? '', 'http://source').searchParams;
  const [from, to] = [asked.get('t0'), asked.get('t1')];
  if (from === null || to === null) return undefined;
  return { from: instantOfMilliseconds(Date.parse(from)), to: instantOfMilliseconds(Date.parse(to)) };
}

describe('a page', () => {
  test('I2 I3 I7: is committed with checkpoint, coverage and quarantine, or nothing of it is', async () => {
    const bad = row(minutesAgo(50), { url: null });
    const second = answer(200, [row(minutesAgo(50)), bad]);
    const source = await startServer(answer(200, [row(minutesAgo(60))], NEXT), second);
    const { pool } = bench.database;
    // The run's figures are the last that a page writes.
    await pool.query('alter table meraki_ingest.sync_runs add constraint one_page check (pages < 2)');
    await expect(bench.read(source, 'live')).rejects.toMatchObject({ facts: { constraint: 'one_page' } });
    expect(await bench.deliveries()).toBe(1);
    expect(await bench.final()).toEqual([]);
    expect(await bench.count('meraki_ingest.quarantine')).toBe(0);

    await pool.query('alter table meraki_ingest.sync_runs drop constraint one_page');
    expect(await bench.read(source, 'live')).toMatchObject({ outcome: 'complete' });
    expect(await bench.deliveries()).toBe(2);
    expect(await bench.count('meraki_ingest.quarantine')).toBe(1);
    expect(source.requests.map(({ url }) => url).slice(1, 3)).toEqual(['/next', '/next']);
  });

  test('I3: that was committed is not asked for again by the next run', async () => {
    const pages = 20;
    const since = minutesAgo(60);
    const pageOf = (url: string | undefined) => (windowOf(url) === undefined ? Number(url?.slice(1)) : 1);
    const source = await startServer((request, response) => {
      const page = pageOf(request.url);
      const next = page < pages ? { link: `</${page + 1}>; rel=next` } : {};
      answer(200, [row(since + page * 1_000_000)], next)(request, response);
    });
    let committed = 0;
    const onPage = (counts: { readonly pages: number }) => {
      committed = counts.pages;
    };
    const first = await bench.read(source, 'live', { onPage, pauseNow: () => committed > 0 });
    expect(first.outcome).toBe('paused');
    const before = source.requests.length;
    await bench.read(source, 'live');
    expect(pageOf(source.requests[before]?.url)).toBe(committed + 1);
    expect(await bench.deliveries()).toBe(pages);
  });

  test('I4: of a worker that was overtaken while it waited for the answer is not committed', async () => {
    const paused = { release: (): void => undefined };
    const holding: Handler = (request, response) => {
      paused.release = () => answer(200, [row(minutesAgo(60))])(request, response);
    };
    const slow = await startServer(holding);
    const late = bench.read(slow, 'live');
    await expect.poll(() => slow.requests.length).toBe(1);
    const quick = await startServer(answer(200, [row(minutesAgo(50))]));
    expect(await bench.read(quick, 'live', { ahead: 31_000 })).toMatchObject({ outcome: 'complete' });
    paused.release();
    expect(await late).toMatchObject({ outcome: 'superseded' });
    expect(await bench.deliveries()).toBe(1);
  });
});

test('I1 I3: pages that came while another was committed are committed together, and none is left out', async () => {
  const pages = 11;
  const source = await startServer((request, response) => {
    const page = windowOf(request.url) === undefined ? Number(request.url?.split('/').at(-1)) : 1;
    const isOldest = (windowOf(request.url)?.from ?? 0) < minutesAgo(0) - settings.span;
    if (page === 1 && !isOldest) return answer(200, [])(request, response);
    const next = page < pages ? { link: `</${page + 1}>; rel=next` } : {};
    answer(200, [row(minutesAgo(11_000) + page * MINUTE)], next)(request, response);
  });
  const blocker = await bench.database.pool.connect();
  await blocker.query('begin; lock table meraki_ingest.coverage in exclusive mode');
  const running = bench.read(source, 'backfill');
  // Up to four are being committed, four wait.
  await expect.poll(() => source.requests.length).toBeGreaterThanOrEqual(5);
  await blocker.query('commit');
  blocker.release();
  const { outcome, counts } = await running;
  expect(outcome).toBe('complete');
  expect(counts).toMatchObject({ pages: source.requests.length, rowsNew: pages });
  expect(await bench.deliveries()).toBe(pages);
  const { rows } = await bench.database.pool.query<{ version: number; open_window: unknown }>(
    'select version::integer, open_window from meraki_ingest.checkpoints',
  );
  expect(rows).toMatchObject([{ open_window: null }]);
  // Four that waited, at least, were one transaction.
  expect(rows[0]?.version).toBeLessThanOrEqual(counts.pages - 2);
});

test('I2: a clock that is an hour fast claims nothing that lies ahead of the source', async () => {
  const source = await startServer(answer(200, []));
  await bench.read(source, 'live', { ahead: 3_600_000 });
  const now = instantOfMilliseconds(Date.now());
  const stored = (await readCoverage(bench.database.query, KEY)).get(0);
  expect(duration(stored?.final ?? [])).toBeGreaterThan(0);
  expect(intersect(stored?.final ?? [], [{ from: now - settings.settle, to: now + DAY }])).toEqual([]);
  expect(intersect(stored?.provisional ?? [], [{ from: now, to: now + DAY }])).toEqual([]);
});

test('I3: a clock that is days fast has no time to come left alone', async () => {
  const source = await startServer(answer(200, []));
  const ahead = (settings.lookback + 60 * MINUTE) / 1_000;
  expect(await bench.read(source, 'backfill', { ahead })).toMatchObject({ outcome: 'complete' });
  const stored = await readStream(bench.database.query, KEY);
  const { skipped } = parseLearnedLimits(stored?.limits, instantOfMilliseconds(Date.now()));
  expect(skipped).toEqual([]);
});

test('I3: a stretch that Meraki cannot answer for is asked again before Meraki forgets it', async () => {
  const broken = instantOfMilliseconds(Date.now()) - settings.lookback + 90 * MINUTE;
  const asksForBroken = ({ url }: { readonly url?: string | undefined }) => {
    const { from, to } = windowOf(url) ?? { from: 0, to: 0 };
    return from <= broken && broken < to;
  };
  const source = await startServer((request, response) =>
    asksForBroken(request) ? answer(503, {})(request, response) : answer(200, [])(request, response),
  );
  expect(await bench.read(source, 'backfill')).toMatchObject({ outcome: 'complete', remaining: [] });
  const stored = await readStream(bench.database.query, KEY);
  const { skipped = [] } = parseLearnedLimits(stored?.limits, instantOfMilliseconds(Date.now()));
  expect(skipped).toHaveLength(1);
  const { from, until } = skipped[0] ?? { from: 0, until: 0 };
  expect(until).toBeLessThan(from + settings.lookback);
  const before = source.requests.length;
  await bench.read(source, 'backfill', { ahead: 60 * 60_000 });
  expect(source.requests.slice(before).some(asksForBroken)).toBe(true);
});

describe('I3: page tokens', () => {
  test('that the source refuses: windows become as short as can be read without', async () => {
    const source = await startServer((request, response) => {
      const window = windowOf(request.url);
      if (window === undefined) answer(400, { errors: ['expired'] })(request, response);
      else answer(200, [], window.to - window.from > 2 * DAY ? NEXT : {})(request, response);
    });
    expect(await bench.read(source, 'backfill')).toMatchObject({ outcome: 'complete', remaining: [] });
    expect(duration(await bench.final())).toBeGreaterThan(7 * DAY);
  });

  test('that lead round in a circle are given up', async () => {
    const ring: Record<string, string> = { '/a': '/b', '/b': '/c', '/c': '/a' };
    const stopping = new AbortController();
    const source = await startServer((request, response) => {
      if (source.requests.length > 200) stopping.abort();
      const whole = source.requests.length > 12 && windowOf(request.url) !== undefined;
      const next = ring[request.url ?? ''] ?? '/a';
      answer(200, [], whole ? {} : { link: `<${next}>; rel=next` })(request, response);
    });
    expect(await bench.read(source, 'backfill', { signal: stopping.signal })).toMatchObject({
      outcome: 'complete',
      remaining: [],
    });
  });
});

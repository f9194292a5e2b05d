import { expect, test } from 'vitest';
import { bucketAlterations } from '../../../src/simulator/faults/alter-buckets.ts';
import type { CodeBucket, FaultPlan } from '../../../src/simulator/simulator.ts';
import { CODES, DAY, HOUR, iso, START, startDashboard } from './dashboard.ts';

const MIDNIGHT = Date.UTC(2026, 9, 30);
const WINDOW = { t0: iso(MIDNIGHT), t1: iso(MIDNIGHT + DAY), interval: 120 };

async function answers(faults: FaultPlan, query: Record<string, string | number> = WINDOW) {
  const dashboard = await startDashboard({ faults });
  const read = async () => (await (await dashboard.ask(0, CODES, query)).json()) as CodeBucket[];
  return { dashboard, read, buckets: await read() };
}

function seconds({ startTs, endTs }: CodeBucket): number {
  return (Date.parse(endTs) - Date.parse(startTs)) / 1_000;
}

function sum(buckets: readonly CodeBucket[]): number {
  return buckets.flatMap(({ counts }) => counts).reduce((total, { count }) => total + count, 0);
}

const isOdd: Record<(typeof bucketAlterations)[number], (bucket: CodeBucket, all: CodeBucket[]) => boolean> =
  {
    missing_counts: (bucket) => bucket.counts === undefined,
    negative_count: ({ counts }) => counts.some(({ count }) => count < 0),
    turned_around: ({ startTs, endTs }) => endTs < startTs,
    off_grid: ({ startTs }) => (Date.parse(startTs) / 1_000) % 120 !== 0,
    duplicate: ({ startTs }, all) => all.filter((one) => one.startTs === startTs).length === 2,
    halves: (bucket) => seconds(bucket) === 60,
  };

test.each(bucketAlterations)(
  '%s: some buckets, the same at every read, until the given time',
  async (kind) => {
    const right = (await answers({})).buckets;
    const alteredBuckets = { share: 0.1, kinds: [kind], until: iso(START + HOUR) };
    const { buckets, dashboard, read } = await answers({ seed: 4, alteredBuckets });
    const odd = buckets.filter((bucket) => isOdd[kind](bucket, buckets));
    expect(odd.length).toBeGreaterThan(20);
    expect(odd.length).toBeLessThan(right.length / 2);
    expect(await read()).toEqual(buckets);
    const even = buckets.filter((bucket) => !isOdd[kind](bucket, buckets));
    expect(right).toEqual(expect.arrayContaining(even));
    dashboard.clock.move(HOUR);
    expect(await read()).toEqual(right);
  },
);

test('halves count every request, once', async () => {
  const halves = await answers({ alteredBuckets: { share: 0.3, kinds: ['halves'] } });
  expect(sum(halves.buckets)).toBe(sum((await answers({})).buckets));
});

test('widths that nobody asked for: for old windows, for a share of calls, for one asked width', async () => {
  const widths = [{ seconds: 86_400, olderThanDays: 2, asked: 120 }];
  const old = await answers({ widths });
  expect(old.buckets.map(seconds)).toEqual([86_400]);
  const { dashboard } = old;
  expect(old.buckets).toEqual(
    dashboard.simulator.truthBuckets(dashboard.id(0), { from: WINDOW.t0, to: WINDOW.t1, interval: 86_400 }),
  );
  const young = await answers({ widths }, { t0: iso(START - DAY), interval: 120 });
  expect(new Set(young.buckets.map(seconds))).toEqual(new Set([120]));
  const hours = await answers({ widths }, { ...WINDOW, interval: 3_600 });
  expect(new Set(hours.buckets.map(seconds))).toEqual(new Set([3_600]));

  const some = await answers({ widths: [{ seconds: 600, probability: 0.5 }] });
  const found = new Set<number>();
  for (let call = 0; call < 20; call++) for (const bucket of await some.read()) found.add(seconds(bucket));
  expect(found).toEqual(new Set([120, 600]));
});

test('recounted: from a time on a share of cells counts less or more, in all widths alike', async () => {
  const dashboard = await startDashboard({
    faults: {
      recounted: [
        { at: iso(START + HOUR), share: 0.3, change: 'less' },
        { at: iso(START + 2 * HOUR), share: 0.2, change: 'more' },
      ],
    },
  });
  const read = async (interval: number, query = {}) => {
    const response = await dashboard.ask(0, CODES, { ...WINDOW, interval, ...query });
    return (await response.json()) as CodeBucket[];
  };
  const before = await read(120);
  dashboard.clock.move(HOUR);
  const less = await read(120);
  expect(sum(less)).toBeLessThan(0.95 * sum(before));
  expect(sum(less)).toBeGreaterThan(0.75 * sum(before));
  const unchanged = less.filter((bucket) =>
    before.some((one) => JSON.stringify(one) === JSON.stringify(bucket)),
  );
  expect(unchanged.length).toBeGreaterThan(0);
  for (const width of [120, 3_600, 21_600]) {
    const range = { from: WINDOW.t0, to: WINDOW.t1, interval: width };
    const buckets = await read(width);
    expect(sum(buckets)).toBe(sum(less));
    expect(buckets.toReversed()).toEqual(dashboard.simulator.truthBuckets(dashboard.id(0), range));
  }
  expect(sum(await read(120, { version: 0 })) + sum(await read(120, { version: 1 }))).toBe(sum(less));
  dashboard.clock.move(HOUR);
  expect(sum(await read(120))).toBeGreaterThan(sum(less));
});

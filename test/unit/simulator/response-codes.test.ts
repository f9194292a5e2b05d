import { expect, test } from 'vitest';
import type { CodeBucket } from '../../../src/simulator/simulator.ts';
import { faultsOf } from './answer-schemas.ts';
import {
  CODES,
  DAY,
  type Dashboard,
  HOUR,
  iso,
  MINUTE,
  type Query,
  START,
  startDashboard,
} from './dashboard.ts';

const INTERVALS = [120, 3_600, 14_400, 21_600];
const MIDNIGHT = Date.UTC(2026, 9, 28);

async function bucketsOf(dashboard: Dashboard, query: Query, place = 0): Promise<CodeBucket[]> {
  const response = await dashboard.ask(place, CODES, query);
  expect(response.status).toBe(200);
  return (await response.json()) as CodeBucket[];
}

/** Counts by code over all buckets. */
function totals(buckets: readonly CodeBucket[]): Record<number, number> {
  const sums: Record<number, number> = {};
  for (const { code, count } of buckets.flatMap(({ counts }) => counts))
    sums[code] = (sums[code] ?? 0) + count;
  return sums;
}

function widthOf({ startTs, endTs }: CodeBucket): number {
  return (Date.parse(endTs) - Date.parse(startTs)) / 1_000;
}

function secondsOf(milliseconds: number): string {
  return iso(milliseconds).replace(/\.\d+/, '');
}

test.each(INTERVALS)(
  'buckets of %i s: aligned to the epoch, newest first, as the truth has them',
  async (interval) => {
    const dashboard = await startDashboard();
    const window = { t0: iso(MIDNIGHT), t1: iso(MIDNIGHT + 2 * DAY), interval };
    for (const place of [0, 1, 2]) {
      const buckets = await bucketsOf(dashboard, window, place);
      const starts = buckets.map(({ startTs }) => startTs);
      expect(starts).toEqual([...new Set(starts)].toSorted().reverse());
      expect(buckets.every((bucket) => widthOf(bucket) === interval)).toBe(true);
      expect(starts.every((start) => (Date.parse(start) / 1_000) % interval === 0)).toBe(true);
      const truth = { from: window.t0, to: window.t1, interval };
      expect(buckets.toReversed()).toEqual(dashboard.simulator.truthBuckets(dashboard.id(place), truth));
    }
  },
);

test('coarse buckets are the sum of the fine ones', async () => {
  const dashboard = await startDashboard();
  const window = { t0: iso(MIDNIGHT), t1: iso(MIDNIGHT + 2 * DAY) };
  const fine = await bucketsOf(dashboard, { ...window, interval: 120 });
  for (const interval of [3_600, 14_400, 21_600]) {
    for (const coarse of await bucketsOf(dashboard, { ...window, interval })) {
      const inside = fine.filter(({ startTs }) => startTs >= coarse.startTs && startTs < coarse.endTs);
      expect(totals(inside)).toEqual(totals([coarse]));
    }
  }
});

test('the outermost buckets stick out of the window and hold only what lies inside it', async () => {
  const dashboard = await startDashboard();
  const [t0, cut, t1] = [MIDNIGHT + 61_234, MIDNIGHT + 5 * HOUR + 77_777, MIDNIGHT + 11 * HOUR + 1_001];
  const ask = (from: number, to: number) =>
    bucketsOf(dashboard, { t0: iso(from), t1: iso(to), interval: 14_400 });
  const whole = await ask(t0, t1);
  expect(whole.at(-1)?.startTs).toBe(secondsOf(MIDNIGHT));
  expect(whole[0]?.endTs).toBe(secondsOf(MIDNIGHT + 12 * HOUR));
  expect(totals([...(await ask(t0, cut)), ...(await ask(cut, t1))])).toEqual(totals(whole));

  const unclipped = await ask(MIDNIGHT, MIDNIGHT + 12 * HOUR);
  expect(whole[1]).toEqual(unclipped[1]);
  for (const edge of [0, 2]) {
    const [clipped, full] = [whole[edge], unclipped[edge]].map((bucket) => totals(bucket ? [bucket] : []));
    expect(clipped?.[200]).toBeLessThan(full?.[200] ?? 0);
  }
});

test('31 days in 6 hours are up to 125 buckets', async () => {
  const dashboard = await startDashboard({ idleBuckets: 'empty' });
  const buckets = await bucketsOf(dashboard, {});
  expect(buckets).toHaveLength(125);
  expect(buckets.every((bucket) => widthOf(bucket) === 21_600)).toBe(true);
});

test('the newest bucket grows, lagging by a minute', async () => {
  const dashboard = await startDashboard();
  const hour = { from: iso(START - 30 * MINUTE), to: iso(START), interval: 3_600 };
  const newest = async () => {
    const window = { t0: hour.from, t1: iso(START + DAY), interval: 3_600 };
    return (await bucketsOf(dashboard, window)).find(
      ({ startTs }) => startTs === secondsOf(START - 30 * MINUTE - 123),
    );
  };
  let before = 0;
  for (let minute = 0; minute < 25; minute += 5) {
    const bucket = await newest();
    const count = totals(bucket ? [bucket] : [])[200] ?? 0;
    expect(count).toBeGreaterThan(before);
    before = count;
    dashboard.clock.move(5 * MINUTE);
  }
  dashboard.clock.move(6 * MINUTE);
  const settled = await newest();
  dashboard.clock.move(HOUR);
  expect(await newest()).toEqual(settled);

  const prompt = await startDashboard({ lag: 0 });
  const lagging = await startDashboard({ lag: 90 });
  const sum = ({ simulator, id }: Dashboard) => totals(simulator.truthBuckets(id(0), hour))[200] ?? 0;
  expect(sum(prompt)).toBeGreaterThan(sum(lagging));
  lagging.clock.move(90_000);
  prompt.clock.move(0);
  expect(sum(lagging)).toBe(sum(prompt));
});

test('each filter parts the requests', async () => {
  const dashboard = await startDashboard();
  const settings = (await (
    await fetch(new URL('/simulator/settings', dashboard.simulator.baseUrl))
  ).json()) as {
    organizations: { clients: { adminId: string; sourceIp: string; userAgent: string }[] }[];
  };
  const clients = settings.organizations[0]?.clients ?? [];
  const window = { t0: iso(MIDNIGHT), t1: iso(MIDNIGHT + DAY), interval: 3_600 };
  const all = totals(await bucketsOf(dashboard, window));
  const distinct = (values: string[]) => [...new Set(values)];
  const parts: Record<string, (string | string[])[]> = {
    version: ['0', '1'],
    userAgent: distinct(clients.map(({ userAgent }) => userAgent)),
    adminIds: distinct(clients.map(({ adminId }) => adminId)).map((one) => [one]),
    sourceIps: distinct(clients.map(({ sourceIp }) => sourceIp)).map((one) => [one]),
  };
  expect(clients.length).toBeGreaterThanOrEqual(4);
  for (const [name, values] of Object.entries(parts)) {
    expect(values.length).toBeGreaterThan(1);
    const found = await Promise.all(
      values.map((value) => bucketsOf(dashboard, { ...window, [name]: value })),
    );
    expect(found.filter((buckets) => buckets.length > 0).length).toBeGreaterThan(1);
    expect(totals(found.flat())).toEqual(all);
  }
  const both = await bucketsOf(dashboard, { ...window, adminIds: (parts['adminIds'] ?? []).flat() });
  expect(totals(both)).toEqual(all);
  expect(await bucketsOf(dashboard, { ...window, userAgent: 'nobody' })).toEqual([]);
});

test('operationIds[] parts the requests, with brackets plain or encoded, and part of a user agent is enough', async () => {
  const dashboard = await startDashboard();
  const { OPERATION_IDS } = await import('../../../src/simulator/world/api-clients.ts');
  const window = { t0: iso(MIDNIGHT), t1: iso(MIDNIGHT + DAY), interval: 3_600 };
  const all = totals(await bucketsOf(dashboard, window));
  const single = await Promise.all(
    OPERATION_IDS.map((one) => bucketsOf(dashboard, { ...window, operationIds: [one] })),
  );
  expect(totals(single.flat())).toEqual(all);

  const path = `${dashboard.simulator.baseUrl}/organizations/${dashboard.id(0)}/${CODES}?t0=${window.t0}&t1=${window.t1}`;
  const [one, two] = OPERATION_IDS.slice(1, 3);
  const plain = await dashboard.fetch(`${path}&operationIds[]=${one}&operationIds[]=${two}`);
  const encoded = await dashboard.fetch(`${path}&operationIds%5B%5D=${one}&operationIds%5B%5D=${two}`);
  expect(await plain.json()).toEqual(await encoded.json());
  expect((await dashboard.fetch(`${path}&operationIds=${one}`)).status).toBe(400);

  const monitor = await bucketsOf(dashboard, { ...window, userAgent: 'NorthStar' });
  expect(monitor.length).toBeGreaterThan(10);
  expect(totals(monitor)[200]).toBeLessThan(all[200] ?? 0);
});

test.each([
  [1, 120],
  [7, 3_600],
  [14, 14_400],
  [31, 21_600],
])('where the timespan rules, %i days come in %i s; else as asked', async (days, width) => {
  const window = { t0: iso(START - days * DAY), t1: iso(START) };
  const ruled = await startDashboard({ intervalRule: 'timespan' });
  const obedient = await startDashboard();
  for (const interval of INTERVALS) {
    const first = (buckets: CodeBucket[]) => widthOf(buckets[0] as CodeBucket);
    expect(first(await bucketsOf(ruled, { ...window, interval }))).toBe(width);
    expect(first(await bucketsOf(obedient, { ...window, interval }))).toBe(interval);
  }
});

test('idle buckets are left out or empty, by setting', async () => {
  const window = { t0: iso(START - 31 * DAY), t1: iso(START) };
  const omitting = await startDashboard();
  const listing = await startDashboard({ idleBuckets: 'empty' });
  for (const interval of INTERVALS) {
    const without = await bucketsOf(omitting, { ...window, interval });
    const complete = await bucketsOf(listing, { ...window, interval });
    expect(complete.length).toBeGreaterThan(without.length);
    expect(complete.filter(({ counts }) => counts.length > 0)).toEqual(without);
    const starts = complete.map(({ startTs }) => Date.parse(startTs) / 1_000);
    expect(starts.every((start, index) => index === 0 || start === (starts[index - 1] ?? 0) - interval)).toBe(
      true,
    );
  }
});

test.each([
  ['another interval', { interval: 60 }],
  ['no interval', { interval: 'hourly' }],
  ['another version', { version: 2 }],
  ['a window before the lookback', { t0: iso(START - 32 * DAY), t1: iso(START - 30 * DAY) }],
  ['a window turned around', { t0: iso(START), t1: iso(START - DAY) }],
])('%s is refused', async (_, query) => {
  const { ask } = await startDashboard();
  const response = await ask(0, CODES, query);
  expect(response.status).toBe(400);
  expect(faultsOf('errors', await response.json())).toEqual([]);
});

test('answers obey the schema, in every setting, interval and window', async () => {
  for (const intervalRule of ['interval', 'timespan'] as const) {
    for (const idleBuckets of ['omitted', 'empty'] as const) {
      const dashboard = await startDashboard({ intervalRule, idleBuckets });
      for (const place of [0, 1, 2]) {
        for (const timespan of [100, 3_000, 90_000, 1_000_000]) {
          for (const interval of INTERVALS) {
            const buckets = await bucketsOf(dashboard, { timespan, interval }, place);
            expect(faultsOf('responseCodes', buckets)).toEqual([]);
          }
        }
      }
    }
  }
});

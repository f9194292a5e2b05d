import { expect, test } from 'vitest';
import type { Delivery } from '../../../src/simulator/simulator.ts';
import { simulatorDefaults } from '../../../src/simulator/simulator.ts';
import { World } from '../../../src/simulator/world/world.ts';
import { DAY, iso, START } from './dashboard.ts';

const world = new World({ ...simulatorDefaults, clock: { now: () => START } });
const organizations = world.places.map(({ organization }) => organization);
const rows = organizations.map(({ id }) => world.truthDeliveries(id));
const biggest = (rows[0] ?? []).slice(-40_000);

function sizesOf(texts: readonly string[]): number[] {
  const sizes = new Map<string, number>();
  for (const text of texts) sizes.set(text, (sizes.get(text) ?? 0) + 1);
  return [...sizes.values()];
}

function shareOf(matches: (row: Delivery) => boolean): number {
  return biggest.filter(matches).length / biggest.length;
}

test('90 days hold the rows that were asked for, the first organization most of them, the last none', () => {
  const sizes = rows.map(({ length }) => length);
  const all = sizes.reduce((sum, size) => sum + size, 0);
  expect(all / simulatorDefaults.rows).toBeGreaterThan(0.98);
  expect(all / simulatorDefaults.rows).toBeLessThan(1.02);
  expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
  expect(sizes.at(-1)).toBe(0);
});

test('a few rows suffice, and their number is kept too', () => {
  const small = new World({ ...simulatorDefaults, rows: 900, clock: { now: () => START } });
  const all = organizations.flatMap(({ id }) => small.truthDeliveries(id));
  expect(all.length).toBeGreaterThan(750);
  expect(all.length).toBeLessThan(1_050);
});

test('timestamps have 27 characters and digits below the millisecond, and sentAt is before loggedAt', () => {
  for (const { sentAt, loggedAt, responseDuration } of biggest) {
    if (!/^.{23}(?!000)\d{3}Z$/.test(sentAt) || !/^.{23}(?!000)\d{3}Z$/.test(loggedAt)) {
      expect.fail(`${sentAt} ${loggedAt}`);
    }
    const after = Date.parse(loggedAt) - Date.parse(sentAt) - responseDuration;
    if (after < -1 || after > 2) expect.fail(`${sentAt} ${loggedAt} ${responseDuration}`);
  }
});

test('some deliveries got no answer, some have no alert type, some receivers fail for hours', () => {
  expect(shareOf(({ responseCode }) => responseCode === -1)).toBeGreaterThan(0.02);
  expect(shareOf(({ responseCode }) => responseCode === 200)).toBeGreaterThan(0.7);
  expect(shareOf(({ alertType }) => alertType === '')).toBeGreaterThan(0.05);
  const failing =
    organizations[0]?.receivers.filter((receiver) => receiver.failing).map(({ url }) => url) ?? [];
  expect(failing).toHaveLength(2);
  const answers = biggest.filter(({ url }) => url === failing[0]).map(({ responseCode }) => responseCode);
  expect(new Set(answers)).toEqual(new Set([-1, 200, 400, 404, 429, 500]));
  let [run, longest] = [0, 0];
  for (const code of answers) {
    run = code === 200 ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  expect(longest).toBeGreaterThan(20);
});

test('wholly identical rows occur, as two and as three', () => {
  const sizes = new Set(sizesOf(biggest.map((row) => JSON.stringify(row))));
  expect(sizes.has(2)).toBe(true);
  expect(sizes.has(3)).toBe(true);
});

test('pairs that differ only in loggedAt and responseDuration occur', () => {
  const distinct = [...new Set(biggest.map((row) => JSON.stringify(row)))];
  const bare = distinct.map((text) =>
    JSON.stringify({ ...JSON.parse(text), loggedAt: '', responseDuration: 0 }),
  );
  expect(sizesOf(bare).filter((size) => size > 1).length).toBeGreaterThan(100);
});

test('more rows than the smallest page share one sentAt', () => {
  expect(Math.max(...sizesOf(biggest.map(({ sentAt }) => sentAt)))).toBeGreaterThan(12);
});

test('hours differ as days and weeks do', () => {
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { sentAt } of biggest) {
    const hour = Number(sentAt.slice(11, 13));
    hours[hour] = (hours[hour] ?? 0) + 1;
  }
  expect(Math.max(...hours) / Math.min(...hours)).toBeGreaterThan(4);
});

test('lateness changes when rows appear, never which', () => {
  const punctual = new World({
    ...simulatorDefaults,
    lateness: { share: 0, max: 0 },
    clock: { now: () => START },
  });
  const range = { from: iso(START - 3 * DAY), to: iso(START - 2 * DAY) };
  const id = organizations[1]?.id ?? '';
  expect(punctual.truthDeliveries(id, range)).toEqual(world.truthDeliveries(id, range));
});

test('ids are distinct, and some are too big for a double', () => {
  const ids = organizations.flatMap(({ id, networks }) => [id, ...networks.map((network) => network.id)]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(organizations.some(({ id }) => !Number.isSafeInteger(Number(id)))).toBe(true);
});

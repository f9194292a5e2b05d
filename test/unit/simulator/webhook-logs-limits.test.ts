import { expect, test } from 'vitest';
import { faultsOf } from './answer-schemas.ts';
import { CODES, DAY, HOUR, iso, LOGS, linksOf, MINUTE, START, startDashboard } from './dashboard.ts';

test.each([
  ['older than the lookback', { t0: iso(START - 90 * DAY - 2 * MINUTE), t1: iso(START - 80 * DAY) }],
  ['longer than the span', { t0: iso(START - 40 * DAY), t1: iso(START - 9 * DAY + 1) }],
  ['longer than the span, up to now', { t0: iso(START - 32 * DAY) }],
  ['turned around', { t0: iso(START - DAY), t1: iso(START - 2 * DAY) }],
  ['unreadable', { t0: 'yesterday' }],
  ['with a space where a plus was', { t0: '2026-11-01T00:00:00 00:00' }],
  ['twice bounded', { t0: iso(START - DAY), timespan: 60 }],
  ['a timespan above the span', { timespan: 32 * 86_400 }],
  ['perPage too small', { perPage: 2 }],
  ['perPage too big', { perPage: 1_001 }],
  ['perPage no number', { perPage: 'all' }],
  ['an invented token', { startingAfter: '105' }],
])('the logs refuse a query %s', async (_, query) => {
  const { ask } = await startDashboard();
  const response = await ask(0, LOGS, query);
  expect(response.status).toBe(400);
  expect(faultsOf('errors', await response.json())).toEqual([]);
});

test.each([
  ['exactly at the lookback', { t0: iso(START - 90 * DAY), t1: iso(START - 89 * DAY) }],
  ['within the grace', { t0: iso(START - 90 * DAY - 50_000), t1: iso(START - 89 * DAY) }],
  ['exactly as long as the span', { t0: iso(START - 40 * DAY), t1: iso(START - 9 * DAY) }],
  ['that is empty', { t0: iso(START - DAY), t1: iso(START - DAY) }],
  ['with another offset', { t0: '2026-10-31T02:00:00+02:00' }],
])('the logs accept a window %s', async (_, query) => {
  const { ask } = await startDashboard();
  expect((await ask(0, LOGS, query)).status).toBe(200);
});

test('lookback and span are settings', async () => {
  const { ask } = await startDashboard({ lookback: 30, span: 1, codesLookback: 5, codesSpan: 2 });
  const statusOf = async (path: string, from: number, to: number) =>
    (await ask(0, path, { t0: iso(START - from * DAY), t1: iso(START - to * DAY) })).status;
  expect(await statusOf(LOGS, 29, 28)).toBe(200);
  expect(await statusOf(LOGS, 31, 30)).toBe(400);
  expect(await statusOf(LOGS, 29, 27)).toBe(400);
  expect(await statusOf(CODES, 5, 3)).toBe(200);
  expect(await statusOf(CODES, 6, 5)).toBe(400);
  expect(await statusOf(CODES, 4, 1)).toBe(400);
});

test('a token expires, and serves no other organization', async () => {
  const { ask, clock, fetch, id } = await startDashboard({ tokenLifetime: 600 });
  const next = linksOf(await ask(0, LOGS, { perPage: 5 }))['next'] ?? '';
  clock.move(600_000);
  expect((await fetch(next)).status).toBe(200);
  expect((await fetch(next.replace(id(0), id(1)))).status).toBe(400);
  clock.move(1);
  expect((await fetch(next)).status).toBe(400);
});

test('a token outlives a restart with the same seed', async () => {
  const [first, second] = [await startDashboard(), await startDashboard()];
  const next = linksOf(await first.ask(0, LOGS, { perPage: 5 }))['next'] ?? '';
  second.clock.move(HOUR / 2);
  const again = next.replace(first.simulator.baseUrl, second.simulator.baseUrl);
  expect(await (await second.fetch(again)).json()).toEqual(await (await first.fetch(next)).json());
});

import { expect, test } from 'vitest';
import {
  CODES,
  DAY,
  HOUR,
  iso,
  LOGS,
  linksOf,
  MINUTE,
  multiset,
  START,
  startDashboard,
} from './dashboard.ts';

test('organizations vanish, return, and lose API access', async () => {
  const dashboard = await startDashboard();
  const { ask, clock, fetch, simulator, id } = dashboard;
  simulator.setFaults({
    organizations: [
      { organizationId: id(1), at: START + HOUR, state: 'vanished' },
      { organizationId: id(1), at: iso(START + 2 * HOUR), state: 'api_disabled' },
      { organizationId: id(1), at: START + 3 * HOUR, state: 'listed' },
    ],
  });
  const look = async () => {
    const listed = (await (await fetch(`${simulator.baseUrl}/organizations`)).json()) as {
      id: string;
      api: { enabled: boolean };
    }[];
    const found = listed.find((one) => one.id === id(1));
    const statuses = [];
    for (const path of [LOGS, CODES, 'networks']) statuses.push((await ask(1, path)).status);
    expect((await ask(0, LOGS)).status).toBe(200);
    return [listed.length, found?.api.enabled, ...statuses];
  };
  expect(await look()).toEqual([4, true, 200, 200, 200]);
  clock.move(HOUR);
  expect(await look()).toEqual([3, undefined, 404, 404, 404]);
  clock.move(HOUR);
  expect(await look()).toEqual([4, false, 403, 403, 403]);
  clock.move(HOUR);
  expect(await look()).toEqual([4, true, 200, 200, 200]);
});

test('organizations and networks are renamed, and renamed back', async () => {
  const dashboard = await startDashboard();
  const { ask, clock, fetch, simulator, id } = dashboard;
  const names = async () => {
    const listed = (await (await fetch(`${simulator.baseUrl}/organizations`)).json()) as { name: string }[];
    const networks = (await (await ask(1, 'networks')).json()) as { id: string; name: string }[];
    return { id: networks[2]?.id ?? '', said: [listed[1]?.name, listed[2]?.name, networks[2]?.name] };
  };
  const { id: network, said: before } = await names();
  simulator.setFaults({
    renamed: [
      { id: id(1), at: START + HOUR, name: 'Renamed' },
      { id: network, at: iso(START + HOUR), name: 'Branch' },
      { id: network, at: START + 2 * HOUR, name: before[2] ?? '' },
    ],
  });
  expect((await names()).said).toEqual(before);
  clock.move(HOUR);
  expect((await names()).said).toEqual(['Renamed', before[1], 'Branch']);
  clock.move(HOUR);
  expect((await names()).said).toEqual(['Renamed', before[1], before[2]]);
});

test('the lookback shrinks while it runs', async () => {
  const { ask, clock } = await startDashboard({
    faults: {
      lookback: [
        { at: START + HOUR, days: 30, span: 10 },
        {
          at: START + HOUR,
          days: 5,
          operation: 'getOrganizationApiRequestsOverviewResponseCodesByInterval',
        },
      ],
    },
  });
  const status = async (path: string, from: number, days: number) =>
    (await ask(0, path, { t0: iso(START - from * DAY), t1: iso(START - (from - days) * DAY) })).status;
  expect([await status(LOGS, 60, 31), await status(CODES, 20, 5)]).toEqual([200, 200]);
  clock.move(HOUR);
  expect([await status(LOGS, 60, 10), await status(CODES, 20, 5)]).toEqual([400, 400]);
  expect([await status(LOGS, 29, 11), await status(LOGS, 29, 10)]).toEqual([400, 200]);
  expect(await status(CODES, 4, 4)).toBe(200);
});

test.each(['refused', 'silent'] as const)('a window that ages out while it is paged: %s', async (agesOut) => {
  const { ask, clock, fetch, simulator, id } = await startDashboard({
    faults: { agesOut, lookback: [{ at: START + HOUR, days: 30 }] },
  });
  const window = { t0: iso(START - 31 * DAY), t1: iso(START - 29 * DAY) };
  const first = await ask(0, LOGS, { ...window, perPage: 100 });
  const next = linksOf(first)['next'] ?? '';
  clock.move(HOUR);
  const second = await fetch(next);
  expect(second.status).toBe(agesOut === 'silent' ? 200 : 400);
  expect((await ask(0, LOGS, { ...window, t0: iso(START - 32 * DAY) })).status).toBe(400);
  expect((await ask(0, LOGS, { ...window, t0: iso(START - 30.5 * DAY) })).status).toBe(second.status);
  if (agesOut === 'refused') return;
  const edge = iso(START + HOUR - 30 * DAY);
  const kept = simulator.truthDeliveries(id(0), { from: edge, to: window.t1 });
  expect(await second.json()).toEqual(kept.slice(0, 100));
  expect(simulator.truthDeliveries(id(0), { from: window.t0, to: edge }).length).toBeGreaterThan(100);
});

test('a clock that is off, and set back: the past stays', async () => {
  const dashboard = await startDashboard({
    lateness: { share: 0, max: 0 },
    faults: {
      clock: [{ offsetSeconds: 420 }, { at: START + HOUR, offsetSeconds: -300 }],
    },
  });
  const { ask, clock, simulator, id } = dashboard;
  const look = async () => {
    const response = await ask(0, LOGS, { t0: iso(START - HOUR), t1: iso(START + 3 * HOUR), perPage: 1_000 });
    return { date: response.headers.get('date'), rows: (await response.json()) as never[] };
  };
  const before = await look();
  expect(before.date).toBe(new Date(START + 7 * MINUTE).toUTCString());
  expect(multiset(before.rows)).toEqual(
    multiset(simulator.truthDeliveries(id(0), { from: iso(START - HOUR), to: iso(START + 7 * MINUTE) })),
  );
  clock.move(HOUR - 1);
  const last = await look();
  clock.move(1);
  const after = await look();
  expect(after.date).toBe(new Date(START + 55 * MINUTE).toUTCString());
  expect(after.rows).toEqual(last.rows);
  clock.move(HOUR);
  const grown = await look();
  expect(grown.rows.length).toBeGreaterThan(after.rows.length);
  expect(grown.rows.slice(0, last.rows.length)).toEqual(last.rows);
});

test('rows can be hours late, and the plan decides about it', async () => {
  const { clock, simulator, id } = await startDashboard({ lateness: { share: 0, max: 0 } });
  const range = { from: iso(START - 2 * HOUR), to: iso(START) };
  const all = multiset(simulator.truthDeliveries(id(0), range));
  simulator.setFaults({ lateness: { share: 0.5, max: 4 * 3_600 } });
  const shown = simulator.truthDeliveries(id(0), range).length;
  expect(shown).toBeLessThan(0.8 * all.length);
  clock.move(2 * HOUR);
  const later = simulator.truthDeliveries(id(0), range).length;
  expect(later).toBeGreaterThan(shown);
  expect(later).toBeLessThan(all.length);
  clock.move(2.1 * HOUR);
  expect(multiset(simulator.truthDeliveries(id(0), range)).length).toBeGreaterThanOrEqual(all.length);
  simulator.setFaults({});
  expect(simulator.truthDeliveries(id(0), range)).toHaveLength(all.length);
});

test('tokenPages: the token behind so many pages is refused, and a new window starts anew', async () => {
  const { ask, fetch } = await startDashboard({ tokenPages: 3 });
  const window = { t0: iso(START - 9 * DAY), t1: iso(START - DAY), perPage: 10 };
  for (let read = 0; read < 2; read++) {
    let response = await ask(0, LOGS, window);
    const statuses = [response.status];
    while (response.status === 200) {
      response = await fetch(linksOf(response)['next'] ?? '');
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 200, 200, 400]);
  }
});

import { expect, test } from 'vitest';
import { faultsOf } from './answer-schemas.ts';
import { DAY, HOUR, iso, LOGS, linksOf, MINUTE, multiset, START, startDashboard } from './dashboard.ts';

const window = { t0: iso(START - 2 * DAY), t1: iso(START - DAY) };
const range = { from: window.t0, to: window.t1 };

test.each([
  ['ascending', 3],
  ['ascending', 7],
  ['ascending', 1_000],
  ['descending', 3],
  ['descending', 50],
  ['descending', 1_000],
] as const)('%s pages of %i rows are together exactly the truth', async (order, perPage) => {
  const { simulator, readPages, id } = await startDashboard({ order, rows: 60_000 });
  for (const place of [0, 1]) {
    const pages = await readPages(place, { ...window, perPage });
    const rows = pages.flat();
    const truth = simulator.truthDeliveries(id(place), range);
    expect(truth.length).toBeGreaterThan(50);
    expect(multiset(rows)).toEqual(multiset(truth));
    expect(pages.slice(0, -1).every((page) => page.length === perPage)).toBe(true);
    const times = rows.map(({ sentAt }) => sentAt);
    expect(times).toEqual(order === 'ascending' ? times.toSorted() : times.toSorted().reverse());
  }
});

test('prev and last lead back through the same rows', async () => {
  for (const order of ['ascending', 'descending'] as const) {
    const { ask, fetch, readPages } = await startDashboard({ order, rows: 20_000 });
    const rows = (await readPages(0, { ...window, perPage: 10 })).flat();
    const first = linksOf(await ask(0, LOGS, { ...window, perPage: 10 }));
    expect(Object.keys(first)).toEqual(['first', 'next', 'last']);
    const backwards: unknown[] = [];
    let url = first['last'];
    for (let hops = 0; url !== undefined; hops++) {
      const response = await fetch(url);
      const links = linksOf(response);
      expect('next' in links).toBe(hops > 0);
      backwards.unshift(...((await response.json()) as unknown[]));
      url = links['prev'];
    }
    expect(backwards).toEqual(rows);
  }
});

test('links are absolute, with rel unquoted, and repeat the query', async () => {
  const { ask, simulator, id } = await startDashboard();
  const response = await ask(0, LOGS, { ...window, perPage: 5 });
  const header = response.headers.get('link') ?? '';
  expect(header).toMatch(/>; rel=first, </);
  expect(header).not.toContain('"');
  const next = new URL(linksOf(response)['next'] ?? '');
  expect(`${next.origin}${next.pathname}`).toBe(`${simulator.baseUrl}/organizations/${id(0)}/webhooks/logs`);
  expect(Object.fromEntries(next.searchParams)).toMatchObject({ ...window, perPage: '5' });
});

test('a page that ends exactly with the window has no next', async () => {
  const { ask, simulator, id } = await startDashboard();
  const rows = simulator.truthDeliveries(id(0), range).length;
  const narrow = { ...window, t1: iso(Date.parse(window.t0) + HOUR) };
  const { length } = simulator.truthDeliveries(id(0), { from: narrow.t0, to: narrow.t1 });
  expect(rows).toBeGreaterThan(length);
  expect(linksOf(await ask(0, LOGS, { ...narrow, perPage: length }))).not.toHaveProperty('next');
  expect(linksOf(await ask(0, LOGS, { ...narrow, perPage: length - 1 }))).toHaveProperty('next');
});

test('without a window: the last day, in pages of 50', async () => {
  const { ask, readPages, simulator, id } = await startDashboard({ rows: 60_000 });
  expect(await (await ask(0, LOGS)).json()).toHaveLength(50);
  const day = multiset(simulator.truthDeliveries(id(0), { from: iso(START - DAY) }));
  expect(multiset((await readPages(0, { perPage: 1_000 })).flat())).toEqual(day);
  expect(multiset((await readPages(0, { perPage: 1_000, timespan: 86_400 })).flat())).toEqual(day);
  expect(multiset((await readPages(0, { perPage: 1_000, t0: iso(START - DAY) })).flat())).toEqual(day);
  const future = { perPage: 1_000, t0: iso(START - DAY), t1: iso(START + DAY) };
  expect(multiset((await readPages(0, future)).flat())).toEqual(day);
});

test('rows appear late, behind the position too, and shift no other row', async () => {
  const { clock, readPages, simulator, id } = await startDashboard({ lateness: { share: 0.3, max: 3_600 } });
  const recent = { t0: iso(START - 6 * HOUR), t1: iso(START), perPage: 20 };
  const whole = { from: recent.t0, to: recent.t1 };
  const before = simulator.truthDeliveries(id(0), whole);
  const rows = (await readPages(0, recent, () => clock.move(MINUTE))).flat();
  clock.move(3 * HOUR);
  const after = simulator.truthDeliveries(id(0), whole);

  const seen = multiset(rows);
  const final = multiset(after);
  const remaining = [...final];
  for (const row of seen) remaining.splice(remaining.indexOf(row), 1);
  expect(final.length - remaining.length).toBe(seen.length);
  expect(after.length).toBeGreaterThan(before.length);
  expect(rows.length).toBeGreaterThan(before.length);
  expect(remaining.length).toBeGreaterThan(0);
});

test('no row is shown before it is logged, and every row is once it is late by the most', async () => {
  const { clock, simulator, id } = await startDashboard();
  const whole = { from: iso(START - HOUR), to: iso(START) };
  const early = simulator.truthDeliveries(id(0), whole);
  expect(early.every(({ loggedAt }) => loggedAt <= iso(START))).toBe(true);
  clock.move(6 * MINUTE);
  const settled = simulator.truthDeliveries(id(0), whole);
  clock.move(30 * DAY);
  expect(simulator.truthDeliveries(id(0), whole)).toEqual(settled);
});

test('new deliveries keep coming', async () => {
  const { clock, simulator, id } = await startDashboard();
  const since = { from: iso(START) };
  expect(simulator.truthDeliveries(id(0), since)).toHaveLength(0);
  clock.move(HOUR);
  expect(simulator.truthDeliveries(id(0), since).length).toBeGreaterThan(10);
});

test('the url filter parts the rows', async () => {
  const { readPages, simulator, id } = await startDashboard();
  const truth = simulator.truthDeliveries(id(0), range);
  const urls = [...new Set(truth.map(({ url }) => url))];
  const parts = [];
  for (const url of urls) parts.push((await readPages(0, { ...window, perPage: 200, url })).flat());
  expect(parts.every((rows, index) => rows.every(({ url }) => url === urls[index]))).toBe(true);
  expect(multiset(parts.flat())).toEqual(multiset(truth));
  expect((await readPages(0, { ...window, url: 'https://nobody.example/' })).flat()).toEqual([]);
});

test('answers obey the schema, in every order, size and organization', async () => {
  for (const order of ['ascending', 'descending'] as const) {
    const { ask } = await startDashboard({ order });
    for (const place of [0, 1, 2]) {
      for (const perPage of [3, 50, 1_000]) {
        for (const days of [0.01, 1, 31]) {
          const response = await ask(place, LOGS, { timespan: days * 86_400, perPage });
          expect(response.status).toBe(200);
          expect(response.headers.get('content-type')).toContain('application/json');
          expect(faultsOf('webhookLogs', await response.json())).toEqual([]);
        }
      }
    }
  }
});

import { expect, test } from 'vitest';
import type { FaultRule } from '../../../src/simulator/simulator.ts';
import {
  CODES,
  DAY,
  type Dashboard,
  HOUR,
  iso,
  LOGS,
  linksOf,
  MINUTE,
  START,
  startDashboard,
} from './dashboard.ts';

const CODES_OPERATION = 'getOrganizationApiRequestsOverviewResponseCodesByInterval';
const WINDOW = { t0: iso(START - 2 * DAY), t1: iso(START - DAY) };
const WHOLE = { from: micro(START - 2 * DAY), to: micro(START - DAY) };

function micro(milliseconds: number): string {
  return iso(milliseconds).replace('Z', '000Z');
}

/** Reads `count` pages, whatever they are, and gives the last rows' `sentAt`. */
async function readSome({ ask, fetch }: Dashboard, count: number): Promise<string[]> {
  const ends: string[] = [];
  let response = await ask(0, LOGS, { ...WINDOW, perPage: 100 });
  for (let page = 1; ; page++) {
    const rows = (await response.json()) as { sentAt: string }[];
    ends.push(rows.at(-1)?.sentAt ?? '');
    const next = linksOf(response)['next'];
    if (page === count || next === undefined) return ends;
    response = await fetch(next);
  }
}

function after(time: string): string {
  const digits = String(1_000_000 + Number(time.slice(20, 26)) + 1).slice(1);
  return `${time.slice(0, 20)}${digits}Z`;
}

test('ascending pages prove what lies before their last row, and the last one all of the window', async () => {
  const dashboard = await startDashboard();
  const { simulator, id } = dashboard;
  expect(simulator.served(id(0))).toEqual([]);
  const [end] = await readSome(dashboard, 1);
  expect(simulator.served(id(0))).toEqual([{ from: WHOLE.from, to: end }]);
  const ends = await readSome(dashboard, 3);
  expect(simulator.served(id(0))).toEqual([{ from: WHOLE.from, to: ends[2] }]);
  await readSome(dashboard, 1_000);
  expect(simulator.served(id(0))).toEqual([WHOLE]);
  expect(simulator.served(id(1))).toEqual([]);
});

test('descending pages prove what lies behind their last row', async () => {
  const dashboard = await startDashboard({ order: 'descending' });
  const { simulator, id } = dashboard;
  const ends = await readSome(dashboard, 2);
  expect(simulator.served(id(0))).toEqual([{ from: after(ends[1] ?? ''), to: WHOLE.to }]);
  await readSome(dashboard, 1_000);
  expect(simulator.served(id(0))).toEqual([WHOLE]);
});

test('a later page alone proves nothing of the pages before it', async () => {
  const dashboard = await startDashboard();
  const { ask, fetch, simulator, id } = dashboard;
  simulator.setFaults({ rules: [{ fault: { kind: 'cut', where: 'within' }, times: 1 }] });
  const broken = await ask(0, LOGS, { ...WINDOW, perPage: 100 });
  await expect(broken.text()).rejects.toThrow();
  const second = await fetch(linksOf(broken)['next'] ?? '');
  await second.text();
  const [stretch] = simulator.served(id(0));
  simulator.setFaults({});
  const [end] = await readSome(dashboard, 1);
  expect(stretch?.from).toBe(end);
});

const NOT_SERVED: readonly FaultRule['fault'][] = [
  { kind: 'rate_limited' },
  { kind: 'server_error' },
  { kind: 'cut', where: 'before' },
  { kind: 'cut', where: 'within' },
  { kind: 'truncated_json' },
  { kind: 'html_200' },
  { kind: 'empty_body' },
  { kind: 'wrong_shape' },
  { kind: 'huge_body', bytes: 1_000, as: 'garbage' },
];
const SERVED: readonly FaultRule['fault'][] = [
  { kind: 'cut', where: 'after' },
  { kind: 'wrong_content_type' },
  { kind: 'next_link', to: 'https://elsewhere.example/' },
  { kind: 'token_loop' },
  { kind: 'huge_body', bytes: 1_000 },
  { kind: 'hang', seconds: 0.001 },
];

test.each([
  ...NOT_SERVED.map((fault) => ({ fault, served: 0 })),
  ...SERVED.map((fault) => ({ fault, served: 1 })),
])('$fault.kind $fault.where: $served', async ({ fault, served }) => {
  const { ask, simulator, id } = await startDashboard({ faults: { rules: [{ fault }] } });
  await ask(0, LOGS, { ...WINDOW, perPage: 100 })
    .then((response) => response.text())
    .catch(() => undefined);
  expect(simulator.struck()).toEqual({ [fault.kind]: 1 });
  expect(simulator.served(id(0))).toHaveLength(served);
});

test('a refused window, a HEAD and a filtered read serve nothing of the series', async () => {
  const { ask, fetch, simulator, id } = await startDashboard();
  await ask(0, LOGS, { t0: iso(START - 100 * DAY) });
  const url = `${simulator.baseUrl}/organizations/${id(0)}/${LOGS}`;
  await fetch(url, { method: 'HEAD' });
  await (await ask(0, LOGS, { ...WINDOW, url: 'https://a.example/?b' })).text();
  expect(simulator.served(id(0))).toEqual([]);
  const filters = new URLSearchParams({ url: 'https://a.example/?b' }).toString();
  expect(simulator.served(id(0), undefined, { filters })).toEqual([WHOLE]);
});

test('nothing is served that has not happened yet, and the moment of the answer is kept', async () => {
  const { ask, clock, simulator, id } = await startDashboard();
  const read = async (from: number, to: number) =>
    (await ask(0, LOGS, { t0: iso(from), t1: iso(to), perPage: 1_000 })).text();
  await read(START - HOUR, START + HOUR);
  clock.move(MINUTE);
  await read(START - HOUR / 2, START);
  const answer = (from: number, to: number, answeredAt: number) => ({
    from: micro(from),
    to: micro(to),
    answeredAt: micro(answeredAt),
    interval: null,
  });
  expect(simulator.served(id(0))).toEqual([{ from: micro(START - HOUR), to: micro(START) }]);
  expect(simulator.servedAnswers(id(0))).toEqual([
    answer(START - HOUR, START - HOUR / 2, START),
    answer(START - HOUR / 2, START, START + MINUTE),
  ]);
});

test('response codes: the window asked, by filters and width', async () => {
  const { ask, simulator, id } = await startDashboard();
  const read = async (query: Record<string, string | number>) => (await ask(0, CODES, query)).text();
  await read({ ...WINDOW, interval: 120 });
  await read({ t0: iso(START - HOUR), t1: iso(START + HOUR), interval: 3_600 });
  await read({ ...WINDOW, interval: 120, version: 0, userAgent: 'Legacy' });
  const recent = { from: micro(START - HOUR), to: micro(START) };
  expect(simulator.served(id(0), CODES_OPERATION)).toEqual([WHOLE, recent]);
  expect(simulator.served(id(0), CODES_OPERATION, { interval: 3_600 })).toEqual([recent]);
  expect(simulator.served(id(0), CODES_OPERATION, { filters: 'userAgent=Legacy&version=0' })).toEqual([
    WHOLE,
  ]);
  expect(simulator.served(id(0))).toEqual([]);
});

test('over HTTP', async () => {
  const { ask, simulator, id } = await startDashboard();
  await (await ask(0, CODES, { ...WINDOW, interval: 120 })).text();
  const told = async (query: string) =>
    await fetch(new URL(`/simulator/served/organizations/${id(0)}?${query}`, simulator.baseUrl));
  const operation = `operation=${CODES_OPERATION}`;
  expect(await (await told(operation)).json()).toEqual([WHOLE]);
  expect(await (await told(`${operation}&interval=120&answers=true`)).json()).toEqual([
    { ...WHOLE, answeredAt: micro(START), interval: 120 },
  ]);
  expect(await (await told('')).json()).toEqual([]);
  expect((await told('operation=getDevices')).status).toBe(400);
});

test('a silently shortened window serves only what was kept', async () => {
  const { ask, simulator, id } = await startDashboard({
    faults: { agesOut: 'silent', lookback: [{ at: 0, days: 30 }] },
  });
  const window = { t0: iso(START - 30.5 * DAY), t1: iso(START - 29.9 * DAY), perPage: 1_000 };
  await (await ask(2, LOGS, window)).text();
  expect(simulator.served(id(2))).toMatchObject([{ from: micro(START - 30 * DAY) }]);
});

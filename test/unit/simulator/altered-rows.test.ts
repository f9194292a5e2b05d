import { expect, test } from 'vitest';
import {
  readableAlterations,
  rowAlterations,
  unreadableAlterations,
} from '../../../src/simulator/faults/alter-row.ts';
import type { Delivery, FaultPlan } from '../../../src/simulator/simulator.ts';
import { DAY, type Dashboard, iso, LOGS, linksOf, multiset, START, startDashboard } from './dashboard.ts';

const RANGE = { from: iso(START - 3 * DAY), to: iso(START - DAY) };
const WINDOW = { t0: RANGE.from, t1: RANGE.to };

async function startWith(alteredRows: FaultPlan['alteredRows']): Promise<Dashboard> {
  return await startDashboard({ rows: 9_000, faults: { seed: 2, ...(alteredRows && { alteredRows }) } });
}

/** All rows of the window as texts; JSON.stringify gives back what was sent, to the character. */
async function textsOf({ ask, fetch }: Dashboard): Promise<string[]> {
  const texts: string[] = [];
  let response = await ask(0, LOGS, { ...WINDOW, perPage: 70 });
  for (;;) {
    const body = await response.text();
    const rows = JSON.parse(body) as unknown[];
    expect(JSON.stringify(rows)).toBe(body);
    texts.push(...rows.map((row) => JSON.stringify(row)));
    const next = linksOf(response)['next'];
    if (next === undefined) return texts.sort();
    response = await fetch(next);
  }
}

test.each(unreadableAlterations)('%s: told as the text that was sent, and nowhere else', async (kind) => {
  const [altered, right] = [await startWith({ share: 0.2, kinds: [kind] }), await startWith(undefined)];
  const texts = await textsOf(altered);
  const unreadable = altered.simulator.truthAltered(altered.id(0), RANGE);
  const readable = altered.simulator.truthDeliveries(altered.id(0), RANGE);
  expect(unreadable.length).toBeGreaterThan(10);
  expect([...unreadable, ...multiset(readable)].sort()).toEqual(texts);
  const rightTexts = new Set(await textsOf(right));
  expect(multiset(readable).every((text) => rightTexts.has(text))).toBe(true);
  expect(unreadable.some((text) => rightTexts.has(text))).toBe(false);
  expect(texts).toHaveLength(right.simulator.truthDeliveries(right.id(0), RANGE).length);
  expect(right.simulator.truthAltered(right.id(0), RANGE)).toEqual([]);
});

test.each([
  ['missing_field', (row: object) => Object.keys(row).length === 7],
  ['null_field', (row: object) => Object.values(row).includes(null)],
  ['nul', (row: object) => JSON.stringify(row).includes('\\u0000')],
  ['surrogate', (row: object) => Object.values(row).some((one) => !String(one).isWellFormed())],
  ['far_past', (row: object) => /"(0001|1970)-/.test(JSON.stringify(row))],
  ['far_future', (row: object) => /"(9999|2199)-/.test(JSON.stringify(row))],
] as const)('%s is what its name says', async (kind, holds) => {
  const { simulator, id } = await startWith({ share: 0.2, kinds: [kind] });
  const rows = simulator.truthAltered(id(0), RANGE).map((text) => JSON.parse(text) as object);
  expect(rows.filter((row) => !holds(row))).toEqual([]);
});

test.each(readableAlterations)('%s: the truth has it in canonical form', async (kind) => {
  const altered = await startWith({ share: 0.2, kinds: [kind] });
  const { simulator, id } = altered;
  expect(simulator.truthAltered(id(0), RANGE)).toEqual([]);
  const truth = simulator.truthDeliveries(id(0), RANGE);
  const texts = await textsOf(altered);
  for (const row of truth) {
    expect([row.sentAt, row.loggedAt].every((time) => /^.{19}\.\d{6}Z$/.test(time))).toBe(true);
  }
  const canonical = texts.map((text) => {
    const row = JSON.parse(text) as Delivery;
    return JSON.stringify({
      ...row,
      sentAt: canonicalTime(row.sentAt),
      loggedAt: canonicalTime(row.loggedAt),
    });
  });
  expect(canonical.sort()).toEqual(multiset(truth));
  const odd = {
    unknown_field: /"httpServer":\{/,
    long_string: /.{100000}/,
    offset_timestamp: /\+02:00/,
    short_fraction: /"loggedAt":"[^"]{19}Z"/,
  };
  expect(texts.filter((text) => odd[kind].test(text)).length).toBeGreaterThan(5);
});

/** Digits and offset by the rules of ISO 8601, in another way than the simulator's. */
function canonicalTime(text: string): string {
  const [, head = '', fraction = '', zone = ''] = /^(.{19})(?:\.(\d+))?(.+)$/.exec(text) ?? [];
  const utc = new Date(`${head}${zone}`).toISOString().slice(0, 19);
  return `${utc}.${fraction.padEnd(6, '0')}Z`;
}

test('all kinds together, over HTTP, in any order, the same at every read', async () => {
  const kinds = rowAlterations;
  const one = await startWith({ share: 0.3, kinds });
  const texts = await textsOf(one);
  expect(await textsOf(one)).toEqual(texts);
  const down = await startDashboard({
    rows: 9_000,
    order: 'descending',
    faults: { seed: 2, alteredRows: { share: 0.3, kinds } },
  });
  expect(await textsOf(down)).toEqual(texts);
  const other = await startDashboard({
    rows: 9_000,
    faults: { seed: 3, alteredRows: { share: 0.3, kinds } },
  });
  expect(await textsOf(other)).not.toEqual(texts);

  const told = async (path: string) => {
    const url = `/simulator/truth/organizations/${one.id(0)}/webhooks/${path}?${new URLSearchParams(RANGE)}`;
    return (await fetch(new URL(url, one.simulator.baseUrl))).json();
  };
  expect(await told('altered')).toEqual(one.simulator.truthAltered(one.id(0), RANGE));
  expect(await told('logs')).toEqual(one.simulator.truthDeliveries(one.id(0), RANGE));
  expect(() => one.simulator.truthAltered('1')).toThrow(RangeError);
});

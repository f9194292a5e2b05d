import { beforeEach, expect, test } from 'vitest';
import { type QuarantineTerms, quarantineRows, type RefusedRow } from '../../src/db/quarantine.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const NOW: Instant = parseInstant('2026-01-15T12:00:00.123456Z') ?? 0;
const HOUR = instantOfSeconds(3_600);
const LATER: Instant = NOW + 24 * HOUR;

const TERMS: QuarantineTerms = { asked: { from: NOW - HOUR, to: NOW }, limit: 1_000 };

let owned: TestDatabase;

beforeEach(async () => {
  owned = await emptyTestDatabase();
});

function refused(value: unknown, reason = 'networkId: is missing'): RefusedRow {
  return { raw: JSON.stringify(value), reason, sentAt: null, copies: 1 };
}

function quarantine(rows: readonly RefusedRow[], now = NOW, key = KEY): Promise<number> {
  return owned.database.transaction((tx) => quarantineRows(tx, key, rows, TERMS, now));
}

interface Kept {
  readonly raw: string;
  readonly reason: string;
  readonly days: number;
}

async function kept(): Promise<Kept[]> {
  const found = await owned.database.pool.query<Kept>(
    `select raw, reason, extract(epoch from last_seen_at - first_seen_at)::integer / 86400 as days
     from meraki_ingest.quarantine order by raw collate "C"`,
  );
  return found.rows;
}

test.each([
  ['NUL', { url: 'https://example.com/\0' }],
  ['an unpaired high surrogate', { url: '\ud83d' }],
  ['an unpaired low surrogate', { url: 'x\ude00y' }],
  ['a name that is itself such a text', { '\0\udfff': 1 }],
  ['letters, line ends and pairs beyond ASCII', { url: 'Zürich\u2028\r\n\u007f 😀' }],
  ['escapes that are only text', { url: '\\u0000 \\ud83d "\\' }],
  ['no object at all', null],
  ['a text', 'plain \0'],
  ['a large number', 1e300],
])('I7: a row with %s comes back as it was', async (_, value) => {
  expect(await quarantine([refused(value)])).toBe(1);
  const [row] = await kept();
  expect(row?.raw).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(row?.raw ?? '')).toEqual(value);
});

test('I7: a row of some megabytes is kept whole', async () => {
  const value = { url: 'é\0'.repeat(500_000) };
  expect(await quarantine([refused(value)])).toBe(1);
  expect(JSON.parse((await kept())[0]?.raw ?? '')).toEqual(value);
});

test('the same row is kept once in one page and over pages, with the first reason and the last time', async () => {
  const row = { url: 'a' };
  expect(await quarantine([refused(row), refused({ url: 'b' }), refused(row)])).toBe(2);
  expect(await quarantine([refused(row, 'another reason')], LATER)).toBe(0);
  expect(await kept()).toEqual([
    { raw: '{"url":"a"}', reason: 'networkId: is missing', days: 1 },
    { raw: '{"url":"b"}', reason: 'networkId: is missing', days: 0 },
  ]);
});

test('a row seen again is written again once in an hour', async () => {
  const version = async () =>
    (await owned.database.pool.query('select xmin, ctid, last_seen_at::text from meraki_ingest.quarantine'))
      .rows;
  await quarantine([refused({})]);
  const first = await version();
  expect(await quarantine([refused({})], NOW + HOUR)).toBe(0);
  expect(await version()).toEqual(first);
  expect(await quarantine([refused({})], NOW + HOUR + 1)).toBe(0);
  expect(await version()).not.toEqual(first);
  expect(await quarantine([refused({})], NOW)).toBe(0);
});

test('I7: a reason with letters that a database text cannot hold is kept as escapes', async () => {
  expect(await quarantine([refused({}, 'ü\0\ud83d: is odd')])).toBe(1);
  expect((await kept())[0]?.reason).toBe('\\u00fc\\u0000\\ud83d: is odd');
});

test('rows of different streams are kept apart', async () => {
  const row = refused({ url: 'a' });
  expect(await quarantine([row])).toBe(1);
  expect(await quarantine([row], NOW, { ...KEY, series: 'other' })).toBe(1);
  expect(await quarantine([row], NOW, { ...KEY, organizationId: '2' })).toBe(1);
  expect(await kept()).toHaveLength(3);
});

test('no rows, no statement', async () => {
  expect(await quarantine([])).toBe(0);
});

test('a page that fails keeps nothing in quarantine', async () => {
  await expect(
    owned.database.transaction(async (tx) => {
      await quarantineRows(tx, KEY, [refused({})], TERMS, NOW);
      throw new RangeError('stop');
    }),
  ).rejects.toThrow('stop');
  expect(await kept()).toEqual([]);
});

import { beforeEach, expect, test } from 'vitest';
import { bigintArray, integerArray, timestamptzArray } from '../../src/db/binary-arrays.ts';
import { formatInstant, parseInstant } from '../../src/instant.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

async function received(array: Buffer, type: string): Promise<readonly string[]> {
  const { rows } = await owned.database.pool.query<{ values: string[] }>(
    `select array(select v::text from unnest($1::${type}[]) v) as values`,
    [array],
  );
  return rows[0]?.values ?? [];
}

test('arrays arrive as they were sent, to the ends of their types', async () => {
  const bigints = ['0', '-1', '1', '9223372036854775807', '-9223372036854775808', '4294967296'];
  expect(await received(bigintArray(bigints.map(BigInt)), 'bigint')).toEqual(bigints);
  const integers = [0, -1, 429, 2_147_483_647, -2_147_483_648];
  expect(await received(integerArray(integers), 'integer')).toEqual(integers.map(String));
  expect(await received(integerArray([]), 'integer')).toEqual([]);
});

test('timestamps keep their microseconds, before and after the year 2000', async () => {
  const times = [
    '1700-01-01T00:00:00.000001Z',
    '1969-12-31T23:59:59.999999Z',
    '1999-12-31T23:59:59.999999Z',
    '2000-01-01T00:00:00.000000Z',
    '2026-11-22T12:34:56.789012Z',
    '2199-12-31T23:59:59.999999Z',
  ];
  const instants = times.map((time) => parseInstant(time) ?? Number.NaN);
  const { rows } = await owned.database.pool.query<{ time: string }>(
    `select to_char(v at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time
     from unnest($1::timestamptz[]) v`,
    [timestamptzArray(instants)],
  );
  expect(rows.map(({ time }) => time)).toEqual(times);
  expect(instants.map(formatInstant)).toEqual(times);
});

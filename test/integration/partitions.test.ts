import { beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import type { Range } from '../../src/ranges.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

function range(from: string, to: string): Range {
  return { from: parseInstant(from) ?? Number.NaN, to: parseInstant(to) ?? Number.NaN };
}

async function partitions(): Promise<string[]> {
  const found = await owned.database.pool.query<{ text: string }>(
    `select relname || ' ' || pg_get_expr(relpartbound, oid) as text from pg_class
     where relispartition and relkind = 'r' order by relname collate "C"`,
  );
  return found.rows.map(({ text }) => text);
}

test('a range gets every month it touches, in UTC, over the turn of the year', async () => {
  await new Partitions(owned.database).ensure(
    'webhook_deliveries',
    range('2025-11-30T23:59:59.999999Z', '2026-01-01T00:00:00.000001Z'),
  );
  expect(await partitions()).toEqual([
    `webhook_deliveries_2025_11 FOR VALUES FROM ('2025-11-01 00:00:00+00') TO ('2025-12-01 00:00:00+00')`,
    `webhook_deliveries_2025_12 FOR VALUES FROM ('2025-12-01 00:00:00+00') TO ('2026-01-01 00:00:00+00')`,
    `webhook_deliveries_2026_01 FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00')`,
  ]);
});

test('the end of a range is not in it', async () => {
  await new Partitions(owned.database).ensure(
    'api_response_counts',
    range('2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'),
  );
  expect((await partitions()).map((text) => text.split(' ')[0])).toEqual(['api_response_counts_2026_02']);
});

test('months follow UTC whatever the zone of the session', async () => {
  await owned.database.pool.query(`set timezone = 'Asia/Tokyo'`);
  await new Partitions(owned.database).ensure(
    'webhook_deliveries',
    range('2026-01-31T15:00:00Z', '2026-01-31T16:00:00Z'),
  );
  await owned.database.pool.query(`set timezone = 'UTC'`);
  expect((await partitions()).map((text) => text.split(' ')[0])).toEqual(['webhook_deliveries_2026_01']);
});

test('workers that make the same months at once do not get in each other’s way', async () => {
  const asked = range('2026-01-01T00:00:00Z', '2026-06-15T00:00:00Z');
  const workers = Array.from({ length: 5 }, () => new Partitions(owned.database));
  await Promise.all(
    workers.flatMap((worker) => [
      worker.ensure('webhook_deliveries', asked),
      worker.ensure('api_response_counts', asked),
    ]),
  );
  expect(await partitions()).toHaveLength(12);
});

test('months that are known cost no statement', async () => {
  const known = new Partitions(owned.database);
  const asked = range('2026-01-01T00:00:00Z', '2026-02-15T00:00:00Z');
  await known.ensure('webhook_deliveries', asked);
  const unusable = new Partitions({
    ...owned.database,
    transaction: () => Promise.reject(new Error('asked the database')),
  });
  await expect(unusable.ensure('webhook_deliveries', asked)).rejects.toThrow('asked the database');
  await owned.database.close();
  await known.ensure('webhook_deliveries', asked);
});

test('months of a transaction that failed are tried again', async () => {
  const { database } = owned;
  await database.pool.query(
    'alter table meraki_store.webhook_deliveries rename to webhook_deliveries_elsewhere',
  );
  const partitioned = new Partitions(database);
  const asked = range('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z');
  await expect(partitioned.ensure('webhook_deliveries', asked)).rejects.toMatchObject({
    facts: { sqlstate: '42P01' },
  });
  await database.pool.query(
    'alter table meraki_store.webhook_deliveries_elsewhere rename to webhook_deliveries',
  );
  await partitioned.ensure('webhook_deliveries', asked);
  expect(await partitions()).toHaveLength(1);
});

test('a table that is not partitioned by Postgres itself is left alone', async () => {
  const { database } = owned;
  await database.pool.query(`
    drop table meraki_store.api_response_counts cascade;
    create table meraki_store.api_response_counts (bucket_start timestamptz)`);
  await new Partitions(database).ensure(
    'api_response_counts',
    range('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
  );
  expect(await partitions()).toEqual([]);
});

test('a row of a month without a partition is refused, not put elsewhere', async () => {
  await expect(
    owned.database.pool.query(
      `insert into meraki_store.api_response_counts values ('1', 'all', 120, '2026-01-01Z', 200, 1, 0, now())`,
    ),
  ).rejects.toMatchObject({ code: '23514' });
});

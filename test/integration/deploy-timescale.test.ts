import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import { fillArchive } from '../../bench/reports/fill-archive.ts';
import { PARTITIONED_TABLES } from '../../src/db/partition-settings.ts';
import { missingPartitions, Partitions } from '../../src/db/partitions.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { type Instant, parseInstant } from '../../src/instant.ts';
import { TIMESCALE_STAND_INS } from '../deploy/extension-stand-ins.ts';
import { withClient } from '../support/run-databases.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const NOW = at('2026-03-20T00:00:00Z');
const FACTS = ['api_response_counts', 'webhook_deliveries'];

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
  await fillArchive(owned.url, { deliveries: 2_000, organizations: 2, days: 70, now: NOW });
});

function at(text: string): Instant {
  return parseInstant(text) ?? Number.NaN;
}

async function run(): Promise<void> {
  const statements = await readFile('deploy/timescale.sql', 'utf8');
  await withClient(owned.url, (client) => client.query(statements));
}

async function convert(): Promise<void> {
  await owned.database.pool.query(TIMESCALE_STAND_INS);
  await run();
}

async function rows<Row extends object>(query: string): Promise<Row[]> {
  return (await owned.database.pool.query<Row>(query)).rows;
}

const REPORTS = `
  select (select count(*) || ' ' || sum(hashtextextended(d::text, 0)) from meraki.webhook_deliveries d) as deliveries,
    (select count(*) || ' ' || sum(hashtextextended(r::text, 0)) from meraki.api_responses r) as requests,
    (select sum(deliveries) from meraki.webhook_deliveries_daily) as daily`;
const VIEWS = `
  select v.oid::regclass::text as name, v.reloptions::text as options, v.relacl::text as grants,
    obj_description(v.oid, 'pg_class') as comment, replace(pg_get_viewdef(v.oid), '_partitioned', '') as definition
  from pg_class v where v.relkind = 'v' and v.relnamespace in ('meraki'::regnamespace, 'meraki_store'::regnamespace)
  order by 1`;

test('facts become hypertables, every month a chunk, and all views are and show what they were and showed', async () => {
  const before = [await rows(REPORTS), await rows(VIEWS)];
  await convert();
  expect(
    await rows(`select relname as name, relkind from pg_class
      where relname in ('api_response_counts', 'webhook_deliveries') and relnamespace = 'meraki_store'::regnamespace
      order by 1`),
  ).toEqual(FACTS.map((name) => ({ name, relkind: 'r' })));
  expect(
    await rows(`select hypertable_name || ' ' || chunk_name || ' ' || range_start as chunk
      from timescaledb_information.chunks order by 1`),
  ).toEqual(
    FACTS.flatMap((table) =>
      ['01', '02', '03'].map((month) => ({
        chunk: `${table} ${table}_2026_${month} 2026-${month}-01 00:00:00+00`,
      })),
    ),
  );
  expect([await rows(REPORTS), await rows(VIEWS)]).toEqual(before);
  expect(
    await rows(`select conname as name from pg_constraint where conrelid = 'meraki_store.webhook_deliveries'::regclass
      and contype = 'p'`),
  ).toEqual([{ name: 'webhook_deliveries_pkey' }]);
});

test('months of hypertables are left to TimescaleDB, those of rollups are still made', async () => {
  await convert();
  const { database } = owned;
  const partitions = new Partitions(database);
  await partitions.ensure('webhook_deliveries', {
    from: at('2027-01-01T00:00:00Z'),
    to: at('2027-01-02T00:00:00Z'),
  });
  expect(await rows(`select relname from pg_class where relname like 'webhook_deliveries_2027%'`)).toEqual(
    [],
  );
  const made = await partitions.ensureAhead(NOW);
  expect(made).toHaveLength(3 * (PARTITIONED_TABLES.length - FACTS.length));
  expect(await missingPartitions(database.query, NOW)).toEqual([]);
});

test('retention drops whole chunks, and no claim to them is left (I2)', async () => {
  await convert();
  const { dropped } = await dropExpired(owned.database, at('2026-03-10T00:00:00Z'), NOW);
  expect([...dropped].sort()).toEqual(
    FACTS.flatMap((table) => ['01', '02'].map((month) => `${table}_2026_${month}`)),
  );
  expect(
    await rows(`select
      (select min(sent_at) >= '2026-03-01Z' from meraki_store.webhook_deliveries) as deliveries,
      (select min(bucket_start) >= '2026-03-01Z' from meraki_store.api_response_counts) as counts,
      (select bool_and(lower(final + provisional) >= '2026-03-01Z') from meraki_ingest.coverage) as coverage`),
  ).toEqual([{ deliveries: true, counts: true, coverage: true }]);
});

test('without TimescaleDB the file says so and changes nothing', async () => {
  const before = await rows(VIEWS);
  await expect(run()).rejects.toThrow('create extension timescaledb');
  expect(await rows(VIEWS)).toEqual(before);
});

import { beforeEach, expect, test } from 'vitest';
import { partitionFinding } from '../../src/commands/partition-finding.ts';
import { packOldestMonth } from '../../src/db/pack-months.ts';
import { readParentStatistics } from '../../src/db/parent-statistics.ts';
import { PARTITIONED_TABLES } from '../../src/db/partition-settings.ts';
import { missingPartitions, Partitions } from '../../src/db/partitions.ts';
import { type Instant, instantOfMilliseconds, parseInstant } from '../../src/instant.ts';
import { GapWatch } from '../../src/jobs/gap-watch.ts';
import { MinuteWatch } from '../../src/jobs/minute-watch.ts';
import { NetworkWatch } from '../../src/jobs/network-watch.ts';
import { StoreWatch } from '../../src/jobs/store-watch.ts';
import { MerakiClient } from '../../src/meraki/client.ts';
import { hash64 } from '../../src/streams/hash.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const DAY_MS = 86_400_000;
const NOW = '2026-11-22T21:00:00Z';
const MONTHS = ['2026_11', '2026_12', '2027_01'];

let owned: TestDatabase;
let clock: ManualClock;
let watch: StoreWatch;

beforeEach(async () => {
  owned = await createTestDatabase();
  clock = new ManualClock({ start: NOW });
  const { database } = owned;
  watch = new StoreWatch({ database, partitions: new Partitions(database), clock, log: testLog });
});

function at(text: string): Instant {
  return parseInstant(text) ?? Number.NaN;
}

async function partitions(): Promise<readonly string[]> {
  const found = await owned.database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relispartition and relkind = 'r' order by relname collate "C"`,
  );
  return found.rows.map(({ name }) => name);
}

test('this month and the next two are made for every partitioned table, rollups too', async () => {
  expect(await missingPartitions(owned.database.query, at(NOW))).toHaveLength(15);
  expect(await watch.look(at(NOW))).toBe(true);
  const expected = PARTITIONED_TABLES.flatMap((table) => MONTHS.map((month) => `${table}_${month}`));
  expect(await partitions()).toEqual(expected.sort());
  expect(await missingPartitions(owned.database.query, at(NOW))).toEqual([]);
});

test('every partitioned table of the schema is looked after', async () => {
  const found = await owned.database.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'p' and relnamespace = 'meraki_store'::regnamespace`,
  );
  expect(found.rows.map(({ name }) => name).sort()).toEqual([...PARTITIONED_TABLES].sort());
});

test('it looks once a day, and the turn of a month adds one', async () => {
  const look = () => watch.lookInTime(instantOfMilliseconds(clock.now()));
  await look();
  expect(await partitions()).toHaveLength(15);
  await owned.database.pool.query('drop table meraki_store.webhook_hours_2027_01');
  await clock.advance(DAY_MS - 1);
  await look();
  expect(await partitions()).toHaveLength(14);
  await clock.advance(9 * DAY_MS);
  await look();
  expect(await partitions()).toHaveLength(20);
});

test('a clock that was set back by a year puts no look off', async () => {
  const look = () => watch.lookInTime(instantOfMilliseconds(clock.now()));
  await look();
  await clock.advance(-365 * DAY_MS);
  await look();
  expect(await partitions()).toContain('webhook_hours_2025_11');
});

test('a table that somebody reads for long delays nobody: it is tried again in ten minutes', async () => {
  const reader = await owned.database.pool.connect();
  try {
    await reader.query('begin; select count(*) from meraki_store.webhook_deliveries');
    const look = () => watch.lookInTime(instantOfMilliseconds(clock.now()));
    await look();
    expect(await partitions()).toEqual([]);
    await reader.query('commit');
    await clock.advance(600_000);
    await look();
    expect(await partitions()).toHaveLength(15);
  } finally {
    reader.release();
  }
});

test('partitioned tables are analyzed when they have rows, and again when these are a fifth more', async () => {
  const { pool, query } = owned.database;
  await watch.look(at(NOW));
  const insert = (from: number, to: number) =>
    pool.query(
      `insert into meraki_store.api_response_hours
       select '1', 'all', timestamptz '2026-11-01Z' + n * interval '1 minute', 1, 1, 0, 0, 0, 0, 0, now()
       from generate_series($1::integer, $2::integer) n`,
      [from, to],
    );
  const analyzed = async () => {
    const found = await readParentStatistics(query);
    return found.find(({ table }) => table === 'api_response_hours')?.analyzedRows;
  };
  await insert(1, 12_000);
  expect(await analyzed()).toBe(-1);
  // As autovacuum would.
  await pool.query('analyze meraki_store.api_response_hours_2026_11');
  await watch.look(at(NOW));
  expect(await analyzed()).toBe(12_000);
  await insert(12_001, 14_000);
  await pool.query('analyze meraki_store.api_response_hours_2026_11');
  await watch.look(at(NOW));
  expect(await analyzed()).toBe(12_000);
  await insert(14_001, 15_000);
  await pool.query('analyze meraki_store.api_response_hours_2026_11');
  await watch.look(at(NOW));
  expect(await analyzed()).toBe(15_000);
});

test('doctor names what is missing', async () => {
  const finding = await partitionFinding(owned.database, at(NOW));
  expect(finding).toMatchObject({ check: 'partitions', state: 'warning', exitCode: 0 });
  expect(finding.said).toContain('webhook_deliveries_2026_11 and 14 more');
  await watch.look(at(NOW));
  expect(await partitionFinding(owned.database, at(NOW))).toMatchObject({ state: 'ok' });
});

test('the index of a month that is over for 120 days is packed, one a day, and what a crash left is cleared away', async () => {
  const { pool } = owned.database;
  const months = { from: at('2026-05-01T00:00:00Z'), to: at('2026-08-01T00:00:00Z') };
  await new Partitions(owned.database).ensure('api_response_counts', months);
  // In turns, so that each organization's rows go to a place of their own in the index.
  await pool.query(`
    insert into meraki_store.api_response_counts
    select o::text, 'all', 120, timestamptz '2026-05-01Z' + n * interval '2 minutes', 200, 1, 0, now()
    from generate_series(1, 3000) n, generate_series(1, 5) o order by n, o`);
  await pool.query(`
    create index left_over on meraki_store.api_response_counts_2026_05 (series);
    update pg_index set indisvalid = false where indexrelid = 'meraki_store.left_over'::regclass`);
  const size = async () =>
    (
      await pool.query<{ bytes: number }>(
        `select pg_relation_size('meraki_store.api_response_counts_2026_05_pkey')::integer as bytes`,
      )
    ).rows[0]?.bytes ?? 0;
  const packed = async () =>
    (
      await pool.query<{ name: string }>(
        `select relname as name from pg_class where obj_description(oid, 'pg_class') = 'Packed.' order by 1`,
      )
    ).rows.map(({ name }) => name);
  const before = await size();
  await watch.look(at(NOW));
  expect(await packed()).toEqual(['api_response_counts_2026_05_pkey']);
  expect(await size()).toBeLessThan(before);
  expect((await pool.query(`select to_regclass('meraki_store.left_over') as found`)).rows).toEqual([
    { found: null },
  ]);
  await watch.look(at(NOW));
  await watch.look(at(NOW));
  await watch.look(at(NOW));
  // July ended 114 days before.
  expect(await packed()).toEqual(['api_response_counts_2026_05_pkey', 'api_response_counts_2026_06_pkey']);
  expect(
    (await pool.query('select count(*)::integer as rows from meraki_store.api_response_counts')).rows,
  ).toEqual([{ rows: 15_000 }]);
});

const MAY = { from: at('2026-05-01T00:00:00Z'), to: at('2026-06-01T00:00:00Z') };
const LONG_READ = 'begin isolation level repeatable read; select count(*) from meraki_store';

/** Until a session waits for another one with such a statement. */
async function waits(statement: string): Promise<void> {
  const look = `select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like $1`;
  while ((await owned.database.pool.query(look, [`${statement}%`])).rowCount !== 1);
}

test('while a month is packed no other worker touches it, and readers go on, however long it waits for one of them', async () => {
  const { database } = owned;
  const { pool } = database;
  await new Partitions(database).ensure('webhook_deliveries', MAY);
  await pool.query(`
    create index left_over on meraki_store.webhook_deliveries_2026_05 (logged_at);
    update pg_index set indisvalid = false where indexrelid = 'meraki_store.left_over'::regclass`);
  const [long, short] = [await pool.connect(), await pool.connect()];
  try {
    await short.query(`set lock_timeout = '5s'`);
    const read = () => short.query('select count(*) from meraki_store.webhook_deliveries');
    await long.query(`${LONG_READ}.webhook_deliveries`);
    const packing = packOldestMonth(database, at(NOW));
    await waits('drop index');
    await read();
    await long.query(`commit; ${LONG_READ}.networks`);
    await waits('reindex');
    expect(await packOldestMonth(database, at(NOW))).toBeUndefined();
    await read();
    await long.query('commit');
    expect(await packing).toBe('webhook_deliveries_2026_05');
    expect(await packOldestMonth(database, at(NOW))).toBeUndefined();
  } finally {
    long.release(true);
    short.release(true);
  }
});

test('packing that waits for a reader holds up neither the checks of every minute nor a stop', async () => {
  const { database } = owned;
  const { pool } = database;
  await new Partitions(database).ensure('webhook_deliveries', MAY);
  const options = { database, partitions: new Partitions(database), clock, log: testLog };
  const client = new MerakiClient({
    baseUrl: 'http://127.0.0.1:1',
    key: 'nobody is asked',
    trustedHosts: [],
    pace: { take: async () => 0, pause: async () => undefined },
    clock,
    log: testLog,
  });
  let looks = 0;
  const minute = new MinuteWatch({
    ...options,
    client,
    networks: new NetworkWatch({ ...options, client, hash64 }),
    gaps: new GapWatch({ ...options, warningSeconds: 1 }),
    store: new StoreWatch(options),
    keepUp: async () => {
      looks += 1;
    },
  });
  const long = await pool.connect();
  try {
    await long.query(`${LONG_READ}.networks`);
    const stopping = new AbortController();
    const running = minute.run(stopping.signal);
    await waits('reindex');
    await clock.untilSleeping(1);
    await clock.advance(60_000);
    await clock.untilSleeping(1);
    expect(looks).toBe(2);
    stopping.abort(new Error('stopped'));
    await running;
    expect(pool.totalCount - pool.idleCount).toBe(1);
  } finally {
    long.release(true);
    await client.close();
  }
});

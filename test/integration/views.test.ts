import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import { describeViews } from '../dictionary/described-views.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const HOURS_OR_DAYS = `bucket_start, deliveries, successes, duration_ms_sum, duration_ms_max, p50_ms, p95_ms, p99_ms,
  is_final`;
const API_HOURS_OR_DAYS = `bucket_start, requests, successes_2xx, redirects_3xx, client_errors_4xx, rate_limited_429,
  server_errors_5xx, success_ratio, coverage_ratio, is_final`;
const MEMBER = 'id, name, first_seen_at, last_seen_at';

/**
 * The contract with the outside, word for word, written by hand: what other programs were promised before there was
 * a database. docs/contract.json follows the database and has much more, with types and places (view-contract.test.ts);
 * the types that names stand for are the same in all views (view-rules.test.ts).
 */
const CONTRACT: Readonly<Record<string, string>> = {
  webhook_deliveries: `organization_id, network_id, alert_type, url, url_host, endpoint_id, sent_at, logged_at,
    response_code, status_class, is_success, response_duration_ms, occurrence, loaded_at`,
  webhook_deliveries_hourly: `organization_id, endpoint_id, network_id, alert_type, status_class, ${HOURS_OR_DAYS}`,
  webhook_deliveries_daily: `organization_id, endpoint_id, network_id, alert_type, status_class, ${HOURS_OR_DAYS}`,
  webhook_endpoint_health: `organization_id, endpoint_id, deliveries_1h, success_ratio_1h, deliveries_24h,
    success_ratio_24h, deliveries_7d, success_ratio_7d, deliveries_30d, success_ratio_30d, last_success_at,
    last_failure_at, consecutive_failures, state`,
  webhook_incidents: 'organization_id, endpoint_id, started_at, ended_at, failures, last_response_code',
  api_responses: `organization_id, series, bucket_start, bucket_end, interval_seconds, response_code, request_count,
    is_final, revision, updated_at`,
  api_responses_hourly: `organization_id, series, ${API_HOURS_OR_DAYS}`,
  api_responses_daily: `organization_id, series, ${API_HOURS_OR_DAYS}`,
  api_budget_hourly: 'organization_id, bucket_start, mean_share, peak_share',
  coverage: 'organization_id, stream, series, interval_seconds, covered_from, covered_to, state',
  gaps: 'organization_id, stream, series, gap_from, gap_to, state, deadline',
  freshness: `organization_id, stream, series, covered_until, last_success_at, lag_seconds, next_deadline,
    last_error`,
  sync_runs: `started_at, finished_at, lane, pages, requests, rows_new, rows_known, rows_quarantined, waited_ms,
    outcome, error`,
  organizations: MEMBER,
  networks: MEMBER,
  webhook_endpoints: MEMBER,
  alert_types: MEMBER,
  response_codes: MEMBER,
  dates: MEMBER,
};

/** Postgres says so of views with joins, whoever asks. */
const NOT_UPDATABLE = '55000';

let owned: TestDatabase;
let reader: pg.Client;
let readerLoggedIn: boolean;

beforeAll(async () => {
  // Migrated, not cloned: the reader's settings in a database do not come with a copy.
  owned = await createTestDatabase({ migrated: false });
  await migrate(owned.database);
  const month = parseInstant('2026-01-15T00:00:00Z') ?? 0;
  await new Partitions(owned.database).ensure('webhook_deliveries', { from: month, to: month + 1 });
  readerLoggedIn = owned.readerUrl !== undefined;
  reader = new pg.Client({ connectionString: owned.readerUrl ?? owned.url });
  await reader.connect();
  if (!readerLoggedIn) await reader.query('set session authorization meraki_reader');
});

afterAll(() => reader?.end());

async function relations(...schemas: string[]): Promise<string[]> {
  const found = await owned.database.pool.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1`,
    [schemas],
  );
  return found.rows.map(({ name }) => name);
}

/** SQLSTATE that the reader is refused with; `undefined` when it is not. */
async function refusal(statement: string): Promise<string | undefined> {
  try {
    await reader.query('begin read write');
    await reader.query(statement);
    return undefined;
  } catch (error) {
    return error instanceof pg.DatabaseError ? error.code : String(error);
  } finally {
    await reader.query('rollback');
  }
}

describe('the contract of schema meraki', () => {
  test.each(Object.entries(CONTRACT))('view %s has its columns', async (view, wanted) => {
    const views = await describeViews(owned.database.pool);
    const present = views.find(({ name }) => name === view)?.columns.map(({ name }) => name);
    expect(present).toEqual(expect.arrayContaining(wanted.split(',').map((column) => column.trim())));
  });

  test('holds nothing but views', async () => {
    const kinds = await owned.database.pool.query(
      `select relname from pg_class where relnamespace = 'meraki'::regnamespace and relkind <> 'v'
       union all select proname from pg_proc where pronamespace = 'meraki'::regnamespace`,
    );
    expect(kinds.rows).toEqual([]);
  });

  test('is explained behind the views too: every table has a comment', async () => {
    const silent = await owned.database.pool.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
         and relkind in ('r', 'p', 'v') and not relispartition
         and coalesce(trim(obj_description(oid, 'pg_class')), '') = ''`,
    );
    expect(silent.rows.map(({ name }) => name)).toEqual([]);
  });

  test('dates is contiguous, one row a day, and reaches beyond today', async () => {
    const found = await owned.database.pool.query(
      `select count(*) = count(distinct id) as once, max(id::date) - min(id::date) + 1 = count(*) as contiguous,
         max(id::date) > current_date + 300 as ahead, count(*) = count(distinct name) as named from meraki.dates`,
    );
    expect(found.rows).toEqual([{ once: true, contiguous: true, ahead: true, named: true }]);
  });
});

describe('the role meraki_reader', () => {
  test('reads every view', async () => {
    const views = await relations('meraki');
    expect(views.length).toBeGreaterThanOrEqual(Object.keys(CONTRACT).length);
    for (const view of views) await reader.query(`select * from ${view} limit 1`);
  });

  test('reads a view that a later migration adds', async () => {
    await owned.database.pool.query('create view meraki.later as select 1 as one');
    expect(await refusal('select * from meraki.later')).toBeUndefined();
    await owned.database.pool.query('drop view meraki.later');
  });

  test('is refused on everything behind the views', async () => {
    const hidden = await relations('meraki_store', 'meraki_ingest');
    expect(hidden).toContain('meraki_store.webhook_deliveries_2026_01');
    expect(hidden).toContain('meraki_ingest.missing_time');
    for (const name of hidden) {
      expect([name, await refusal(`select * from ${name} limit 1`)]).toEqual([name, '42501']);
    }
    const granted = await owned.database.pool.query(
      `select c.oid::regclass::text as name, p.privilege_type from pg_class c, aclexplode(c.relacl) p
       where c.relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
         and p.grantee <> c.relowner`,
    );
    expect(granted.rows).toEqual([]);
  });

  test.each([
    'create table meraki.own (x integer)',
    'create view meraki.own as select 1 as one',
    'create table meraki_store.own (x integer)',
    'create table meraki_ingest.own (x integer)',
    'create table public.own (x integer)',
    'create schema own',
    'create role own',
    `insert into meraki.organizations (id, name) values ('1', 'own')`,
    `update meraki.organizations set name = 'own'`,
    'delete from meraki.response_codes',
    'truncate meraki_store.organizations',
  ])('may not even in a read-write transaction: %s', async (statement) => {
    expect(['42501', NOT_UPDATABLE]).toContain(await refusal(statement));
  });

  test('is read-only in this database, in UTC, and its statements end after a minute', async () => {
    const settings = await owned.database.pool.query<{ setting: string }>(
      `select unnest(s.setconfig) as setting from pg_db_role_setting s
       join pg_roles r on r.oid = s.setrole and r.rolname = 'meraki_reader'
       join pg_database d on d.oid = s.setdatabase and d.datname = current_database() order by 1`,
    );
    expect(settings.rows.map(({ setting }) => setting)).toEqual([
      'TimeZone=UTC',
      'default_transaction_read_only=on',
      'jit=off',
      'search_path=meraki_operators, pg_catalog, meraki, public',
      'statement_timeout=60s',
    ]);
  });

  test('finds these settings when it logs in', async ({ skip }) => {
    skip(!readerLoggedIn, 'this server lets meraki_reader in with a password only');
    const shown = await reader.query(
      `select current_setting('transaction_read_only') as read_only, current_setting('timezone') as zone,
         current_setting('statement_timeout') as timeout`,
    );
    expect(shown.rows).toEqual([{ read_only: 'on', zone: 'UTC', timeout: '1min' }]);
    const refused = reader.query('create temporary table own (x integer)');
    await expect(refused).rejects.toMatchObject({ code: '25006' });
  });
});

describe('a migrating user without rights over the role', () => {
  test('can migrate, and is told what an administrator has to run', async () => {
    const { url, database } = await createTestDatabase({ migrated: false });
    const administrator = await database.pool.connect();
    const role = `historian_test_migrator_${process.pid}`;
    const warnings: string[] = [];
    try {
      await administrator.query(`create role ${role}`);
      await administrator.query(`do $$ begin
        execute format('grant create on database %I to ${role}', current_database()); end $$`);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        await client.query(`set session authorization ${role}`);
        await migrateWith(client, (notice) => warnings.push(notice));
        const views = await client.query(
          `select from pg_class where relnamespace = 'meraki'::regnamespace and relkind = 'v'`,
        );
        expect(views.rowCount).toBeGreaterThanOrEqual(Object.keys(CONTRACT).length);
      } finally {
        await client.end();
      }
      expect(warnings).toEqual([
        expect.stringMatching(
          /administrator should run: alter role meraki_reader in database \w+ set default_transaction_read_only = on;/,
        ),
        expect.stringMatching(
          /administrator runs: alter role meraki_reader in database \w+ set search_path = /,
        ),
      ]);
      expect(client.listenerCount('notice')).toBe(0);
    } finally {
      await administrator.query(`drop owned by ${role} cascade`);
      await administrator.query(`drop role ${role}`);
      administrator.release();
    }
  });
});

/** As `migrate` does, on a connection that has taken another role. */
async function migrateWith(client: pg.Client, onNotice: (notice: string) => void): Promise<void> {
  const { pool } = owned.database;
  const lent = { connect: async () => Object.assign(client, { release: () => undefined }) };
  await migrate({ ...owned.database, pool: Object.assign(Object.create(pool), lent) }, onNotice);
}

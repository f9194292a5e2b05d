import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import { staleWebhooks } from '../support/stale-webhooks.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** The contract, word for word: ids text, times timestamptz, counts bigint, ratios double precision. */
const CONTRACT: Readonly<Record<string, string>> = {
  webhook_deliveries: `organization_id text, network_id text, alert_type text, url text, url_host text,
    endpoint_id text, sent_at timestamptz, logged_at timestamptz, response_code integer, status_class text,
    is_success boolean, response_duration_ms bigint, occurrence integer, loaded_at timestamptz`,
  webhook_deliveries_hourly: `organization_id text, endpoint_id text, network_id text, alert_type text,
    status_class text, bucket_start timestamptz, deliveries bigint, successes bigint, duration_ms_sum bigint,
    duration_ms_max bigint, p50_ms double precision, p95_ms double precision, p99_ms double precision,
    is_final boolean`,
  webhook_deliveries_daily: `organization_id text, endpoint_id text, network_id text, alert_type text,
    status_class text, bucket_start timestamptz, deliveries bigint, successes bigint, duration_ms_sum bigint,
    duration_ms_max bigint, p50_ms double precision, p95_ms double precision, p99_ms double precision,
    is_final boolean`,
  webhook_endpoint_health: `organization_id text, endpoint_id text, deliveries_1h bigint,
    success_ratio_1h double precision, deliveries_24h bigint, success_ratio_24h double precision,
    deliveries_7d bigint, success_ratio_7d double precision, deliveries_30d bigint,
    success_ratio_30d double precision, last_success_at timestamptz, last_failure_at timestamptz,
    consecutive_failures bigint, state text`,
  webhook_incidents: `organization_id text, endpoint_id text, started_at timestamptz, ended_at timestamptz,
    failures bigint, last_response_code integer`,
  api_responses: `organization_id text, series text, bucket_start timestamptz, bucket_end timestamptz,
    interval_seconds integer, response_code integer, request_count bigint, is_final boolean, revision integer,
    updated_at timestamptz`,
  api_responses_hourly: `organization_id text, series text, bucket_start timestamptz, requests bigint,
    successes_2xx bigint, redirects_3xx bigint, client_errors_4xx bigint, rate_limited_429 bigint,
    server_errors_5xx bigint, success_ratio double precision, coverage_ratio double precision, is_final boolean`,
  api_responses_daily: `organization_id text, series text, bucket_start timestamptz, requests bigint,
    successes_2xx bigint, redirects_3xx bigint, client_errors_4xx bigint, rate_limited_429 bigint,
    server_errors_5xx bigint, success_ratio double precision, coverage_ratio double precision, is_final boolean`,
  api_budget_hourly: `organization_id text, bucket_start timestamptz, mean_share double precision,
    peak_share double precision`,
  coverage: `organization_id text, stream text, series text, interval_seconds integer,
    covered_from timestamptz, covered_to timestamptz, state text`,
  gaps: `organization_id text, stream text, series text, gap_from timestamptz, gap_to timestamptz, state text,
    deadline timestamptz, lost_at timestamptz, reason text, seconds_left double precision`,
  lost_time: `organization_id text, stream text, series text, lost_from timestamptz, lost_to timestamptz,
    lost_at timestamptz, noticed_at timestamptz, reason text, detail text, recovered_at timestamptz`,
  organization_states: 'organization_id text, state text, since timestamptz, until timestamptz',
  freshness: `organization_id text, stream text, series text, covered_until timestamptz,
    last_success_at timestamptz, lag_seconds double precision, next_deadline timestamptz, last_error text,
    lookback_seconds double precision, covered_ratio double precision, retired_at timestamptz`,
  sync_runs: `started_at timestamptz, finished_at timestamptz, lane text, pages bigint, requests bigint,
    rows_new bigint, rows_known bigint, rows_quarantined bigint, waited_ms bigint, outcome text, error text`,
  quarantine: `organization_id text, stream text, series text, id text, reason text, copies bigint,
    sent_at timestamptz, first_seen_at timestamptz, last_seen_at timestamptz`,
  schema_drift: `organization_id text, stream text, field text, kind text, sample_type text,
    first_seen_at timestamptz, last_seen_at timestamptz`,
  organizations: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
  networks: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
  webhook_endpoints: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
  alert_types: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
  response_codes: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
  dates: 'id text, name text, first_seen_at timestamptz, last_seen_at timestamptz',
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

async function columns(view: string): Promise<string[]> {
  const found = await owned.database.pool.query<{ column: string }>(
    `select a.attname || ' ' || replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone',
       'timestamptz') as column
     from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 order by a.attnum`,
    [`meraki.${view}`],
  );
  return found.rows.map(({ column }) => column);
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
  test.each(Object.entries(CONTRACT))('view %s has its columns, in order', async (view, wanted) => {
    const present = await columns(view);
    const expected = wanted.split(',').map((column) => column.trim());
    expect(present.filter((column) => expected.includes(column))).toEqual(expected);
  });

  test('holds nothing but views', async () => {
    const kinds = await owned.database.pool.query(
      `select relname from pg_class where relnamespace = 'meraki'::regnamespace and relkind <> 'v'
       union all select proname from pg_proc where pronamespace = 'meraki'::regnamespace`,
    );
    expect(kinds.rows).toEqual([]);
  });

  test('every view, every column of a view and every table has a comment', async () => {
    const silent = await owned.database.pool.query<{ name: string }>(
      `select c.oid::regclass || coalesce('.' || a.attname, '') as name
       from pg_class c
       left join pg_attribute a
         on a.attrelid = c.oid and a.attnum > 0 and c.relnamespace = 'meraki'::regnamespace
       where c.relnamespace in ('meraki'::regnamespace, 'meraki_store'::regnamespace,
           'meraki_ingest'::regnamespace)
         and c.relkind in ('r', 'p', 'v') and not c.relispartition
         and (coalesce(trim(obj_description(c.oid, 'pg_class')), '') = ''
           or (a.attnum is not null and coalesce(trim(col_description(c.oid, a.attnum)), '') = ''))`,
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

describe('what the views make of a run of failures', () => {
  /** One delivery a minute to one receiver, with these response codes. */
  async function deliver(organizationId: string, codes: readonly number[]): Promise<void> {
    await owned.database.pool.query(
      `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence,
         network_key, alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
       select $1, at, n, 0, 1, 1, 7, at, code, 5, at
       from unnest($2::integer[]) with ordinality as given(code, n)
       cross join lateral (select timestamptz '2026-01-15T00:00:00Z' + n * interval '1 minute' as at) times`,
      [organizationId, codes],
    );
    await owned.database.pool.query(
      `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
       values ($1, $1, now(), now())`,
      [organizationId],
    );
    await staleWebhooks(owned.database);
  }

  test.each([
    [
      [200, 500, 503, 200, 429, 200],
      ['00:02-00:04 2 503', '00:05-00:06 1 429'],
    ],
    [[500, 301], ['00:01- 2 301']],
    [[200, 200], []],
    [
      [-1, 200, 404, -1, 200],
      ['00:01-00:02 1 none', '00:03-00:05 2 none'],
    ],
    [[500, 0, 200], ['00:01-00:03 2 none']],
  ])('%j are the incidents %j', async (codes, incidents) => {
    const organizationId = codes.join();
    await deliver(organizationId, codes);
    const found = await owned.database.pool.query<{ text: string }>(
      `select to_char(started_at at time zone 'UTC', 'HH24:MI') || '-' ||
         coalesce(to_char(ended_at at time zone 'UTC', 'HH24:MI'), '') || ' ' || failures || ' ' ||
         coalesce(last_response_code::text, 'none') as text
       from meraki.webhook_incidents where organization_id = $1 order by started_at`,
      [organizationId],
    );
    expect(found.rows.map(({ text }) => text)).toEqual(incidents);
    const agreeing = await owned.database.pool.query<{ agree: boolean }>(
      `select i.last_response_code is not distinct from d.response_code as agree
       from meraki.webhook_incidents i
       join meraki.webhook_deliveries d on d.organization_id = i.organization_id and d.sent_at = i.last_failure_at
       where i.organization_id = $1`,
      [organizationId],
    );
    expect(agreeing.rows).toEqual(incidents.map(() => ({ agree: true })));
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

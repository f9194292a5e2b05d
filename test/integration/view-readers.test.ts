/*
 * What a role with the rights of meraki_organization_reader learns from the views: its organizations, and nothing of
 * the others. Every view is asked, also those that do not exist yet.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillEveryView } from '../reports/fill-every-view.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const OWN = 'own';
const OTHER = 'other';
const READER = `historian_test_${randomBytes(5).toString('hex')}`;
const NOBODY = `${READER}_nobody`;

let owned: TestDatabase;
let client: pg.Client;
/** Views with what says in them whose a row is; `undefined`: nobody's. */
let views: readonly { readonly view: string; readonly column: string | undefined }[];

beforeAll(async () => {
  owned = await createTestDatabase();
  await fillEveryView(owned.database, OWN, OTHER);
  // Plans of some views take longer to compile than to run. Sums of fractions end in other digits by other plans.
  client = new pg.Client({ connectionString: owned.url, options: '-c jit=off -c extra_float_digits=-3' });
  await client.connect();
  for (const role of [READER, NOBODY]) {
    await client.query(`create role ${role}; grant meraki_organization_reader to ${role}`);
  }
  await client.query(`insert into meraki_ingest.reader_organizations values ($1, $2)`, [READER, OWN]);
  const found = await client.query<{ view: string; column: string | null }>(
    `select c.relname as view, coalesce(max(a.attname) filter (where a.attname = 'organization_id'),
       max(a.attname) filter (where c.relname = 'organizations' and a.attname = 'id')) as column
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v' group by c.relname order by 1`,
  );
  views = found.rows.map(({ view, column }) => ({ view, column: column ?? undefined }));
});

afterAll(async () => {
  await client?.query('reset role');
  for (const role of [READER, NOBODY]) await client?.query(`drop role if exists ${role}`);
  await client?.end();
});

/** Rows as a role sees them, at one moment for all roles of a transaction. */
async function rowsAs(role: string | undefined, statement: string): Promise<readonly string[]> {
  await client.query(role === undefined ? 'set local role none' : `set local role ${role}`);
  const found = await client.query<{ row: string }>(`select to_jsonb(r)::text as row from (${statement}) r`);
  return found.rows.map(({ row }) => row).sort();
}

async function inTransaction<T>(work: () => Promise<T>): Promise<T> {
  await client.query('begin isolation level repeatable read read only');
  try {
    return await work();
  } finally {
    await client.query('rollback');
  }
}

test('a reader sees of its organization what everybody sees of it, in every view, and nothing of others', async () => {
  expect(views.length).toBeGreaterThan(40);
  for (const { view, column } of views) {
    await inTransaction(async () => {
      const own = column === undefined ? '' : `where ${column} = '${OWN}'`;
      const wanted = await rowsAs(undefined, `select * from meraki.${view} ${own}`);
      const others = column === undefined ? '' : `where ${column} = '${OTHER}'`;
      const hidden = await rowsAs(undefined, `select * from meraki.${view} ${others} limit 1`);
      expect({ view, wanted: wanted.length > 0, hidden: hidden.length }).toEqual({
        view,
        wanted: true,
        hidden: 1,
      });
      expect({ view, rows: await rowsAs(READER, `select * from meraki.${view}`) }).toEqual({
        view,
        rows: wanted,
      });
    });
  }
});

test('a role without a list sees the calendar and the codes, and no rows of organizations', async () => {
  for (const { view, column } of views) {
    const rows = await inTransaction(() => rowsAs(NOBODY, `select * from meraki.${view} limit 1`));
    expect({ view, rows: rows.length }).toEqual({ view, rows: column === undefined ? 1 : 0 });
  }
  expect(views.filter(({ column }) => column === undefined).map(({ view }) => view)).toEqual([
    'dates',
    'hours',
    'response_codes',
  ]);
});

describe('a condition that fails on rows of others', () => {
  /** Kinds of plans: the planner's choice, and those in which conditions meet rows before they are joined. */
  const PLANS = [
    [],
    ['enable_nestloop', 'enable_indexscan', 'enable_bitmapscan', 'enable_indexonlyscan'],
    ['enable_hashjoin', 'enable_mergejoin'],
  ];

  async function attempt(view: string, column: string, off: readonly string[]): Promise<string | undefined> {
    return await inTransaction(async () => {
      for (const setting of off) await client.query(`set local ${setting} = off`);
      await client.query(`set local role ${READER}`);
      try {
        await client.query(
          `select * from meraki.${view} where 1 / (case when ${column} <> '${OWN}' then 0 else 1 end) = 1`,
        );
        return undefined;
      } catch (error) {
        return error instanceof pg.DatabaseError ? error.message : String(error);
      }
    });
  }

  test('never meets them', async () => {
    const failed: string[] = [];
    for (const { view, column } of views) {
      if (column === undefined) continue;
      for (const off of PLANS) {
        const message = await attempt(view, column, off);
        if (message !== undefined) failed.push(`${view}: ${message} (off: ${off.join(', ')})`);
      }
    }
    expect(failed).toEqual([]);
  });

  test('would meet them if a view were no security barrier: the attempt is one', async () => {
    await client.query('alter view meraki.sync_runs reset (security_barrier)');
    try {
      const messages: (string | undefined)[] = [];
      for (const off of PLANS) messages.push(await attempt('sync_runs', 'organization_id', off));
      expect(messages).toContain('division by zero');
    } finally {
      await client.query('alter view meraki.sync_runs set (security_barrier)');
    }
  });

  test('cannot: every view that reads organizations’ tables is a security barrier', async () => {
    const found = await client.query<{ view: string }>(
      `select distinct v.relname as view
       from pg_class v
       join pg_rewrite w on w.ev_class = v.oid
       join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
         and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
       join pg_class t on t.oid = d.refobjid and t.relnamespace <> 'meraki'::regnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attname = 'organization_id'
       where v.relnamespace = 'meraki'::regnamespace and v.relkind = 'v'
         and not coalesce(v.reloptions @> '{security_barrier=true}', false)`,
    );
    expect(found.rows).toEqual([]);
  });
});

/** Tables whose rows name something of an organization: no plan may scan them, since it tells how many it found. */
const NAMING = [
  'organizations',
  'organization_names',
  'networks',
  'network_names',
  'webhook_endpoints',
  'alert_types',
];

test('no plan tells how many names of others meet a condition', async () => {
  const told: string[] = [];
  await inTransaction(async () => {
    await client.query(`set local role ${READER}`);
    for (const { view } of views) {
      const plan = await client.query<{ 'QUERY PLAN': string }>(`explain select * from meraki.${view}`);
      for (const line of plan.rows.map((row) => row['QUERY PLAN'])) {
        const table = /Scan (?:using \S+ )?on (\S+)/.exec(line)?.[1];
        if (table !== undefined && NAMING.includes(table)) told.push(`${view}: ${line.trim()}`);
      }
    }
  });
  expect(told).toEqual([]);
});

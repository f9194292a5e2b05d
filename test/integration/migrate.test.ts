import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { DatabaseError, MissingRightsError, SchemaMismatchError } from '../../src/errors.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const ALL = readdirSync(join(import.meta.dirname, '..', '..', 'migrations')).sort();

async function emptyDatabase(): Promise<Database> {
  return (await createTestDatabase({ migrated: false })).database;
}

async function ledger(database: Database): Promise<string[]> {
  const rows = await database.pool.query<{ name: string }>(
    'select name from meraki_ingest.migrations order by name',
  );
  return rows.rows.map(({ name }) => name);
}

async function exists(database: Database, relation: string): Promise<boolean> {
  const found = await database.pool.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    relation,
  ]);
  return found.rows[0]?.found === true;
}

test('an empty database gets every file in order, a second run none', async () => {
  const database = await emptyDatabase();
  expect(await pendingMigrations(database)).toEqual(ALL);
  expect(await migrate(database)).toEqual(ALL);
  expect(await pendingMigrations(database)).toEqual([]);
  expect(await migrate(database)).toEqual([]);
  expect(await ledger(database)).toEqual(ALL);
});

test('a database whose sessions search the report views by themselves gets every file', async () => {
  const owned = await createTestDatabase({ migrated: false });
  await owned.database.pool.query(`alter database ${owned.name} set search_path = meraki`);
  const database = openDatabase(owned.url, testLog);
  onTestFinished(() => database.close());
  expect(await migrate(database)).toEqual(ALL);
});

test('of programs that migrate at the same time, one applies each file', async () => {
  const { database, url } = await createTestDatabase({ migrated: false });
  const others = [1, 2, 3].map(() => openDatabase(url, testLog));
  try {
    const applied = await Promise.all([database, ...others].map((one) => migrate(one)));
    expect(applied.flat().sort()).toEqual(ALL);
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  } finally {
    await Promise.all(others.map((other) => other.close()));
  }
});

test('databases of one server migrate at the same time, though they share the role', async () => {
  const databases = await Promise.all([1, 2, 3].map(emptyDatabase));
  const runs = await Promise.all(databases.map((one) => migrate(one)));
  for (const applied of runs) expect(applied).toEqual(ALL);
});

test('a database that cannot hold all names is refused and left alone', async () => {
  const owned = await createTestDatabase({ migrated: false });
  const { pool } = owned.database;
  const name = `${owned.name}_latin`;
  await pool.query(
    `create database ${name} encoding 'LATIN1' template template0 locale_provider libc locale 'C'`,
  );
  const database = openDatabase(owned.url.replace(owned.name, name), testLog);
  try {
    await expect(migrate(database)).rejects.toThrow(/encoding LATIN1.*encoding 'UTF8'/);
    expect(await pendingMigrations(database)).toEqual(ALL);
    expect(await exists(database, 'meraki_ingest.migrations')).toBe(false);
  } finally {
    await database.close();
    await pool.query(`drop database ${name} with (force)`);
  }
});

test('a database newer than the program is refused and left alone', async () => {
  const { database } = await createTestDatabase();
  await database.pool.query(
    `insert into meraki_ingest.migrations values ('9999_future.sql', 'unknown', clock_timestamp())`,
  );
  await database.pool.query('create view meraki.from_the_future as select 1 as one');
  const refusal = await migrate(database).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SchemaMismatchError);
  expect(refusal).toMatchObject({ retry: 'never', facts: { migration: '9999_future.sql' } });
  await expect(pendingMigrations(database)).rejects.toBeInstanceOf(SchemaMismatchError);
  expect(await exists(database, 'meraki.from_the_future')).toBe(true);
});

test('a file edited after it was applied is refused', async () => {
  const { database } = await createTestDatabase();
  await database.pool.query(`update meraki_ingest.migrations set checksum = 'before' where name = $1`, [
    ALL[0],
  ]);
  const refusal = await migrate(database).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SchemaMismatchError);
  expect(refusal).toMatchObject({ facts: { migration: ALL[0] } });
});

test('a file that fails leaves nothing behind, and is applied once the cause is gone', async () => {
  const database = await emptyDatabase();
  // The first file makes this table almost last, after two schemas and a dozen tables.
  await database.pool.query('create schema meraki_ingest; create table meraki_ingest.quarantine (x integer)');
  const failure = await migrate(database).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DatabaseError);
  expect(failure).toMatchObject({ facts: { sqlstate: '42P07' } });
  expect(await ledger(database)).toEqual([]);
  expect(await exists(database, 'meraki_store.organizations')).toBe(false);
  expect(await exists(database, 'meraki_ingest.settings')).toBe(false);
  await database.pool.query('drop table meraki_ingest.quarantine');
  expect(await migrate(database)).toEqual(ALL);
});

test('of two files, the one before the failing one stays applied', async () => {
  const database = await emptyDatabase();
  expect(await migrate(database)).toEqual(ALL);
  await database.pool.query('drop view meraki.sync_runs');
  await database.pool.query('delete from meraki_ingest.migrations where name <> $1', [ALL[0]]);
  await expect(migrate(database)).rejects.toBeInstanceOf(DatabaseError);
  expect(await ledger(database)).toEqual(ALL.slice(0, 1));
  expect(await exists(database, 'meraki.sync_runs')).toBe(false);
});

test('a failed or refused run gives its connection and its lock back', async () => {
  const { database } = await createTestDatabase();
  await database.pool.query(`insert into meraki_ingest.migrations values ('9999_future.sql', '', now())`);
  await expect(migrate(database)).rejects.toBeInstanceOf(SchemaMismatchError);
  await database.pool.query(`delete from meraki_ingest.migrations where name = '9999_future.sql'`);
  expect(await migrate(database)).toEqual([]);
  const locks = await database.pool.query(
    `select from pg_locks where locktype = 'advisory'
     and database = (select oid from pg_database where datname = current_database())`,
  );
  expect(locks.rowCount).toBe(0);
});

/** What `work` does as a role that may do nothing here but what everybody may. */
async function asStranger(
  { url, database: admin }: TestDatabase,
  work: (database: Database, role: string) => Promise<void>,
): Promise<void> {
  const role = `stranger ${randomUUID().slice(0, 8)}`;
  await admin.pool.query(`create role "${role}" login password 'strange'`);
  const stranger = new URL(url);
  stranger.username = encodeURIComponent(role);
  stranger.password = 'strange';
  const database = openDatabase(stranger.href, testLog);
  try {
    await work(database, role);
  } finally {
    await database.close();
    await admin.pool.query(`drop owned by "${role}" cascade; drop role "${role}"`);
  }
}

test('a role that may not make schemas is told what to have granted, and goes on once it is', async () => {
  const owned = await createTestDatabase({ migrated: false });
  await asStranger(owned, async (database, role) => {
    const refused = await migrate(database).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MissingRightsError);
    const grant = /grant create on database .* to .*;/.exec(String(refused))?.[0] ?? '';
    expect(grant).toContain(`"${role}"`);
    await owned.database.pool.query(grant);
    expect(await migrate(database)).toEqual(ALL);
  });
});

test('a role that did not make the archive is told whose it is', async () => {
  const owned = await createTestDatabase();
  await asStranger(owned, async (database) => {
    const { rows } = await owned.database.pool.query<{ owner: string }>('select current_user as owner');
    const refused = await migrate(database).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MissingRightsError);
    expect(refused).toMatchObject({ message: expect.stringContaining(`the role ${rows[0]?.owner}`) });
  });
});

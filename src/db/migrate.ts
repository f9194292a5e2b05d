/*
 * drizzle's migrator takes no lock and decides by date, so two starting workers could collide and a file with an
 * earlier date would be skipped. This runner holds one advisory lock, applies files by number, each in a
 * transaction of its own with its ledger row, and refuses a database whose ledger it does not recognise.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { ConfigurationError, SchemaMismatchError } from '../errors.ts';
import { type Database, databaseError, translated } from './database.ts';
import { encodingObstacle } from './encoding.ts';
import { explainedRights } from './migration-rights.ts';

const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;
/** Any fixed number will do, as long as no other program on this database uses it. */
const ADVISORY_LOCK = 7_316_402_951;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the database to this program's schema.
 *
 * @param onNotice told what Postgres has to say, such as grants an administrator has to make
 * @returns the names of the files applied now, none when it was up to date
 * @throws {SchemaMismatchError} when the database is newer than the program, or a file was edited after it had
 * been applied
 * @throws {ConfigurationError} when the database is empty and cannot hold all names
 * @throws {MissingRightsError} when the role may not make schemas, or those that are there are another's
 */
export async function migrate(
  database: Database,
  onNotice: (notice: string) => void = () => undefined,
): Promise<readonly string[]> {
  const migrations = await readMigrations();
  const obstacle = await encodingObstacle(database.query);
  const client = await translated(database.pool.connect());
  let broken = false;
  const heard = (notice: {
    readonly severity?: string | undefined;
    readonly message?: string | undefined;
  }) => {
    if (notice.severity === 'WARNING') onNotice(notice.message ?? '');
  };
  client.on('notice', heard);
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    // Where an archive lives in such a database already, it goes on as well as it can.
    if (obstacle !== undefined && (await appliedChecksums(client)).size === 0) {
      throw new ConfigurationError(obstacle, {});
    }
    return await applyMissing(client, migrations);
  } catch (error) {
    broken = true;
    throw await explainedRights(database, databaseError(error));
  } finally {
    if (!broken) await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]).catch(() => undefined);
    client.off('notice', heard);
    client.release(broken);
  }
}

/** Names of the migrations that the database still lacks; all of them for an empty database. */
export async function pendingMigrations(database: Database): Promise<readonly string[]> {
  const migrations = await readMigrations();
  const client = await translated(database.pool.connect());
  try {
    return missing(await translated(appliedChecksums(client)), migrations).map((migration) => migration.name);
  } finally {
    client.release();
  }
}

async function applyMissing(client: pg.PoolClient, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(`create schema if not exists meraki_ingest`);
  await client.query(
    `create table if not exists meraki_ingest.migrations (
      name text not null,
      checksum text not null,
      applied_at timestamptz not null,
      constraint migrations_pkey primary key (name)
    )`,
  );
  const applied: string[] = [];
  for (const migration of missing(await appliedChecksums(client), migrations)) {
    await client.query('begin');
    // Some read the definitions of views, which leave out the names of schemas that are searched anyway.
    await client.query('set local search_path = public');
    await client.query(migration.sql);
    await client.query(
      'insert into meraki_ingest.migrations (name, checksum, applied_at) values ($1, $2, clock_timestamp())',
      [migration.name, migration.checksum],
    );
    await client.query('commit');
    applied.push(migration.name);
  }
  return applied;
}

function missing(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): Migration[] {
  const known = new Set(migrations.map((migration) => migration.name));
  const foreign = [...applied.keys()].filter((name) => !known.has(name));
  if (foreign.length > 0) {
    throw new SchemaMismatchError(
      `The database is newer than this program: it has migration ${foreign.join(', ')}, which this version does not know. Run the version that migrated it, or a later one.`,
      { migration: foreign.join(', ') },
    );
  }
  for (const { name, checksum } of migrations) {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum) {
      throw new SchemaMismatchError(
        `Migration ${name} differs from the one this database was made with. Reinstall the program; migration files are never edited.`,
        { migration: name },
      );
    }
  }
  return migrations.filter((migration) => !applied.has(migration.name));
}

async function appliedChecksums(client: pg.PoolClient): Promise<ReadonlyMap<string, string>> {
  const exists = await client.query<{ found: string | null }>(
    `select to_regclass('meraki_ingest.migrations')::text as found`,
  );
  if (exists.rows[0]?.found == null) return new Map();
  const rows = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from meraki_ingest.migrations',
  );
  return new Map(rows.rows.map((row) => [row.name, row.checksum]));
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(MIGRATIONS_FOLDER)).filter((name) => FILE_NAME.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(`${MIGRATIONS_FOLDER}/${name}`, 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex') };
    }),
  );
}

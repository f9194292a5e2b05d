import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, inject } from 'vitest';
import { type Database, openDatabase } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { databasePrefix, onDatabase, withClient } from './run-databases.ts';
import { testLog } from './test-log.ts';

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  readonly database: Database;
  /** Logs in as meraki_reader; `undefined` where the server does not let it in without a password. */
  readonly readerUrl: string | undefined;
  /** Has it dropped before its time; for most tests that is not needed. */
  drop(): Promise<void>;
}

interface Open {
  /** The test it was made in; `undefined`: before all tests of the file. */
  readonly test: string | undefined;
  readonly drop: (failedTest?: string) => Promise<void>;
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations');
const TEMPLATE_LOCK = 4_711_000_815;
/** All but what migrations fill. */
const EMPTY_TABLES = `
  do $$
  declare
    name regclass;
  begin
    for name in
      select oid from pg_class
      where relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
        and relkind in ('r', 'p') and not relispartition
        and oid not in ('meraki_ingest.migrations'::regclass, 'meraki_store.response_codes'::regclass,
          'meraki_store.latency_buckets'::regclass, 'meraki_store.calendar_hours'::regclass,
          'meraki_store.calendar_days'::regclass)
    loop
      execute format('delete from %s', name);
    end loop;
  end
  $$`;

const adminUrl = inject('postgresAdminUrl');
const prefix = databasePrefix(inject('runId'));
const open = new Set<Open>();
/** To drop a database takes the server a while, which tests need not wait for. */
const dropping = new Set<Promise<void>>();
let currentTest: string | undefined;
let failedTest: string | undefined;
let reused: TestDatabase | undefined;

/**
 * Makes a database with this program's schema, or an empty one with `{ migrated: false }`. One made in a test is
 * dropped when the test ends, one made before the tests when the file ends; but when a test failed meanwhile, it
 * is kept and its name printed. Not for concurrent tests.
 */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const name = `${prefix}${randomBytes(5).toString('hex')}`;
  await withClient(adminUrl, async (client) => {
    const template = options.migrated === false ? 'template1' : await makeTemplate(client);
    await client.query(`create database ${name} template ${template}`);
    // Where a server compiles plans (JIT), that takes longer than to run them on as few rows as a test has.
    await client.query(`alter database ${name} set jit = off`);
  });
  const url = onDatabase(adminUrl, name);
  const database = openDatabase(url, testLog);
  const entry: Open = {
    test: currentTest,
    drop: async (failed) => {
      if (!open.delete(entry)) return;
      await database.close().catch(() => undefined);
      if (failed !== undefined) {
        await keepDatabase(name, failed);
        return;
      }
      const dropped = dropDatabase(name);
      dropped.catch(() => undefined);
      dropping.add(dropped);
    },
  };
  open.add(entry);
  const readerUrl = await findReaderUrl(url);
  return { name, url, database, readerUrl, drop: () => entry.drop() };
}

/**
 * Gives the file's own database with its tables emptied, which takes less time than making one. For tests that
 * change nothing but rows. After a failed test it is another one, since the failed test's is kept.
 */
export async function emptyTestDatabase(): Promise<TestDatabase> {
  if (reused === undefined) {
    const test = currentTest;
    currentTest = undefined;
    reused = await createTestDatabase();
    currentTest = test;
  } else {
    await reused.database.pool.query(EMPTY_TABLES);
  }
  return reused;
}

/**
 * Has databases end with the test or the file they were made in. For a setup file: a module is loaded once for all the
 * files that a worker runs, and hooks belong to one of them.
 */
export function dropDatabasesAfterTests(): void {
  beforeEach(({ task }) => {
    currentTest = task.name;
  });

  // Hooks of a file run after those of the tests' own suites, so that they can still use the database.
  afterEach(async ({ task }) => {
    currentTest = undefined;
    const failed = task.result?.state === 'fail' ? task.name : undefined;
    failedTest ??= failed;
    for (const entry of [...open]) if (entry.test !== undefined) await entry.drop(failed);
    if (failed !== undefined) reused = undefined;
  });

  afterAll(async () => {
    const failed = failedTest;
    const own = reused;
    failedTest = undefined;
    reused = undefined;
    await own?.drop();
    for (const entry of [...open]) await entry.drop(failed);
    await Promise.all(dropping).finally(() => dropping.clear());
  });
}

async function dropDatabase(name: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
}

async function keepDatabase(name: string, failed: string): Promise<void> {
  const comment = pg.escapeLiteral(`kept because of: ${failed}`);
  await withClient(adminUrl, (client) => client.query(`comment on database ${name} is ${comment}`));
  process.stderr.write(`\nkept the database ${name} of the failed test "${failed}"\n`);
}

async function makeTemplate(client: pg.Client): Promise<string> {
  const template = `${prefix}template_${await digestOfMigrations()}`;
  await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const found = await client.query('select from pg_database where datname = $1', [template]);
    if (found.rowCount === 1) return template;
    const unfinished = `${template}_unfinished`;
    await client.query(`drop database if exists ${unfinished} with (force)`);
    await client.query(`create database ${unfinished} template template1`);
    const database = openDatabase(onDatabase(adminUrl, unfinished), testLog);
    try {
      await migrate(database);
    } finally {
      await database.close();
    }
    await client.query(`alter database ${unfinished} rename to ${template}`);
    return template;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

/** In watch mode a migration can change during the run. */
async function digestOfMigrations(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(MIGRATIONS)).sort()) {
    hash.update(name).update(await readFile(join(MIGRATIONS, name)));
  }
  return hash.digest('hex').slice(0, 8);
}

let readerLogsIn: Promise<boolean> | undefined;

async function findReaderUrl(url: string): Promise<string | undefined> {
  const reader = new URL(url);
  reader.username = 'meraki_reader';
  reader.password = inject('postgresReaderPassword') ?? '';
  readerLogsIn ??= withClient(reader.href, async () => true).catch(() => false);
  return (await readerLogsIn) ? reader.href : undefined;
}

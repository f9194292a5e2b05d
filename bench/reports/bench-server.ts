import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../../src/db/database.ts';
import { openEmbeddedPostgres } from '../../src/db/embedded/embedded-postgres.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createLog } from '../../src/log.ts';

/** A Postgres that archives are made on. */
export interface BenchServer {
  /** Makes a database with this program's schema. */
  create(): Promise<string>;
  drop(name: string): Promise<void>;
  urlOf(name: string): string;
  close(): Promise<void>;
}

const log = createLog({ level: 'warn', format: 'pretty', secrets: [] });

/** @param url the server, with a user who may make databases; `undefined`: the embedded Postgres */
export async function openBenchServer(url: string | undefined): Promise<BenchServer> {
  const embedded =
    url === undefined
      ? await openEmbeddedPostgres({ dataDir: './data/bench', log, role: 'owner' })
      : undefined;
  const adminUrl = url ?? embedded?.connectionString ?? '';
  const urlOf = (name: string) => {
    const changed = new URL(adminUrl);
    changed.pathname = `/${name}`;
    return changed.href;
  };
  return {
    async create() {
      const name = `historian_bench_${randomBytes(4).toString('hex')}`;
      await onServer(adminUrl, `create database ${name}`);
      const database = openDatabase(urlOf(name), log, 2);
      try {
        await migrate(database);
      } finally {
        await database.close();
      }
      return name;
    },
    drop: (name) => onServer(adminUrl, `drop database ${pg.escapeIdentifier(name)} with (force)`),
    urlOf,
    close: async () => embedded?.close(),
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

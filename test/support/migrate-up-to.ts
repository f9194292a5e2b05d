import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../src/db/database.ts';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations');

/** Brings an empty database to the schema of an earlier version. @param last number of its last migration: `0006` */
export async function migrateUpTo(database: Database, last: string): Promise<void> {
  await database.pool.query(
    `create schema meraki_ingest;
     create table meraki_ingest.migrations (name text not null, checksum text not null,
       applied_at timestamptz not null, constraint migrations_pkey primary key (name))`,
  );
  const names = (await readdir(MIGRATIONS)).filter((name) => name.slice(0, 4) <= last).sort();
  for (const name of names) {
    const sql = await readFile(join(MIGRATIONS, name), 'utf8');
    await database.pool.query(sql);
    await database.pool.query('insert into meraki_ingest.migrations values ($1, $2, now())', [
      name,
      createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex'),
    ]);
  }
}

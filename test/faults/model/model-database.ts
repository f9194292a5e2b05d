import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../../../src/db/database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { onDatabase, withClient } from '../../support/run-databases.ts';
import { testLog } from '../../support/test-log.ts';
import { copyGapsView } from './views-at-model-time.ts';

/** Drops all partitions, so that every plan makes its own, and empties what is left. */
const AS_NEW = `
  do $$
  declare
    name text;
  begin
    for name in
      select oid::regclass::text from pg_class
      where relnamespace = 'meraki_store'::regnamespace and relispartition and relkind = 'r'
    loop
      execute format('drop table if exists %s', name);
    end loop;
    for name in
      select oid::regclass::text from pg_class
      where relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
        and relkind = 'r' and not relispartition
        and oid not in ('meraki_ingest.migrations'::regclass, 'meraki_store.response_codes'::regclass)
    loop
      execute format('delete from %s', name);
    end loop;
  end
  $$`;

export interface ModelDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes a database that plans can use one after the other. */
export async function createModelDatabase(adminUrl: string): Promise<ModelDatabase> {
  const name = `historian_model_${randomBytes(5).toString('hex')}`;
  await withClient(adminUrl, (client) => client.query(`create database ${name}`));
  const url = onDatabase(adminUrl, name);
  const database = openDatabase(url, testLog);
  await migrate(database);
  await database.close();
  await withClient(url, copyGapsView);
  return {
    url,
    drop: () =>
      withClient(adminUrl, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
      }),
  };
}

/** Connections that stop at no gate, to a database that is as new. */
export async function openObserver(url: string): Promise<pg.Pool> {
  const observer = new pg.Pool({ connectionString: url, max: 2, options: '-c timezone=UTC' });
  observer.on('error', () => undefined);
  await observer.query(AS_NEW);
  return observer;
}

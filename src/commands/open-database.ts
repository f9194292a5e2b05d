import type { Config } from '../config.ts';
import { type Database, openDatabase } from '../db/database.ts';
import { openEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts';
import type { Log } from '../log.ts';

export interface OpenedDatabase {
  readonly database: Database;
  /** With the password, for this process only. */
  readonly url: string;
  /** How to connect for reading: only for the embedded Postgres, whose address nobody else knows. */
  readonly reader: { readonly uri: string; readonly passwordFile: string } | undefined;
  close(): Promise<void>;
}

/**
 * Opens the Postgres of `DATABASE_URL`, or the embedded one where that is not set.
 *
 * @param role `owner` for commands that write: one at a time on an embedded Postgres; `guest` for those that look
 */
export async function openConfiguredDatabase(
  config: Config,
  log: Log,
  role: 'owner' | 'guest',
  maxConnections?: number,
): Promise<OpenedDatabase> {
  if (config.databaseUrl !== undefined) {
    const database = openDatabase(config.databaseUrl, log, maxConnections);
    return { database, url: config.databaseUrl, reader: undefined, close: () => database.close() };
  }
  const embedded = await openEmbeddedPostgres({ dataDir: config.dataDir, log, role });
  const database = openDatabase(embedded.connectionString, log, maxConnections);
  return {
    database,
    url: embedded.connectionString,
    reader: { uri: embedded.readerUri, passwordFile: embedded.readerPasswordFile },
    async close() {
      await database.close();
      await embedded.close();
    },
  };
}

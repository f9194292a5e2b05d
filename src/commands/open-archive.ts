import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { SchemaMismatchError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type OpenedDatabase, openConfiguredDatabase } from './open-database.ts';

/**
 * Opens the archive that is there, beside whoever writes it, for as long as `work` takes.
 *
 * @throws {SchemaMismatchError} when there is none of this version
 */
export async function withArchive<T>(
  { config, log }: { readonly config: Config; readonly log: Log },
  work: (opened: OpenedDatabase) => Promise<T>,
): Promise<T> {
  const opened = await openConfiguredDatabase(config, log, 'guest', 2);
  try {
    await expectArchive(opened.database);
    return await work(opened);
  } finally {
    await opened.close();
  }
}

async function expectArchive(database: Database): Promise<void> {
  const missing = await pendingMigrations(database);
  if (missing.length > 0) {
    throw new SchemaMismatchError(
      'This database holds no archive of this version yet. Run "meraki-historian start", or "meraki-historian migrate".',
      { missing: missing.length },
    );
  }
}

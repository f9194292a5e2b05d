import type { Config } from '../config.ts';
import { hasEmbeddedPostgres } from '../db/embedded/home.ts';
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
  const opened = await openArchivedDatabase(config, log, 2);
  try {
    const missing = await pendingMigrations(opened.database);
    if (missing.length > 0) throw lacksMigrations(missing, config);
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/**
 * Opens the database for a command that only looks at an archive, of whatever version: a mistyped `DATA_DIR` must not
 * become a Postgres.
 *
 * @throws {SchemaMismatchError} when `DATA_DIR` has no Postgres
 */
export async function openArchivedDatabase(
  config: Config,
  log: Log,
  maxConnections: number,
): Promise<OpenedDatabase> {
  if (config.databaseUrl === undefined && !(await hasEmbeddedPostgres(config.dataDir)))
    throw noArchive(config);
  return await openConfiguredDatabase(config, log, 'guest', maxConnections);
}

/** What to tell of a database that is older than this program, or empty. */
export function lacksMigrations(missing: readonly string[], config: Config): SchemaMismatchError {
  // They are applied in order, so what lacks the first has none.
  if (missing[0]?.startsWith('0001_')) return noArchive(config);
  return new SchemaMismatchError(
    `The archive is of an older version: it lacks migrations (${missing.length}). Take a backup, then run "meraki-historian start", or "meraki-historian migrate".`,
    { missing: missing.join(', ') },
  );
}

function noArchive({ databaseUrl, dataDir }: Config): SchemaMismatchError {
  const place =
    databaseUrl === undefined ? `the embedded Postgres in ${dataDir}` : 'the database of DATABASE_URL';
  return new SchemaMismatchError(
    `There is no archive in ${place} yet. If that is the right place, run "meraki-historian start", or "meraki-historian migrate".`,
    {},
  );
}

import type { Config } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import type { Log } from '../log.ts';
import { openConfiguredDatabase } from './open-database.ts';
import { type Output, say } from './output.ts';

/** Applies what is missing and says what that was. */
export async function migrateOnly(options: {
  readonly config: Config;
  readonly log: Log;
  readonly output: Output;
}): Promise<void> {
  const opened = await openConfiguredDatabase(options.config, options.log, 'owner', 2);
  try {
    const applied = await migrate(opened.database, (notice) => options.log.warn(notice));
    if (applied.length === 0) say(options.output, 'The database is up to date.');
    for (const name of applied) say(options.output, `applied ${name}`);
  } finally {
    await opened.close();
  }
}

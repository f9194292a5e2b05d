import { sql } from 'drizzle-orm';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Database, translated } from '../db/database.ts';
import { encodingObstacle } from '../db/encoding.ts';
import type { Finding } from './finding.ts';

/** Oldest Postgres the schema works on. */
const OLDEST_POSTGRES = 150_000;

/** Whether the database is one that an archive can live in. */
export async function databaseFinding(database: Database, config: Config): Promise<Finding> {
  const found = await translated(
    database.query.execute<{ number: string; version: string; read_only: boolean }>(
      sql`select current_setting('server_version_num') as number, current_setting('server_version') as version,
        current_setting('transaction_read_only')::boolean as read_only`,
    ),
  );
  const { number = '0', version = 'unknown', read_only = false } = found.rows[0] ?? {};
  if (Number(number) < OLDEST_POSTGRES) {
    return failed(`Postgres ${version} is too old: 15 or newer is needed`);
  }
  if (read_only) {
    return failed(
      'nothing can be written: it is a standby, or role or database have default_transaction_read_only',
    );
  }
  const obstacle = await encodingObstacle(database.query);
  if (obstacle !== undefined) return failed(obstacle);
  const where = config.databaseUrl === undefined ? 'embedded' : 'DATABASE_URL';
  return { check: 'database', state: 'ok', said: `Postgres ${version} (${where})`, exitCode: 0 };
}

/** How far the clock of Postgres is ahead of this machine's, to within the time a query takes. */
export async function databaseSkewMs(database: Database, clock: Clock): Promise<number> {
  const asked = clock.now();
  const found = await translated(
    database.query.execute<{ now: number }>(
      sql`select (extract(epoch from clock_timestamp()) * 1000)::double precision as now`,
    ),
  );
  return (found.rows[0]?.now ?? 0) - (asked + clock.now()) / 2;
}

function failed(said: string): Finding {
  return { check: 'database', state: 'failed', said, exitCode: 6 };
}

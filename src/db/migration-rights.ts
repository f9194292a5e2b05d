import { sql } from 'drizzle-orm';
import { DatabaseError, MissingRightsError } from '../errors.ts';
import { type Database, translated } from './database.ts';

/**
 * Why the role of `DATABASE_URL` cannot make or change the archive's schemas, and what to do about it.
 *
 * @returns `undefined` where it can
 */
export async function obstacleToMigrating(database: Database): Promise<string | undefined> {
  const found = await translated(
    database.query.execute<{ owner: string | null; grant: string | null }>(sql`
      select (
          select min(pg_get_userbyid(n.nspowner)) from pg_namespace n
          where n.nspname in ('meraki', 'meraki_ingest', 'meraki_store') and not pg_has_role(n.nspowner, 'usage')
        ) as owner,
        case when not has_database_privilege(current_database(), 'create')
          then format('grant create on database %I to %I', current_database(), current_user) end as grant`),
  );
  const { owner = null, grant = null } = found.rows[0] ?? {};
  if (owner !== null) return `The archive belongs to the role ${owner}: use that one in DATABASE_URL.`;
  if (grant === null) return undefined;
  return `The role of DATABASE_URL may not make schemas. ${toldToAdministrator([grant])}`;
}

/** `error` itself, or what to do where it is about rights. */
export async function explainedRights(database: Database, error: unknown): Promise<unknown> {
  if (!(error instanceof DatabaseError) || error.facts['sqlstate'] !== '42501') return error;
  const obstacle = await obstacleToMigrating(database).catch(() => undefined);
  return obstacle === undefined ? error : new MissingRightsError(obstacle, {}, error);
}

/** @param statements at least one, without their semicolons */
export function toldToAdministrator(statements: readonly string[]): string {
  const listed = statements.map((statement) => `  ${statement};`).join('\n');
  return `An administrator has to run, in this database:\n${listed}`;
}

import { type SQL, sql } from 'drizzle-orm';

/**
 * A `timestamptz` as text in ISO 8601, in UTC and to the microsecond: for what is shown to people and programs.
 *
 * @param column SQL of this program's own, never anything from outside
 */
export function isoTime(column: string): SQL {
  return sql.raw(`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
}

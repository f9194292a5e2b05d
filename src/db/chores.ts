import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfMilliseconds } from '../instant.ts';
import { type Queryable, translated } from './database.ts';

/**
 * - `minute`: names of networks, and rollups that were left;
 * - `gaps`: what was lost, and what soon will be;
 * - `forget`: figures of runs, audits and lateness that views no longer show, and idle runs that become one row;
 * - `lateness`: whether settle times are long enough.
 */
export type ChoreName = 'minute' | 'gaps' | 'forget' | 'lateness';

/**
 * Takes on work that one of all workers is to do at a time. Whoever takes it on and dies leaves it until its next turn.
 *
 * @param now by this machine's clock
 * @param everyMs how long after the last turn the next one is due, 0 for at once; a turn that lies further ahead than that was written by
 *   a wrong clock
 * @returns whether it is the caller's to do
 */
export async function claimChore(
  query: Queryable,
  name: ChoreName,
  now: Instant,
  everyMs: number,
): Promise<boolean> {
  const every = instantOfMilliseconds(everyMs);
  const claimed = await translated(
    query.execute(sql`
      insert into meraki_ingest.chores as c (name, begun_at)
      values (${name}, ${formatInstant(now)}::timestamptz)
      on conflict (name) do update set begun_at = excluded.begun_at
      where c.begun_at <= ${formatInstant(now - every)}::timestamptz
        or c.begun_at > ${formatInstant(now + every)}::timestamptz`),
  );
  return (claimed.rowCount ?? 0) > 0;
}

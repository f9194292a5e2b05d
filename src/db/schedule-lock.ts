import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';

/** Any number that nothing else locks. */
const LOCK = 7_240_113;

/**
 * Runs `work` while no other worker runs its own: the queue in Postgres makes two next jobs of a scheduler that two
 * workers make at the same moment.
 */
export async function withScheduleLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return await database.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK}::bigint)`);
    return await work();
  });
}

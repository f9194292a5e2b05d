import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import { type Queryable, translated } from './database.ts';

/** A worker says every minute that it is there; one of whom nothing was heard for longer is taken for gone. */
const GONE_AFTER = instantOfSeconds(90);

/** Says that a worker is there. @param now by this machine's clock, as everywhere in this file */
export async function noteWorker(query: Queryable, workerId: string, now: Instant): Promise<void> {
  const at = formatInstant(now);
  await translated(
    query.execute(sql`
      insert into meraki_ingest.workers (worker_id, started_at, seen_at)
      values (${workerId}, ${at}::timestamptz, ${at}::timestamptz)
      on conflict (worker_id) do update set seen_at = excluded.seen_at`),
  );
}

/** Forgets a worker that ends, and all that ended without saying so. */
export async function forgetWorker(query: Queryable, workerId: string, now: Instant): Promise<void> {
  await translated(
    query.execute(sql`
      delete from meraki_ingest.workers
      where worker_id = ${workerId} or seen_at < ${formatInstant(now - GONE_AFTER)}::timestamptz`),
  );
}

/** Whether another worker is there. */
export async function hasOtherWorkers(query: Queryable, workerId: string, now: Instant): Promise<boolean> {
  const found = await translated(
    query.execute(sql`
      select from meraki_ingest.workers
      where worker_id <> ${workerId} and seen_at >= ${formatInstant(now - GONE_AFTER)}::timestamptz
      limit 1`),
  );
  return found.rows.length > 0;
}

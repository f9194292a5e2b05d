import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Ranges } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { formatMultirange, parseMultirange } from './multirange.ts';

/** By bucket width, the final time that was read again and found equal, or made equal. */
export async function readVerified(query: Queryable, key: StreamKey): Promise<ReadonlyMap<number, Ranges>> {
  const found = await translated(
    query.execute<{ interval_seconds: number; verified: string }>(sql`
      select interval_seconds, verified::text as verified from meraki_ingest.verified_time
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`),
  );
  return new Map(found.rows.map((row) => [row.interval_seconds, parseMultirange(row.verified)]));
}

/**
 * Adds time to what was verified.
 *
 * @param final what is final by now: no other time stays verified
 */
export async function addVerified(
  tx: Transaction,
  key: StreamKey,
  width: number,
  added: Ranges,
  final: Ranges,
  now: Instant,
): Promise<void> {
  await tx.execute(sql`
    insert into meraki_ingest.verified_time as v
      (organization_id, stream, series, interval_seconds, verified, updated_at)
    values (${key.organizationId}, ${key.stream}, ${key.series}, ${width},
      ${formatMultirange(added)}::tstzmultirange, ${formatInstant(now)}::timestamptz)
    on conflict (organization_id, stream, series, interval_seconds) do update set
      verified = (v.verified + excluded.verified) * ${formatMultirange(final)}::tstzmultirange,
      updated_at = excluded.updated_at`);
}

/** Forgets what was verified before `end`, since its rows are dropped. */
export async function forgetVerified(
  tx: Transaction,
  key: StreamKey,
  end: Instant,
  now: Instant,
): Promise<void> {
  await tx.execute(sql`
    update meraki_ingest.verified_time set
      verified = verified * tstzmultirange(tstzrange(${formatInstant(end)}::timestamptz, null)),
      updated_at = ${formatInstant(now)}::timestamptz
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`);
}

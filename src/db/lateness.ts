import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';

/** Rows that were about equally late. Counts and maxima of two of the same bucket merge. */
export interface LatenessCount {
  /** Holds lateness above 2^((bucket - 1) / 4) and up to 2^(bucket / 4) seconds. */
  readonly bucket: number;
  readonly rows: number;
  /** Of `rows`, those that an earlier read of their time did not hold. */
  readonly rowsFoundLate: number;
  /** Rows found in final time, whether or not they are among `rows`. */
  readonly rowsAfterFinal: number;
  readonly maxSeconds: number;
  /** Of those found late; 0 when there are none. */
  readonly lateMaxSeconds: number;
}

/** Adds to what is known of a stream's lateness, on the day of `now`. */
export async function addLateness(
  tx: Transaction,
  key: StreamKey,
  counts: readonly LatenessCount[],
  now: Instant,
): Promise<void> {
  if (counts.length === 0) return;
  const at = formatInstant(now);
  await tx.execute(sql`
    insert into meraki_ingest.lateness as l (organization_id, stream, series, day, bucket, rows, rows_found_late,
      rows_after_final, max_seconds, late_max_seconds, last_seen_at)
    select ${key.organizationId}, ${key.stream}, ${key.series}, ${at.slice(0, 10)}::date, bucket, rows,
      "rowsFoundLate", "rowsAfterFinal", "maxSeconds", "lateMaxSeconds", ${at}::timestamptz
    from json_to_recordset(${JSON.stringify(counts)}::json) as r(bucket integer, rows bigint,
      "rowsFoundLate" bigint, "rowsAfterFinal" bigint, "maxSeconds" double precision,
      "lateMaxSeconds" double precision)
    order by bucket
    on conflict (organization_id, stream, series, day, bucket) do update set
      rows = l.rows + excluded.rows,
      rows_found_late = l.rows_found_late + excluded.rows_found_late,
      rows_after_final = l.rows_after_final + excluded.rows_after_final,
      max_seconds = greatest(l.max_seconds, excluded.max_seconds),
      late_max_seconds = greatest(l.late_max_seconds, excluded.late_max_seconds),
      last_seen_at = excluded.last_seen_at`);
}

/** Forgets the days that ended before `before`. */
export async function deleteOldLateness(query: Queryable, before: Instant): Promise<void> {
  await translated(
    query.execute(
      sql`delete from meraki_ingest.lateness where day < ${formatInstant(before).slice(0, 10)}::date`,
    ),
  );
}

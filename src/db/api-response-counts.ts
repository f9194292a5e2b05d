import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { containsInstant, type Ranges, subtract } from '../ranges.ts';
import type { Transaction } from './database.ts';
import { formatMultirange } from './multirange.ts';
import { markStale } from './rollup-stale.ts';
import type { WriteCounts } from './webhook-deliveries.ts';

export interface ApiResponseCount {
  readonly bucketStart: Instant;
  readonly responseCode: number;
  readonly requestCount: number;
}

/** Whole buckets of one width, as one answer gave them. A bucket of `read` without a count was idle. */
export interface ApiResponseBatch {
  readonly intervalSeconds: number;
  readonly counts: readonly ApiResponseCount[];
  /** The time these buckets were read for. */
  readonly read: Ranges;
  /** The part of `read` that is final with this reading. */
  readonly final: Ranges;
}

/**
 * Replaces the counts of the buckets that were read. A final figure gives way only to another final reading, and
 * then the change is recorded as a revision (invariant I5); equal figures cost no write.
 *
 * @param finalBefore time of this width that was final before this reading
 */
export async function writeApiResponseCounts(
  tx: Transaction,
  stream: { readonly organizationId: string; readonly series: string },
  batch: ApiResponseBatch,
  finalBefore: Ranges,
  now: Instant,
): Promise<WriteCounts> {
  const writable = subtract(batch.read, subtract(finalBefore, batch.final));
  const first = writable[0];
  const last = writable.at(-1);
  if (first === undefined || last === undefined) return { rowsNew: 0, rowsKnown: batch.counts.length };

  const counts = batch.counts.filter((count) => containsInstant(writable, count.bucketStart));
  const reading = sql`json_to_recordset(${JSON.stringify(
    counts.map((count) => ({
      b: formatInstant(count.bucketStart),
      c: count.responseCode,
      n: count.requestCount,
    })),
  )}::json) as r(b timestamptz, c integer, n bigint)`;
  const at = sql`${formatInstant(now)}::timestamptz`;
  const settled = sql`${formatMultirange(finalBefore)}::tstzmultirange`;
  const stored = sql`f.organization_id = ${stream.organizationId} and f.series = ${stream.series}
    and f.interval_seconds = ${batch.intervalSeconds}
    and f.bucket_start >= ${formatInstant(first.from)}::timestamptz
    and f.bucket_start < ${formatInstant(last.to)}::timestamptz
    and ${formatMultirange(writable)}::tstzmultirange @> f.bucket_start`;

  if (finalBefore.length > 0) {
    await tx.execute(sql`
      insert into meraki_store.api_response_revisions (organization_id, series, interval_seconds, bucket_start,
        response_code, revised_at, count_before, count_after)
      select ${stream.organizationId}, ${stream.series}, ${batch.intervalSeconds},
        coalesce(r.b, f.bucket_start), coalesce(r.c, f.response_code), ${at},
        coalesce(f.request_count, 0), coalesce(r.n, 0)
      from (select * from meraki_store.api_response_counts f where ${stored}) f
      full join (select * from ${reading}) r on r.b = f.bucket_start and r.c = f.response_code
      where ${settled} @> coalesce(r.b, f.bucket_start)
        and coalesce(f.request_count, 0) <> coalesce(r.n, 0)
      on conflict (organization_id, series, interval_seconds, bucket_start, response_code, revised_at)
      do update set count_after = excluded.count_after`);
  }
  const vanished = await tx.execute(sql`
    update meraki_store.api_response_counts f set request_count = 0, updated_at = ${at},
      revision = f.revision + (${settled} @> f.bucket_start)::integer
    where ${stored} and f.request_count <> 0
      and not exists (select from ${reading} where r.b = f.bucket_start and r.c = f.response_code)`);
  const written = await tx.execute(sql`
    insert into meraki_store.api_response_counts as f (organization_id, series, interval_seconds, bucket_start,
      response_code, request_count, revision, updated_at)
    select ${stream.organizationId}, ${stream.series}, ${batch.intervalSeconds}, b, c, n,
      (${settled} @> b)::integer, ${at}
    from ${reading}
    order by b, c
    on conflict (organization_id, series, interval_seconds, bucket_start, response_code) do update set
      request_count = excluded.request_count,
      updated_at = excluded.updated_at,
      revision = f.revision + excluded.revision
    where f.request_count is distinct from excluded.request_count`);
  const changed = written.rowCount ?? 0;
  const rowsNew = changed + (vanished.rowCount ?? 0);
  if (rowsNew > 0) await markStale(tx, { ...stream, stream: 'api_responses' }, writable, now);
  return { rowsNew, rowsKnown: batch.counts.length - changed };
}

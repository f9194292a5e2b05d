import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** Deliveries stored around a moment: of its second, minute and hour in UTC. */
export interface StoredDeliveries {
  readonly second: number;
  readonly minute: number;
  readonly hour: number;
}

/** The bucket that holds a moment, at the width that counts there. */
export interface StoredBucket extends Range {
  readonly intervalSeconds: number;
  /** Requests by response code; none for an idle bucket. */
  readonly counts: readonly { readonly responseCode: number; readonly requests: number }[];
}

const HOUR = instantOfSeconds(3_600);
export const MINUTE = instantOfSeconds(60);
const SECOND = instantOfSeconds(1);

export async function countDeliveries(
  query: Queryable,
  organizationId: string,
  moment: Instant,
): Promise<StoredDeliveries> {
  const within = (step: number) => {
    const { from, to } = stepAround(moment, step);
    return sql`sent_at >= ${formatInstant(from)}::timestamptz and sent_at < ${formatInstant(to)}::timestamptz`;
  };
  const found = await translated(
    query.execute<{ second: number; minute: number; hour: number }>(sql`
      select (count(*) filter (where ${within(SECOND)}))::integer as second,
        (count(*) filter (where ${within(MINUTE)}))::integer as minute, count(*)::integer as hour
      from meraki_store.webhook_deliveries
      where organization_id = ${organizationId} and ${within(HOUR)}`),
  );
  return found.rows[0] ?? { second: 0, minute: 0, hour: 0 };
}

/** @returns `undefined` where no bucket that holds the moment is stored or counts as read */
export async function readBucket(
  query: Queryable,
  key: StreamKey,
  moment: Instant,
): Promise<StoredBucket | undefined> {
  const at = sql`${formatInstant(moment)}::timestamptz`;
  const found = await translated(
    query.execute<{
      interval_seconds: number;
      from: string;
      to: string;
      counts: { code: number; requests: number }[];
    }>(sql`
      select b.interval_seconds, b.bucket_start::text as from,
        (b.bucket_start + b.interval_seconds * interval '1 second')::text as to,
        coalesce((
          select json_agg(json_build_object('code', f.response_code, 'requests', f.request_count)
            order by f.response_code)
          from meraki_store.api_response_counts f
          where f.organization_id = b.organization_id and f.series = b.series
            and f.interval_seconds = b.interval_seconds and f.bucket_start = b.bucket_start and f.request_count > 0
        ), '[]') as counts
      from (
        select organization_id, series, interval_seconds,
          to_timestamp(floor(extract(epoch from ${at}) / interval_seconds) * interval_seconds) as bucket_start
        from meraki_ingest.coverage
        where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
          and interval_seconds > 0 and counted @> ${at}
      ) b
      order by b.interval_seconds limit 1`),
  );
  const row = found.rows[0];
  if (row === undefined) return undefined;
  return {
    intervalSeconds: row.interval_seconds,
    from: parseDatabaseInstant(row.from),
    to: parseDatabaseInstant(row.to),
    counts: row.counts.map(({ code, requests }) => ({ responseCode: code, requests })),
  };
}

/** The `step` of time that holds the moment. */
export function stepAround(moment: Instant, step: number): Range {
  const from = Math.floor(moment / step) * step;
  return { from, to: from + step };
}

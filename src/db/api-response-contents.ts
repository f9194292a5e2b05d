import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import type { Ranges } from '../ranges.ts';
import { type Queryable, translated } from './database.ts';
import { formatMultirange } from './multirange.ts';

/** So many requests got one response code, the key, in the bucket that begins at one moment. */
export interface CountContent {
  readonly at: Instant;
  readonly key: string;
  readonly amount: number;
}

/** The counts of one width whose buckets begin within `ranges`; a code whose count is 0 is left out. */
export async function readApiResponseContents(
  query: Queryable,
  stream: { readonly organizationId: string; readonly series: string },
  intervalSeconds: number,
  ranges: Ranges,
): Promise<readonly CountContent[]> {
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await translated(
    query.execute<{ second: string; key: string; amount: string }>(sql`
      select extract(epoch from bucket_start)::bigint::text as second, response_code::text as key,
        request_count::text as amount
      from meraki_store.api_response_counts
      where organization_id = ${stream.organizationId} and series = ${stream.series}
        and interval_seconds = ${intervalSeconds}
        and bucket_start >= ${formatInstant(first.from)}::timestamptz
        and bucket_start < ${formatInstant(last.to)}::timestamptz
        and ${formatMultirange(ranges)}::tstzmultirange @> bucket_start and request_count > 0`),
  );
  return found.rows.map(({ second, key, amount }) => ({
    at: instantOfSeconds(Number(second)),
    key,
    amount: Number(amount),
  }));
}

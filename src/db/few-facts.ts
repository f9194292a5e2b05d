import { type SQL, sql } from 'drizzle-orm';
import { formatInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

/** Whether fewer than `limit` facts of a stream are stored of a stretch of time. No more than these are looked at. */
export async function hasFewFacts(
  query: Queryable,
  key: StreamKey,
  within: Range,
  limit: number,
): Promise<boolean> {
  const found = await translated(
    query.execute<{ count: number }>(sql`
      select count(*)::integer as count from (${factsOf(key, within)} limit ${limit}) as seen`),
  );
  return (found.rows[0]?.count ?? 0) < limit;
}

function factsOf({ organizationId, stream, series }: StreamKey, { from, to }: Range): SQL {
  const isWithin = (column: string) =>
    sql`${sql.raw(column)} >= ${formatInstant(from)}::timestamptz and ${sql.raw(column)} < ${formatInstant(to)}::timestamptz`;
  return stream === 'webhook_logs'
    ? sql`select from meraki_store.webhook_deliveries
        where organization_id = ${organizationId} and ${isWithin('sent_at')}`
    : sql`select from meraki_store.api_response_counts
        where organization_id = ${organizationId} and series = ${series} and ${isWithin('bucket_start')}`;
}

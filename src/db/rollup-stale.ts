import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import { growToGrid, type Ranges, union } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { formatMultirange, parseMultirange } from './multirange.ts';

const FACTS: Readonly<Record<StreamName, string>> = {
  webhook_logs: 'webhook_deliveries',
  api_responses: 'api_response_counts',
};
const HOUR = instantOfSeconds(3_600);

/** The whole hours that `ranges` touch. */
export function hoursOf(ranges: Ranges): Ranges {
  return union(ranges.map((range) => growToGrid(range, HOUR)));
}

/**
 * Says that the facts of these times change with this transaction, so that report views leave the rollups of these
 * hours out until the worker has made them anew. To be called in the transaction that changes the facts.
 *
 * The stream's row is locked even when the hours are stale already: a worker that is about to make them anew has to
 * wait until these facts are committed.
 */
export async function markStale(
  tx: Transaction,
  key: StreamKey,
  ranges: Ranges,
  now: Instant,
): Promise<void> {
  const hours = hoursOf(ranges);
  if (hours.length === 0) return;
  await tx.execute(sql`
    insert into meraki_store.rollup_stale as t (organization_id, stream, series, stale, updated_at)
    values (${key.organizationId}, ${key.stream}, ${key.series}, ${formatMultirange(hours)}::tstzmultirange,
      ${formatInstant(now)}::timestamptz)
    on conflict (organization_id, stream, series) do update
      set stale = t.stale + excluded.stale, updated_at = excluded.updated_at`);
}

/**
 * The stale hours of a stream, whose row is held until the transaction ends; none while somebody else holds it, unless
 * that is to be waited for.
 *
 * Facts come first, as they do for writers and for whoever drops old ones: else these two would wait for each other.
 */
export async function lockStale(tx: Transaction, key: StreamKey, waits = false): Promise<Ranges> {
  await tx.execute(sql`lock table ${sql.raw(`meraki_store.${FACTS[key.stream]}`)} in access share mode`);
  const found = await tx.execute<{ stale: string }>(sql`
    select stale::text as stale from meraki_store.rollup_stale
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
    for update ${sql.raw(waits ? '' : 'skip locked')}`);
  return parseMultirange(found.rows[0]?.stale ?? '{}');
}

export async function readStale(query: Queryable, key: StreamKey): Promise<Ranges> {
  const found = await translated(
    query.execute<{ stale: string }>(sql`
      select stale::text as stale from meraki_store.rollup_stale
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`),
  );
  return parseMultirange(found.rows[0]?.stale ?? '{}');
}

/** Takes hours that were rolled up off the stale ones; `lockStale` comes before it. */
export async function clearStale(tx: Transaction, key: StreamKey, hours: Ranges): Promise<void> {
  await tx.execute(sql`
    update meraki_store.rollup_stale set stale = stale - ${formatMultirange(hours)}::tstzmultirange
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`);
}

/** The streams that have stale hours. */
export async function staleStreams(query: Queryable): Promise<readonly StreamKey[]> {
  const found = await translated(
    query.execute<{ organization_id: string; stream: StreamKey['stream']; series: string }>(sql`
      select organization_id, stream, series from meraki_store.rollup_stale
      where not isempty(stale) order by organization_id, stream, series`),
  );
  return found.rows.map((row) => ({
    organizationId: row.organization_id,
    stream: row.stream,
    series: row.series,
  }));
}

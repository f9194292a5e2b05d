import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfMilliseconds } from '../instant.ts';
import { type Ranges, spanOf } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { formatMultirange, parseDatabaseInstant } from './multirange.ts';
import { quarantineRows, type RefusedRow, SET_ASIDE } from './quarantine.ts';
import { markStale } from './rollup-stale.ts';

/** So many deliveries of one content, by the fingerprint, are stored at one moment. */
export interface DeliveryContent {
  readonly at: Instant;
  readonly key: string;
  readonly amount: number;
}

/** The multiset of the deliveries sent within `ranges`. */
export async function readDeliveryContents(
  query: Queryable,
  organizationId: string,
  ranges: Ranges,
): Promise<readonly DeliveryContent[]> {
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await translated(
    query.execute<{ second: string; micros: number; key: string; amount: number }>(sql`
      select extract(epoch from date_trunc('second', sent_at))::bigint::text as second,
        (extract(microseconds from sent_at)::bigint % 1000000)::integer as micros,
        fingerprint::text as key, count(*)::integer as amount
      from meraki_store.webhook_deliveries
      where organization_id = ${organizationId} and sent_at >= ${formatInstant(first.from)}::timestamptz
        and sent_at < ${formatInstant(last.to)}::timestamptz
        and ${formatMultirange(ranges)}::tstzmultirange @> sent_at
      group by sent_at, fingerprint`),
  );
  return found.rows.map(({ second, micros, key, amount }) => ({
    at: instantOfMilliseconds(Number(second) * 1_000) + micros,
    key,
    amount,
  }));
}

interface SurplusRow extends Record<string, unknown> {
  readonly raw: string;
  readonly sent_at: string;
}

/**
 * Moves deliveries out of the facts into quarantine, as the API would write them. Of each content the copies with
 * the highest numbers go, so that the next read numbers those that stay alike.
 *
 * @param surplus how many copies of each content to move
 * @returns how many rows were moved
 */
export async function setAsideDeliveries(
  tx: Transaction,
  key: StreamKey,
  surplus: readonly DeliveryContent[],
  now: Instant,
): Promise<number> {
  if (surplus.length === 0) return 0;
  const wanted = JSON.stringify(
    surplus.map(({ at, key: fingerprint, amount }) => ({ s: formatInstant(at), f: fingerprint, n: amount })),
  );
  const moved = await tx.execute<SurplusRow>(sql`
    with ranked as (
      select f.sent_at, f.fingerprint, f.occurrence, r.n,
        row_number() over (partition by f.sent_at, f.fingerprint order by f.occurrence desc) as place
      from json_to_recordset(${wanted}::json) as r(s timestamptz, f bigint, n integer)
      join meraki_store.webhook_deliveries f
        on f.organization_id = ${key.organizationId} and f.sent_at = r.s and f.fingerprint = r.f
    ), gone as (
      delete from meraki_store.webhook_deliveries f using ranked
      where f.organization_id = ${key.organizationId} and f.sent_at = ranked.sent_at
        and f.fingerprint = ranked.fingerprint and f.occurrence = ranked.occurrence and ranked.place <= ranked.n
      returning f.*
    )
    select (coalesce(g.extra, '{}') || jsonb_build_object(
      'organizationId', g.organization_id, 'networkId', n.network_id, 'alertType', a.name, 'url', e.url,
      'sentAt', to_char(g.sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'loggedAt', to_char(g.logged_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'responseCode', g.response_code, 'responseDuration', g.response_duration_ms))::text as raw,
      g.sent_at::text as sent_at
    from gone g
    left join meraki_store.networks n on n.organization_id = g.organization_id and n.network_key = g.network_key
    left join meraki_store.alert_types a
      on a.organization_id = g.organization_id and a.alert_type_id = g.alert_type_id
    left join meraki_store.webhook_endpoints e
      on e.organization_id = g.organization_id and e.endpoint_id = g.endpoint_id`);
  const asked = spanOf(surplus.map(({ at }) => at));
  await markStale(tx, key, [asked], now);
  await quarantineRows(tx, key, refusalsOf(moved.rows), { asked, limit: Number.POSITIVE_INFINITY }, now);
  return moved.rows.length;
}

function refusalsOf(moved: readonly SurplusRow[]): readonly RefusedRow[] {
  const copies = new Map<string, number>();
  return moved.map(({ raw, sent_at: sentAt }) => {
    copies.set(raw, (copies.get(raw) ?? 0) + 1);
    return { raw, reason: SET_ASIDE, sentAt: parseDatabaseInstant(sentAt), copies: copies.get(raw) ?? 1 };
  });
}

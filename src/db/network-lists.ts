import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** When the networks of an organization were listed; `undefined`: never. */
export interface NetworkList {
  readonly organizationId: string;
  readonly listedAt: Instant | undefined;
}

/** Of each organization that answers, the longest ago first. */
export async function readNetworkLists(query: Queryable): Promise<readonly NetworkList[]> {
  const found = await translated(
    query.execute<{ organization_id: string; listed_at: string | null }>(sql`
      select o.organization_id, l.listed_at::text as listed_at
      from meraki_store.organizations o
      left join meraki_ingest.network_lists l on l.organization_id = o.organization_id
      where o.state = 'active'
      order by l.listed_at nulls first, o.organization_id`),
  );
  return found.rows.map((row) => ({
    organizationId: row.organization_id,
    listedAt: row.listed_at === null ? undefined : parseDatabaseInstant(row.listed_at),
  }));
}

/**
 * Takes it on to list an organization's networks.
 *
 * @param pause whoever began within so long is still at it, or has just failed
 * @returns whether it is the caller's to do
 */
export async function claimNetworkList(
  query: Queryable,
  organizationId: string,
  now: Instant,
  pause: Instant,
): Promise<boolean> {
  const claimed = await translated(
    query.execute(sql`
      insert into meraki_ingest.network_lists as l (organization_id, asked_at)
      values (${organizationId}, ${formatInstant(now)}::timestamptz)
      on conflict (organization_id) do update set asked_at = excluded.asked_at
      where l.asked_at <= ${formatInstant(now - pause)}::timestamptz
        or l.asked_at > ${formatInstant(now + pause)}::timestamptz`),
  );
  return (claimed.rowCount ?? 0) > 0;
}

/** Notes that an organization's networks were listed completely. */
export async function noteNetworkList(tx: Transaction, organizationId: string, now: Instant): Promise<void> {
  await tx.execute(sql`
    insert into meraki_ingest.network_lists (organization_id, asked_at, listed_at)
    values (${organizationId}, ${formatInstant(now)}::timestamptz, ${formatInstant(now)}::timestamptz)
    on conflict (organization_id) do update set listed_at = excluded.listed_at`);
}

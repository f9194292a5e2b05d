import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Transaction } from './database.ts';

/**
 * Adds an organization's present name to its history, if it differs from the newest one there; the first one counts
 * since the organization was first seen. A clock that was set back does not put a name before an earlier one.
 */
export async function noteOrganizationName(
  tx: Transaction,
  organizationId: string,
  now: Instant,
): Promise<void> {
  await tx.execute(sql`
    insert into meraki_store.organization_names (organization_id, since, name)
    select o.organization_id,
      case when h.since is null then o.first_seen_at
        else greatest(${formatInstant(now)}::timestamptz, h.since + interval '1 microsecond') end,
      o.name
    from meraki_store.organizations o
    left join (
      select organization_id, since, name from meraki_store.organization_names
      where organization_id = ${organizationId} order by since desc limit 1
    ) h on h.organization_id = o.organization_id
    where o.organization_id = ${organizationId} and h.name is distinct from o.name
    on conflict (organization_id, since) do nothing`);
}

/** The same for all networks of an organization. One that is listed without a name keeps the one it had. */
export async function noteNetworkNames(tx: Transaction, organizationId: string, now: Instant): Promise<void> {
  await tx.execute(sql`
    insert into meraki_store.network_names (organization_id, network_key, since, name)
    select n.organization_id, n.network_key,
      case when h.since is null then n.first_seen_at
        else greatest(${formatInstant(now)}::timestamptz, h.since + interval '1 microsecond') end,
      n.name
    from meraki_store.networks n
    left join (
      select distinct on (network_key) network_key, since, name from meraki_store.network_names
      where organization_id = ${organizationId} order by network_key, since desc
    ) h on h.network_key = n.network_key
    where n.organization_id = ${organizationId} and n.name is not null and h.name is distinct from n.name
    order by n.network_key
    on conflict (organization_id, network_key, since) do nothing`);
}

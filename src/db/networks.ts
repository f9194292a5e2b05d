import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Database } from './database.ts';
import { noteNetworkNames } from './name-history.ts';
import { noteNetworkList } from './network-lists.ts';

export interface NetworkRecord {
  readonly networkKey: string;
  readonly networkId: string;
  readonly name: string | null;
  readonly productTypes: readonly string[];
  readonly tags: readonly string[];
  readonly timeZone: string | null;
}

/**
 * Writes names and attributes of an organization's networks as they were listed, and notes that they were; those no
 * longer listed keep what they had.
 */
export async function saveNetworks(
  database: Database,
  organizationId: string,
  networks: readonly NetworkRecord[],
  now: Instant,
): Promise<void> {
  const at = sql`${formatInstant(now)}::timestamptz`;
  // A network that is added while the list is paged moves others to the next page, where they stand once more.
  const once = new Map(networks.map((network) => [network.networkKey, network]));
  const rows = JSON.stringify(
    [...once.values()].map((network) => ({
      k: network.networkKey,
      i: network.networkId,
      n: network.name,
      p: network.productTypes,
      t: network.tags,
      z: network.timeZone,
    })),
  );
  await database.transaction(async (tx) => {
    await tx.execute(sql`
      insert into meraki_store.networks as d (organization_id, network_key, network_id, name, product_types, tags,
        time_zone, first_seen_at, last_seen_at)
      select ${organizationId}, k, i, n, p, t, z, ${at}, ${at}
      from json_to_recordset(${rows}::json) as r(k bigint, i text, n text, p text[], t text[], z text)
      order by k
      on conflict (organization_id, network_key) do update set name = excluded.name,
        product_types = excluded.product_types, tags = excluded.tags, time_zone = excluded.time_zone,
        last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)`);
    await noteNetworkNames(tx, organizationId, now);
    await noteNetworkList(tx, organizationId, now);
  });
}

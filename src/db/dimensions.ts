import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Transaction } from './database.ts';

/** A value that facts refer to by `key`, the hash of its text. */
export interface DimensionMember {
  readonly key: string;
  readonly text: string;
  /** First and last time the batch at hand names it. */
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export interface WebhookDimensions {
  readonly networks: readonly DimensionMember[];
  readonly alertTypes: readonly DimensionMember[];
  readonly endpoints: readonly (DimensionMember & {
    readonly masked: string;
    readonly host: string | null;
  })[];
}

/**
 * Adds members that are new and widens `first_seen_at`/`last_seen_at` of those that are known. `last_seen_at`
 * moves in steps of an hour: a write per page for a figure nobody reads to the second would be waste.
 */
export async function rememberMembers(
  tx: Transaction,
  organizationId: string,
  batch: WebhookDimensions,
): Promise<void> {
  await tx.execute(sql`
    insert into meraki_store.networks as d (organization_id, network_key, network_id, first_seen_at, last_seen_at)
    select ${organizationId}, k, t, f, l from ${members(batch.networks)}
    on conflict (organization_id, network_key) do update set
      first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)
    where ${isWider}`);
  await tx.execute(sql`
    insert into meraki_store.alert_types as d (organization_id, alert_type_id, name, first_seen_at, last_seen_at)
    select ${organizationId}, k, t, f, l from ${members(batch.alertTypes)}
    on conflict (organization_id, alert_type_id) do update set
      first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)
    where ${isWider}`);
  await tx.execute(sql`
    insert into meraki_store.webhook_endpoints as d (organization_id, endpoint_id, url, url_masked, url_host,
      first_seen_at, last_seen_at)
    select ${organizationId}, k, t, m, h, f, l from ${members(batch.endpoints)}
    on conflict (organization_id, endpoint_id) do update set
      first_seen_at = least(d.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at)
    where ${isWider}`);
}

const isWider = sql`excluded.first_seen_at < d.first_seen_at
  or excluded.last_seen_at > d.last_seen_at + interval '1 hour'`;

function members(rows: readonly (DimensionMember & { masked?: string; host?: string | null })[]) {
  const json = JSON.stringify(
    [...rows]
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((row) => ({
        k: row.key,
        t: row.text,
        f: formatInstant(row.firstAt),
        l: formatInstant(row.lastAt),
        m: row.masked,
        h: row.host,
      })),
  );
  return sql`json_to_recordset(${json}::json) as r(k bigint, t text, f timestamptz, l timestamptz, m text, h text)`;
}

import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { spanOf } from '../ranges.ts';
import { UNFILTERED } from '../stream-key.ts';
import type { Transaction } from './database.ts';
import { rememberMembers, type WebhookDimensions } from './dimensions.ts';
import { markStale } from './rollup-stale.ts';

/** One delivery, ready to be stored. Hashes are decimal text, since a double holds 53 of their 64 bits. */
export interface WebhookDelivery {
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
  readonly fingerprint: string;
  readonly occurrence: number;
  readonly networkKey: string;
  readonly alertTypeId: string;
  readonly endpointId: string;
  readonly responseCode: number;
  readonly responseDurationMs: number;
  /** Fields of the row that this version does not know, as a JSON object kept as it came. */
  readonly extra: string | null;
}

export interface WebhookDeliveryBatch extends WebhookDimensions {
  readonly deliveries: readonly WebhookDelivery[];
}

export interface WriteCounts {
  readonly rowsNew: number;
  readonly rowsKnown: number;
  /** The new rows that have instants of their own, where they were asked for. */
  readonly fresh?: readonly FreshRow[];
}

/** A row that was not stored before. */
export interface FreshRow {
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
}

/**
 * Stores deliveries that are not stored yet; those that are stay as they are and cost no write.
 *
 * @param tellFresh whether to name the new ones; to read them back costs a backfill time for nothing
 */
export async function writeWebhookDeliveries(
  tx: Transaction,
  organizationId: string,
  batch: WebhookDeliveryBatch,
  now: Instant,
  tellFresh = false,
): Promise<WriteCounts> {
  if (batch.deliveries.length === 0) return { rowsNew: 0, rowsKnown: 0 };
  await rememberMembers(tx, organizationId, batch);
  const rows = JSON.stringify(
    batch.deliveries.map((row) => ({
      s: formatInstant(row.sentAt),
      f: row.fingerprint,
      o: row.occurrence,
      n: row.networkKey,
      a: row.alertTypeId,
      e: row.endpointId,
      l: formatInstant(row.loggedAt),
      c: row.responseCode,
      d: row.responseDurationMs,
      x: row.extra,
    })),
  );
  const written = await tx.execute<{ copy: string }>(sql`
    insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
      alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at, extra)
    select ${organizationId}, s, f, o, n, a, e, l, c, d, ${formatInstant(now)}::timestamptz, x::jsonb
    from json_to_recordset(${rows}::json) as r(s timestamptz, f bigint, o integer, n bigint, a bigint, e bigint,
      l timestamptz, c integer, d integer, x text)
    order by s, f, o
    on conflict (organization_id, sent_at, fingerprint, occurrence) do nothing
    ${tellFresh ? sql`returning fingerprint::text || ' ' || occurrence as copy` : sql``}`);
  const rowsNew = written.rowCount ?? 0;
  if (rowsNew > 0) {
    const key = { organizationId, stream: 'webhook_logs', series: UNFILTERED } as const;
    await markStale(tx, key, [spanOf(batch.deliveries.map(({ sentAt }) => sentAt))], now);
  }
  const counts = { rowsNew, rowsKnown: batch.deliveries.length - rowsNew };
  if (!tellFresh) return counts;
  const copies = new Set(written.rows.map((row) => row.copy));
  const isFresh = (row: WebhookDelivery) => copies.has(`${row.fingerprint} ${row.occurrence}`);
  return { ...counts, fresh: batch.deliveries.filter(isFresh) };
}

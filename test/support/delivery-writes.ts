import { beforeEach } from 'vitest';
import type { DimensionMember } from '../../src/db/dimensions.ts';
import { Partitions } from '../../src/db/partitions.ts';
import {
  type WebhookDeliveryBatch,
  type WriteCounts,
  writeWebhookDeliveries,
} from '../../src/db/webhook-deliveries.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { deliveryBatch, type WebhookDelivery } from './delivery-batch.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';

export const SENT: Instant = parseInstant('2026-01-15T12:00:00.940999Z') ?? 0;
export const NOW: Instant = parseInstant('2026-01-15T12:05:00.000001Z') ?? 0;
export const HOUR = instantOfSeconds(3_600);
export const LEAST = '-9223372036854775808';
export const MOST = '9223372036854775807';

export const ROW: WebhookDelivery = {
  sentAt: SENT,
  loggedAt: SENT + 14_001,
  fingerprint: BigInt(LEAST),
  occurrence: 0,
  networkKey: BigInt(MOST),
  alertTypeId: -1n,
  endpointId: BigInt(LEAST),
  responseCode: 200,
  responseDurationMs: 14,
  extra: null,
};

export let owned: TestDatabase;

/** Gives each test of the file that calls it an archive with room for {@link ROW}. */
export function emptyArchiveForEachTest(): void {
  beforeEach(async () => {
    owned = await emptyTestDatabase();
    await new Partitions(owned.database).ensure('webhook_deliveries', { from: SENT - HOUR, to: SENT + HOUR });
  });
}

export function member(key: string, text: string, firstAt = SENT, lastAt = SENT): DimensionMember {
  return { key, text, firstAt, lastAt };
}

export function batchOf(...deliveries: readonly WebhookDelivery[]): WebhookDeliveryBatch {
  return deliveryBatch(deliveries, {
    networks: [member(MOST, 'N_1')],
    alertTypes: [member('-1', '')],
    endpoints: [
      { ...member(LEAST, 'https://chat.test/secret'), masked: 'https://chat.test/***', host: 'chat.test' },
    ],
  });
}

export function write(batch: WebhookDeliveryBatch, organizationId = '1', now = NOW): Promise<WriteCounts> {
  return owned.database.transaction((tx) => writeWebhookDeliveries(tx, organizationId, batch, now));
}

export async function rows(query: string): Promise<unknown[]> {
  return (await owned.database.pool.query(query)).rows;
}

/** Changes with every version of every row that is written, even to the same values. */
export async function versions(): Promise<unknown[]> {
  const tables = ['webhook_deliveries', 'networks', 'alert_types', 'webhook_endpoints'];
  const each = tables.map((table) => `select '${table}' as name, xmin, ctid from meraki_store.${table}`);
  return rows(`${each.join(' union all ')} order by 1, 3`);
}

import type { DeliveryColumns } from '../../src/db/delivery-columns.ts';
import type { WebhookDimensions } from '../../src/db/dimensions.ts';
import type { WebhookDeliveryBatch } from '../../src/db/webhook-deliveries.ts';
import type { Instant } from '../../src/instant.ts';

/** A delivery, as tests write it down. */
export interface WebhookDelivery {
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
  readonly fingerprint: bigint;
  readonly occurrence: number;
  readonly networkKey: bigint;
  readonly alertTypeId: bigint;
  readonly endpointId: bigint;
  readonly responseCode: number;
  readonly responseDurationMs: number;
  readonly extra: string | null;
}

export function deliveryColumns(rows: readonly WebhookDelivery[]): DeliveryColumns {
  return {
    sentAt: Float64Array.from(rows, (row) => row.sentAt),
    loggedAt: Float64Array.from(rows, (row) => row.loggedAt),
    fingerprint: BigInt64Array.from(rows, (row) => row.fingerprint),
    occurrence: Int32Array.from(rows, (row) => row.occurrence),
    networkKey: BigInt64Array.from(rows, (row) => row.networkKey),
    alertTypeId: BigInt64Array.from(rows, (row) => row.alertTypeId),
    endpointId: BigInt64Array.from(rows, (row) => row.endpointId),
    responseCode: Int32Array.from(rows, (row) => row.responseCode),
    responseDurationMs: Int32Array.from(rows, (row) => row.responseDurationMs),
    extra: new Map(rows.flatMap(({ extra }, place) => (extra === null ? [] : [[place, extra]]))),
  };
}

/** Deliveries ready to be written, that name nothing but what is given. */
export function deliveryBatch(
  rows: readonly WebhookDelivery[],
  dimensions: Partial<WebhookDimensions> = {},
): WebhookDeliveryBatch {
  const deliveries = deliveryColumns(rows);
  const nothing = { networks: [], alertTypes: [], endpoints: [] };
  return { identities: deliveries, contents: () => ({ deliveries, ...nothing, ...dimensions }) };
}

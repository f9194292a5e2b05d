import type { DimensionMember } from '../db/dimensions.ts';
import type { WebhookDeliveryBatch } from '../db/webhook-deliveries.ts';
import type { Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Reading } from '../sync/stream.ts';
import { hash64 } from './hash.ts';
import { maskUrl } from './receiver-url.ts';
import { memberKey, type WebhookLogRow } from './webhook-log-row.ts';

export interface NumberedRow {
  readonly row: WebhookLogRow;
  readonly fingerprint: bigint;
  /** Number of the copy among wholly identical rows. */
  readonly occurrence: number;
}

/** Rows with the dimension members they name. */
export function deliveryBatchOf(
  organizationId: string,
  numbered: readonly NumberedRow[],
): WebhookDeliveryBatch {
  const keyOf = (text: string) => memberKey(organizationId, text);
  const networks = new Members(hash64);
  const alertTypes = new Members(keyOf);
  const endpoints = new Members(keyOf);
  const deliveries = numbered.map(({ row, fingerprint, occurrence }) => ({
    sentAt: row.sentAt,
    loggedAt: row.loggedAt,
    fingerprint,
    occurrence,
    networkKey: networks.see(row.networkId, row.sentAt),
    alertTypeId: alertTypes.see(row.alertType, row.sentAt),
    endpointId: endpoints.see(row.url, row.sentAt),
    responseCode: row.responseCode,
    responseDurationMs: row.responseDuration,
    extra: row.extra,
  }));
  return {
    deliveries,
    networks: networks.all,
    alertTypes: alertTypes.all,
    endpoints: endpoints.all.map((member) => ({ ...member, ...maskUrl(member.text) })),
  };
}

/** The members of a dimension that rows name, each hashed once. */
class Members {
  readonly #keyOf: (text: string) => string;
  readonly #members = new Map<string, SeenMember>();

  constructor(keyOf: (text: string) => string) {
    this.#keyOf = keyOf;
  }

  get all(): readonly DimensionMember[] {
    return [...this.#members].map(([text, { id, firstAt, lastAt }]) => ({
      key: String(id),
      text,
      firstAt,
      lastAt,
    }));
  }

  /** @returns the member's key */
  see(text: string, at: Instant): bigint {
    const known = this.#members.get(text);
    if (known === undefined) {
      const id = BigInt(this.#keyOf(text));
      this.#members.set(text, { id, firstAt: at, lastAt: at });
      return id;
    }
    if (at < known.firstAt) known.firstAt = at;
    if (at > known.lastAt) known.lastAt = at;
    return known.id;
  }
}

interface SeenMember {
  readonly id: bigint;
  firstAt: Instant;
  lastAt: Instant;
}

/** Where rows of a page go. */
export function partitionsOf(rows: readonly NumberedRow[]): Reading['partitions'] {
  if (rows.length === 0) return [];
  let range: Range = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  for (const { row } of rows) {
    range = { from: Math.min(range.from, row.sentAt), to: Math.max(range.to, row.sentAt + 1) };
  }
  return [{ table: 'webhook_deliveries', range }];
}

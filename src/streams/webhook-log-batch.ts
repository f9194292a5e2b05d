import type { DimensionMember } from '../db/dimensions.ts';
import type { WebhookDeliveryBatch } from '../db/webhook-deliveries.ts';
import type { Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { Reading } from '../sync/stream.ts';
import { hash64 } from './hash.ts';
import { maskUrl } from './receiver-url.ts';
import { deliveryOf, memberKey, type WebhookLogRow } from './webhook-log-row.ts';

export interface NumberedRow {
  readonly row: WebhookLogRow;
  readonly fingerprint: string;
  /** Number of the copy among wholly identical rows. */
  readonly occurrence: number;
}

/** Rows with the dimension members they name. */
export function deliveryBatchOf(
  organizationId: string,
  numbered: readonly NumberedRow[],
): WebhookDeliveryBatch {
  const rows = numbered.map(({ row }) => row);
  const keyOf = (text: string) => memberKey(organizationId, text);
  return {
    deliveries: numbered.map(({ row, fingerprint, occurrence }) => deliveryOf(row, fingerprint, occurrence)),
    networks: membersOf(rows, (row) => row.networkId, hash64),
    alertTypes: membersOf(rows, (row) => row.alertType, keyOf),
    endpoints: membersOf(rows, (row) => row.url, keyOf).map((member) => ({
      ...member,
      ...maskUrl(member.text),
    })),
  };
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

function membersOf(
  rows: readonly WebhookLogRow[],
  textOf: (row: WebhookLogRow) => string,
  keyOf: (text: string) => string,
): DimensionMember[] {
  const members = new Map<string, { firstAt: Instant; lastAt: Instant }>();
  for (const row of rows) {
    const member = members.get(textOf(row));
    if (member === undefined) members.set(textOf(row), { firstAt: row.sentAt, lastAt: row.sentAt });
    else {
      member.firstAt = Math.min(member.firstAt, row.sentAt);
      member.lastAt = Math.max(member.lastAt, row.sentAt);
    }
  }
  return [...members].map(([text, seen]) => ({ key: keyOf(text), text, ...seen }));
}

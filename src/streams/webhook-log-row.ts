import { z } from 'zod';
import type { WebhookDelivery } from '../db/webhook-deliveries.ts';
import { parseInstant } from '../instant.ts';
import { hash64 } from './hash.ts';

const plainText = z.string().refine((text) => !text.includes('\0') && text.isWellFormed(), {
  error: 'holds characters that a database text cannot hold',
});
const timestamp = plainText.transform((text, context) => {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  context.addIssue({ code: 'custom', message: 'is not an ISO 8601 timestamp to the microsecond' });
  return z.NEVER;
});
const rowShape = z.looseObject({
  organizationId: plainText,
  networkId: plainText,
  alertType: plainText,
  url: plainText,
  sentAt: timestamp,
  loggedAt: timestamp,
  responseCode: z.int32(),
  responseDuration: z.int32(),
});
/** A row of the log that has all eight documented fields. */
export type WebhookLogRow = z.infer<typeof rowShape>;
const KNOWN_FIELDS = new Set(Object.keys(rowShape.shape));

/** Reads one row as received; a row that is not of the documented form gives the reason. */
export function parseWebhookLogRow(received: unknown): WebhookLogRow | { readonly reason: string } {
  const row = rowShape.safeParse(received);
  if (row.success) return row.data;
  return {
    reason: row.error.issues.map((issue) => `${issue.path.join('.') || 'row'}: ${issue.message}`).join('; '),
  };
}

/**
 * Identity of a row's content, over its eight documented fields. Timestamps enter as instants: the same moment
 * written with fewer digits is the same delivery.
 */
export function fingerprintOf(row: WebhookLogRow): string {
  return hash64(
    JSON.stringify([
      row.organizationId,
      row.networkId,
      row.alertType,
      row.url,
      row.sentAt,
      row.loggedAt,
      row.responseCode,
      row.responseDuration,
    ]),
  );
}

export function deliveryOf(row: WebhookLogRow, fingerprint: string, occurrence: number): WebhookDelivery {
  const unknown = Object.entries(row).filter(([name]) => !KNOWN_FIELDS.has(name));
  return {
    sentAt: row.sentAt,
    loggedAt: row.loggedAt,
    fingerprint,
    occurrence,
    networkKey: hash64(row.networkId),
    alertTypeId: hash64(row.alertType),
    endpointId: hash64(row.url),
    responseCode: row.responseCode,
    responseDurationMs: row.responseDuration,
    extra: unknown.length === 0 ? null : Object.fromEntries(unknown),
  };
}

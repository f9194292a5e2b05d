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

export type ParsedRow =
  | { readonly ok: true; readonly row: WebhookLogRow }
  | { readonly ok: false; readonly reason: string };

/** Escapes that Postgres refuses in `jsonb`: NUL and unpaired surrogates. */
const NOT_STORABLE_AS_JSON = /\\u(?:0000|d[89a-f])/;

/** Reads one row as received; a row that is not of the documented form gives the reason. */
export function parseWebhookLogRow(received: unknown): ParsedRow {
  const row = rowShape.safeParse(received);
  if (row.success) {
    const odd = NOT_STORABLE_AS_JSON.test(JSON.stringify(unknownFields(row.data)));
    return odd
      ? { ok: false, reason: 'an unknown field holds characters that a database text cannot hold' }
      : { ok: true, row: row.data };
  }
  return {
    ok: false,
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
  const unknown = unknownFields(row);
  return {
    sentAt: row.sentAt,
    loggedAt: row.loggedAt,
    fingerprint,
    occurrence,
    networkKey: hash64(row.networkId),
    alertTypeId: memberKey(row.organizationId, row.alertType),
    endpointId: memberKey(row.organizationId, row.url),
    responseCode: row.responseCode,
    responseDurationMs: row.responseDuration,
    extra: Object.keys(unknown).length === 0 ? null : unknown,
  };
}

/** Key of a dimension's member; its organization is in it, so that ids of two organizations never meet. */
export function memberKey(organizationId: string, text: string): string {
  return hash64(JSON.stringify([organizationId, text]));
}

function unknownFields(row: WebhookLogRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !KNOWN_FIELDS.has(name)));
}

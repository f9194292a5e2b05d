import { z } from 'zod';
import { type Instant, parseInstant } from '../instant.ts';
import type { Occurring } from '../sync/occurrences.ts';
import type { DocumentedFields } from './field-drift.ts';
import { hash64, hashOf } from './hash.ts';
import { notStorable, rawFields } from './raw-json.ts';
import { refusalReason } from './refusal-reason.ts';
import { remembered } from './remembered.ts';

const plainString = z.string().refine(isPlainText, {
  error: 'holds characters that a database text cannot hold',
});
const timestamp = plainString.transform((text, context) => {
  const instant = parseInstant(text);
  if (instant !== undefined) return instant;
  context.addIssue({ code: 'custom', message: 'is not an ISO 8601 timestamp to the microsecond' });
  return z.NEVER;
});
const rowShape = z.object({
  organizationId: plainString,
  networkId: plainString,
  alertType: plainString,
  url: plainString,
  sentAt: timestamp,
  loggedAt: timestamp,
  responseCode: z.int32(),
  responseDuration: z.int32(),
});

/** A row of the log that has all eight documented fields. */
export interface WebhookLogRow extends Readonly<z.infer<typeof rowShape>> {
  /** Fields that this version does not know, as a JSON object in the source's own writing; `null`: none. */
  readonly extra: string | null;
}

/** A row of which is known what it holds, and how many wholly identical ones its read has given before. */
export interface NumberedRow extends WebhookLogRow {
  readonly fingerprint: bigint;
  /** Number of the copy among wholly identical rows. */
  readonly occurrence: number;
}

/**
 * A row as read. There is one object for each, from the page to the store: pages have a thousand rows, and what is
 * made for every one of them costs more to clear away than to make.
 */
export class UnderstoodRow implements NumberedRow, Occurring {
  readonly organizationId: string;
  readonly networkId: string;
  readonly alertType: string;
  readonly url: string;
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
  readonly responseCode: number;
  readonly responseDuration: number;
  readonly extra: string | null;
  readonly fingerprint: bigint;
  /** Told by whoever knows the pages before. */
  occurrence = 0;

  constructor(row: WebhookLogRow, fingerprint: bigint) {
    this.organizationId = row.organizationId;
    this.networkId = row.networkId;
    this.alertType = row.alertType;
    this.url = row.url;
    this.sentAt = row.sentAt;
    this.loggedAt = row.loggedAt;
    this.responseCode = row.responseCode;
    this.responseDuration = row.responseDuration;
    this.extra = row.extra;
    this.fingerprint = fingerprint;
  }

  get isRefused(): false {
    return false;
  }

  /** A text only where somebody asks for it: of nearly all rows nobody does. */
  get identity(): string {
    return String(this.fingerprint);
  }
}

export const WEBHOOK_LOG_FIELDS: DocumentedFields = {
  organizationId: 'string',
  networkId: 'string',
  alertType: 'string',
  url: 'string',
  sentAt: 'string',
  loggedAt: 'string',
  responseCode: 'number',
  responseDuration: 'number',
};
const DOCUMENTED = Object.keys(WEBHOOK_LOG_FIELDS).length;

export type ParsedRow = UnderstoodRow | { readonly isRefused: true; readonly reason: string };

/**
 * Reads one row as received; a row that is not of the documented form gives the reason.
 *
 * @param raw gives the row's own text, which is wanted only where it has fields that are not documented: those are
 * kept to the letter. A documented field named twice counts as every JSON reader counts it, the last one.
 */
export function parseWebhookLogRow(received: unknown, raw: () => string): ParsedRow {
  const documented = documentedRow(received);
  if (documented !== undefined) return documented;
  const row = rowShape.safeParse(received);
  if (!row.success) return { isRefused: true, reason: refusalReason(row.error, 'row') };
  const given = Object.keys(received as object);
  if (given.length === DOCUMENTED) return understood({ ...row.data, extra: null });
  const unknown = new Set(given.filter((name) => !Object.hasOwn(WEBHOOK_LOG_FIELDS, name)));
  const fields = rawFields(raw()).filter(([name]) => unknown.has(name));
  if (fields.length > unknown.size) return { isRefused: true, reason: 'an unknown field is named twice' };
  const extra = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
  const odd = notStorable(extra);
  if (odd !== undefined) return { isRefused: true, reason: `an unknown field ${odd}` };
  return understood({ ...row.data, extra });
}

function understood(row: WebhookLogRow): UnderstoodRow {
  return new UnderstoodRow(row, fingerprintOf(row));
}

/** The row if it has the eight documented fields and no other, as nearly all have; whatever is odd is left to zod. */
function documentedRow(received: unknown): UnderstoodRow | undefined {
  if (typeof received !== 'object' || received === null) return undefined;
  const { organizationId, networkId, alertType, url, sentAt, loggedAt, responseCode, responseDuration } =
    received as Readonly<Record<string, unknown>>;
  const organization = organizationOf(organizationId);
  const network = networkOf(networkId);
  const alert = alertTypeOf(alertType);
  const receiver = receiverOf(url);
  if (organization === undefined || network === undefined) return undefined;
  if (alert === undefined || receiver === undefined) return undefined;
  if (!isInt32(responseCode) || !isInt32(responseDuration)) return undefined;
  if (typeof sentAt !== 'string' || typeof loggedAt !== 'string') return undefined;
  const sent = parseInstant(sentAt);
  const logged = parseInstant(loggedAt);
  if (sent === undefined || logged === undefined) return undefined;
  if (Object.keys(received).length !== DOCUMENTED) return undefined;
  const row = {
    organizationId: organization.text,
    networkId: network.text,
    alertType: alert.text,
    url: receiver.text,
    sentAt: sent,
    loggedAt: logged,
    responseCode,
    responseDuration,
    extra: null,
  };
  const texts = `${organization.json},${network.json},${alert.json},${receiver.json}`;
  return new UnderstoodRow(row, fingerprintOf(row, texts));
}

interface PlainText {
  readonly text: string;
  readonly json: string;
}

/** Texts of a field come again and again: one of each stays, and those of every row go with their page. */
function plainTexts(): (value: unknown) => PlainText | undefined {
  const kept = remembered((text): PlainText | undefined =>
    isPlainText(text) ? { text, json: JSON.stringify(text) } : undefined,
  );
  return (value) => (typeof value === 'string' ? kept(value) : undefined);
}

const organizationOf = plainTexts();
const networkOf = plainTexts();
const alertTypeOf = plainTexts();
const receiverOf = plainTexts();

function isPlainText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function isInt32(value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value === Math.max(-(2 ** 31), Math.min(value, 2 ** 31 - 1))
  );
}

/**
 * Identity of a row's content, over its eight documented fields. Timestamps enter as instants: the same moment
 * written with fewer digits is the same delivery.
 *
 * @param texts the JSON of the four texts, where the caller has it
 */
export function fingerprintOf(row: WebhookLogRow, texts = jsonOfTexts(row)): bigint {
  // The JSON text of an array of the eight, put together from parts.
  return hashOf(`[${texts},${row.sentAt},${row.loggedAt},${row.responseCode},${row.responseDuration}]`);
}

function jsonOfTexts({ organizationId, networkId, alertType, url }: WebhookLogRow): string {
  return [organizationId, networkId, alertType, url].map((text) => JSON.stringify(text)).join(',');
}

/** Key of a dimension's member; its organization is in it, so that ids of two organizations never meet. */
export function memberKey(organizationId: string, text: string): string {
  return hash64(JSON.stringify([organizationId, text]));
}

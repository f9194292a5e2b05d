/*
 * A page of the log, row by row: understood, or refused with its text. Both keep their place, since identical rows
 * are told apart by their number in the order of the page.
 */
import { quarantineDigest, type RefusedRow } from '../db/quarantine.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Occurring, refusedFingerprint } from '../sync/occurrences.ts';
import type { OpenWindow } from '../sync/open-window.ts';
import { DriftNotes } from './field-drift.ts';
import { rawItems } from './raw-json.ts';
import {
  type ParsedRow,
  parseWebhookLogRow,
  WEBHOOK_LOG_FIELDS,
  type WebhookLogRow,
} from './webhook-log-row.ts';

/** Rows this far outside what was asked have a broken clock, not a late log. */
const PLAUSIBLE = instantOfSeconds(86_400);

/** A row at its place; a refused one stands where the row before it does. */
export type PlacedRow = UnderstoodRow | PlacedRefusal;

interface PlacedRefusal extends Occurring {
  readonly isRefused: true;
  readonly row: null;
  readonly refused: Omit<RefusedRow, 'copies'>;
}

/** Its identity is a text only where somebody asks for it: of nearly all rows nobody does. */
class UnderstoodRow implements Occurring {
  readonly refused = null;
  readonly isRefused = false;
  readonly row: WebhookLogRow;
  readonly hash: bigint;

  constructor(row: WebhookLogRow, hash: bigint) {
    this.row = row;
    this.hash = hash;
  }

  get sentAt(): Instant {
    return this.row.sentAt;
  }

  get fingerprint(): string {
    return String(this.hash);
  }
}

export interface LogPage {
  readonly rows: readonly PlacedRow[];
  readonly drift: readonly FieldDrift[];
}

/** @param text the page's own text, of which `received` is the value */
export function readLogPage(
  key: StreamKey,
  window: OpenWindow,
  received: readonly unknown[],
  text: string,
): LogPage {
  let cut: readonly string[] | undefined;
  const rawOf = (index: number) => {
    cut ??= rawItems(text);
    return cut[index] ?? 'null';
  };
  const drift = new DriftNotes();
  const parsed = received.map((item, index) => {
    const outcome = parseWithin(key, window.asked, item, () => rawOf(index));
    if (!outcome.ok || outcome.row.extra !== null) drift.compare(item, WEBHOOK_LOG_FIELDS);
    return outcome;
  });
  const first = parsed.find((outcome) => outcome.ok);
  let place = window.occurrences.at ?? window.lastInstant ?? first?.row.sentAt ?? window.asked.from;
  const rows = parsed.map((outcome, index): PlacedRow => {
    if (outcome.ok) {
      place = outcome.row.sentAt;
      return new UnderstoodRow(outcome.row, outcome.fingerprint);
    }
    const raw = rawOf(index);
    const refused = { raw, reason: outcome.reason, sentAt: sentAtOf(received[index]) };
    const fingerprint = refusedFingerprint(quarantineDigest(raw));
    return { row: null, refused, isRefused: true, sentAt: place, fingerprint };
  });
  return { rows, drift: drift.all };
}

/** Reads a row and sees that it belongs to this organization and to about the window it was asked in. */
export function parseWithin(key: StreamKey, asked: Range, received: unknown, raw: () => string): ParsedRow {
  const parsed = parseWebhookLogRow(received, raw);
  if (!parsed.ok) return parsed;
  if (parsed.row.organizationId !== key.organizationId) {
    return { ok: false, reason: 'organizationId: is not the organization asked for' };
  }
  const { sentAt } = parsed.row;
  if (sentAt < asked.from - PLAUSIBLE || sentAt > asked.to + PLAUSIBLE) {
    return { ok: false, reason: 'sentAt: lies more than a day outside the window asked for' };
  }
  return parsed;
}

function sentAtOf(received: unknown): Instant | null {
  if (typeof received !== 'object' || received === null) return null;
  const sentAt = 'sentAt' in received ? received.sentAt : undefined;
  return typeof sentAt === 'string' ? (parseInstant(sentAt) ?? null) : null;
}

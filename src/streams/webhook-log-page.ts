/*
 * A page of the log, row by row: understood, or refused with its text. Both keep their place, since identical rows
 * are told apart by their number in the order of the page.
 */
import { quarantineDigest, type RefusedRow } from '../db/quarantine.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Occurring, refusedIdentity } from '../sync/occurrences.ts';
import type { OpenWindow } from '../sync/open-window.ts';
import { DriftNotes } from './field-drift.ts';
import { rawItems } from './raw-json.ts';
import {
  type ParsedRow,
  parseWebhookLogRow,
  type UnderstoodRow,
  WEBHOOK_LOG_FIELDS,
} from './webhook-log-row.ts';

/** Rows this far outside what was asked have a broken clock, not a late log. */
const PLAUSIBLE = instantOfSeconds(86_400);

/** A row at its place; a refused one stands where the row before it does. */
export type PlacedRow = UnderstoodRow | PlacedRefusal;

interface PlacedRefusal extends Occurring {
  readonly isRefused: true;
  readonly refused: Omit<RefusedRow, 'copies'>;
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
    const row = parseWithin(key, window.asked, item, () => rawOf(index));
    if (row.isRefused || row.extra !== null) drift.compare(item, WEBHOOK_LOG_FIELDS);
    return row;
  });
  const first = parsed.find((row) => !row.isRefused);
  let place = window.occurrences.at ?? window.lastInstant ?? first?.sentAt ?? window.asked.from;
  const rows = parsed.map((row, index): PlacedRow => {
    if (!row.isRefused) {
      place = row.sentAt;
      return row;
    }
    const raw = rawOf(index);
    const refused = { raw, reason: row.reason, sentAt: sentAtOf(received[index]) };
    return { isRefused: true, refused, sentAt: place, identity: refusedIdentity(quarantineDigest(raw)) };
  });
  return { rows, drift: drift.all };
}

/** Reads a row and sees that it belongs to this organization and to about the window it was asked in. */
export function parseWithin(key: StreamKey, asked: Range, received: unknown, raw: () => string): ParsedRow {
  const row = parseWebhookLogRow(received, raw);
  if (row.isRefused) return row;
  if (row.organizationId !== key.organizationId) {
    return { isRefused: true, reason: 'organizationId: is not the organization asked for' };
  }
  if (row.sentAt < asked.from - PLAUSIBLE || row.sentAt > asked.to + PLAUSIBLE) {
    return { isRefused: true, reason: 'sentAt: lies more than a day outside the window asked for' };
  }
  return row;
}

function sentAtOf(received: unknown): Instant | null {
  if (typeof received !== 'object' || received === null) return null;
  const sentAt = 'sentAt' in received ? received.sentAt : undefined;
  return typeof sentAt === 'string' ? (parseInstant(sentAt) ?? null) : null;
}

/*
 * An answer about counts, bucket by bucket: understood, or refused with its text. The place of a refused bucket is
 * not claimed, so what cannot be true is refused here: a bucket given twice with different counts (neither is
 * believed, a second read decides), a bucket far from the window, and widths without end.
 */
import { quarantineDigest, type RefusedRow } from '../db/quarantine.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import {
  type ApiResponseBucket,
  BUCKET_FIELDS,
  COUNT_FIELDS,
  type ParsedBucket,
  parseApiResponseBucket,
} from './api-response-bucket.ts';
import { DriftNotes } from './field-drift.ts';
import { rawItems } from './raw-json.ts';

const PLAUSIBLE = instantOfSeconds(86_400);
/** Four are documented. Each width that is stored has coverage of its own. */
const MOST_WIDTHS = 16;
export const CONTRADICTION = 'the answer has this bucket twice, with other counts';

export interface BucketPage {
  /** Each place and width once. */
  readonly buckets: readonly ApiResponseBucket[];
  readonly refused: readonly RefusedRow[];
  readonly drift: readonly FieldDrift[];
  readonly received: number;
  /** Buckets that the answer gave once more, alike. */
  readonly repeated: number;
}

/** @param text the answer's own text, of which `received` is the value */
export function readBucketPage(asked: Range, received: readonly unknown[], text: string): BucketPage {
  const drift = new DriftNotes();
  const understood = new Map<string, { readonly bucket: ApiResponseBucket; readonly indexes: number[] }>();
  const reasons = new Map<number, string>();
  const widths = new Set<number>();
  const contradicted = new Set<string>();
  for (const [index, item] of received.entries()) {
    const parsed = parseWithin(asked, item, widths);
    if (!parsed.ok || hasUnknown(item)) compareBucket(drift, item);
    if (!parsed.ok) {
      reasons.set(index, parsed.reason);
      continue;
    }
    const place = `${parsed.bucket.start} ${parsed.bucket.intervalSeconds}`;
    const before = understood.get(place);
    if (before === undefined) understood.set(place, { bucket: parsed.bucket, indexes: [index] });
    else {
      before.indexes.push(index);
      if (!sameCounts(before.bucket, parsed.bucket)) contradicted.add(place);
    }
  }
  for (const place of contradicted) {
    for (const index of understood.get(place)?.indexes ?? []) reasons.set(index, CONTRADICTION);
    understood.delete(place);
  }
  return {
    buckets: [...understood.values()].map(({ bucket }) => bucket),
    refused: refusedOf(received, reasons, text),
    drift: drift.all,
    received: received.length,
    repeated: [...understood.values()].reduce((sum, { indexes }) => sum + indexes.length - 1, 0),
  };
}

function parseWithin(asked: Range, item: unknown, widths: Set<number>): ParsedBucket {
  const parsed = parseApiResponseBucket(item);
  if (!parsed.ok) return parsed;
  const { start, end, intervalSeconds } = parsed.bucket;
  if (end < asked.from - PLAUSIBLE || start > asked.to + PLAUSIBLE) {
    return { ok: false, reason: 'startTs: lies more than a day outside the window asked for' };
  }
  if (widths.size >= MOST_WIDTHS && !widths.has(intervalSeconds)) {
    return { ok: false, reason: `the answer has buckets of more than ${MOST_WIDTHS} widths` };
  }
  widths.add(intervalSeconds);
  return parsed;
}

function refusedOf(
  received: readonly unknown[],
  reasons: ReadonlyMap<number, string>,
  text: string,
): readonly RefusedRow[] {
  if (reasons.size === 0) return [];
  const raws = rawItems(text);
  const copies = new Map<string, number>();
  return [...reasons].map(([index, reason]) => {
    const raw = raws[index] ?? 'null';
    const digest = quarantineDigest(raw);
    copies.set(digest, (copies.get(digest) ?? 0) + 1);
    return { raw, reason, sentAt: startOf(received[index]), copies: copies.get(digest) ?? 1 };
  });
}

function startOf(received: unknown): Instant | null {
  if (typeof received !== 'object' || received === null) return null;
  const start = 'startTs' in received ? received.startTs : undefined;
  return typeof start === 'string' ? (parseInstant(start) ?? null) : null;
}

/** Of a bucket that has all documented fields. */
function hasUnknown(understood: unknown): boolean {
  const bucket = understood as { readonly counts: readonly object[] };
  return (
    Object.keys(bucket).length > Object.keys(BUCKET_FIELDS).length ||
    bucket.counts.some((count) => Object.keys(count).length > Object.keys(COUNT_FIELDS).length)
  );
}

function compareBucket(drift: DriftNotes, received: unknown): void {
  drift.compare(received, BUCKET_FIELDS);
  if (typeof received !== 'object' || received === null) return;
  const counts = 'counts' in received && Array.isArray(received.counts) ? received.counts : [];
  for (const count of counts) drift.compare(count, COUNT_FIELDS, 'counts[].');
}

function sameCounts(a: ApiResponseBucket, b: ApiResponseBucket): boolean {
  return (
    a.counts.size === b.counts.size && [...a.counts].every(([code, count]) => b.counts.get(code) === count)
  );
}

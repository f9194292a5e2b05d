import { z } from 'zod';
import { type Instant, instantOfSeconds, MICROSECONDS_PER_SECOND, parseInstant } from '../instant.ts';
import type { DocumentedFields } from './field-drift.ts';
import { refusalReason } from './refusal-reason.ts';

/** One bucket as answered: how many requests got which response code in `[start, end)`. */
export interface ApiResponseBucket {
  readonly start: Instant;
  readonly end: Instant;
  readonly intervalSeconds: number;
  readonly counts: ReadonlyMap<number, number>;
}

/** Far beyond any width that is documented; a database integer holds 68 years in seconds. */
const WIDEST = instantOfSeconds(366 * 86_400);

const bucketShape = z.object({
  startTs: z.string(),
  endTs: z.string(),
  counts: z.array(z.object({ code: z.int32(), count: z.int().nonnegative() })),
});

export const BUCKET_FIELDS: DocumentedFields = { startTs: 'string', endTs: 'string', counts: 'array' };
export const COUNT_FIELDS: DocumentedFields = { code: 'number', count: 'number' };

export type ParsedBucket =
  | { readonly ok: true; readonly bucket: ApiResponseBucket }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads one bucket as received. Its width is what its own timestamps say, whatever was asked.
 *
 * @returns the reason when it is not of the documented form, or does not lie on the grid of its width: such
 * buckets could overlap in ways that no choice counts right
 */
export function parseApiResponseBucket(received: unknown): ParsedBucket {
  const bucket = bucketShape.safeParse(received);
  if (!bucket.success) {
    return { ok: false, reason: refusalReason(bucket.error, 'bucket') };
  }
  const start = parseInstant(bucket.data.startTs);
  const end = parseInstant(bucket.data.endTs);
  if (start === undefined) return { ok: false, reason: 'startTs: is not an ISO 8601 timestamp' };
  if (end === undefined) return { ok: false, reason: 'endTs: is not an ISO 8601 timestamp' };
  const width = end - start;
  if (width <= 0 || width % MICROSECONDS_PER_SECOND !== 0) {
    return { ok: false, reason: 'endTs: is not whole seconds after startTs' };
  }
  if (width > WIDEST) return { ok: false, reason: 'endTs: lies more than a year after startTs' };
  if (start % width !== 0) return { ok: false, reason: 'startTs: is not on the grid of its width' };
  const counts = new Map<number, number>();
  for (const { code, count } of bucket.data.counts) counts.set(code, (counts.get(code) ?? 0) + count);
  if (![...counts.values()].every(Number.isSafeInteger)) {
    return { ok: false, reason: 'counts: are more than can be counted exactly' };
  }
  return { ok: true, bucket: { start, end, intervalSeconds: width / MICROSECONDS_PER_SECOND, counts } };
}

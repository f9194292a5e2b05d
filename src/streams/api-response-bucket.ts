import { z } from 'zod';
import { type Instant, MICROSECONDS_PER_SECOND, parseInstant } from '../instant.ts';

/** One bucket as answered: how many requests got which response code in `[start, end)`. */
export interface ApiResponseBucket {
  readonly start: Instant;
  readonly end: Instant;
  readonly intervalSeconds: number;
  readonly counts: ReadonlyMap<number, number>;
}

const bucketShape = z.looseObject({
  startTs: z.string(),
  endTs: z.string(),
  counts: z.array(z.looseObject({ code: z.int32(), count: z.int().nonnegative() })),
});

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
    return {
      ok: false,
      reason: bucket.error.issues
        .map((issue) => `${issue.path.join('.') || 'bucket'}: ${issue.message}`)
        .join('; '),
    };
  }
  const start = parseInstant(bucket.data.startTs);
  const end = parseInstant(bucket.data.endTs);
  if (start === undefined) return { ok: false, reason: 'startTs: is not an ISO 8601 timestamp' };
  if (end === undefined) return { ok: false, reason: 'endTs: is not an ISO 8601 timestamp' };
  const width = end - start;
  if (width <= 0 || width % MICROSECONDS_PER_SECOND !== 0) {
    return { ok: false, reason: 'endTs: is not whole seconds after startTs' };
  }
  if (start % width !== 0) return { ok: false, reason: 'startTs: is not on the grid of its width' };
  const counts = new Map<number, number>();
  for (const { code, count } of bucket.data.counts) counts.set(code, (counts.get(code) ?? 0) + count);
  return { ok: true, bucket: { start, end, intervalSeconds: width / MICROSECONDS_PER_SECOND, counts } };
}

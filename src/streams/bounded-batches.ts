import type { ApiResponseBatch } from '../db/api-response-counts.ts';
import { intersect, subtract, union } from '../ranges.ts';
import type { Claim } from '../sync/stream.ts';

/** What a batch claims, before its answer's own time bounds that. */
export function claimOf(batch: ApiResponseBatch): Claim {
  return {
    intervalSeconds: batch.intervalSeconds,
    final: batch.final,
    provisional: subtract(batch.read, batch.final),
  };
}

/**
 * Batches as final as what is still claimed of them: an answer that came before its time had settled, asked for by a
 * machine with a fast clock, must not replace figures that another has made final since.
 */
export function boundedBatches(
  batches: readonly ApiResponseBatch[],
  claims: readonly Claim[],
): readonly ApiResponseBatch[] {
  return batches.map((batch) => {
    const mine = claims.filter(({ intervalSeconds }) => intervalSeconds === batch.intervalSeconds);
    return { ...batch, final: intersect(batch.final, union(...mine.map(({ final }) => final))) };
  });
}

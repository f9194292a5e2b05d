/*
 * What an answer may claim is bounded by when it came, by Meraki's own clock. Paging can take hours, clocks are
 * corrected, virtual machines sleep: the window was planned with what was known then, and the claim has to hold
 * with what is known now.
 *
 * - Time older than the source still keeps is not claimed: its rows may have aged out before they were asked for.
 * - Time that had not settled when the answer came is not final, and time after the answer is not covered at all.
 */
import { type Instant, instantOfSeconds } from '../instant.ts';
import { intersect, type Ranges, rangesOf, shrinkToGrid, subtract, union } from '../ranges.ts';
import type { Claim } from './stream.ts';

export interface AnswerBounds {
  /** The oldest instant that the source certainly still had when it answered. */
  readonly oldest: Instant;
  /** What was sent before this had settled when the answer came. */
  readonly finalUntil: Instant;
  readonly answeredAt: Instant;
}

export function clipClaims(claims: readonly Claim[], bounds: AnswerBounds): readonly Claim[] {
  const known = rangesOf({ from: bounds.oldest, to: bounds.answeredAt });
  const settled = rangesOf({ from: bounds.oldest, to: bounds.finalUntil });
  return claims.map((claim) => {
    const final = onGrid(intersect(claim.final, settled), claim.intervalSeconds);
    const covered = intersect(union(claim.final, claim.provisional), known);
    return { ...claim, final, provisional: subtract(covered, final) };
  });
}

function onGrid(ranges: Ranges, intervalSeconds: number): Ranges {
  if (intervalSeconds === 0) return ranges;
  return union(ranges.map((range) => shrinkToGrid(range, instantOfSeconds(intervalSeconds))));
}

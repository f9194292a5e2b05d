import { clipClaims } from './clip-claims.ts';
import type { OpenWindow } from './open-window.ts';
import { EDGE_MARGIN } from './plan.ts';
import type { Reading } from './stream.ts';

/**
 * The reading, with no more claimed than holds at the time of the answer. The window keeps the bounds of its earliest
 * answer: read newest first, its first page is the one that ends now, though later pages are answered later.
 *
 * @param limits how far back the source reaches and how long its data take to settle, in microseconds
 */
export function boundReading(
  window: OpenWindow,
  reading: Reading,
  limits: { readonly lookback: number; readonly settle: number },
): Reading {
  const { answeredAt } = reading;
  const finalUntil = Math.min(window.finalUntil, answeredAt - limits.settle);
  const claim = { ...window.claim, to: Math.min(window.claim.to, answeredAt) };
  const oldest = answeredAt - limits.lookback + EDGE_MARGIN / 2;
  return {
    ...reading,
    window: reading.window === null ? null : { ...reading.window, finalUntil, claim },
    claims: clipClaims(reading.claims, { oldest, finalUntil, answeredAt }),
  };
}

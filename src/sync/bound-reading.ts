import { clipClaims } from './clip-claims.ts';
import type { OpenWindow } from './open-window.ts';
import { EDGE_MARGIN } from './plan.ts';
import type { Reading } from './stream.ts';

/**
 * The reading, with no more claimed than holds at the time of the answer.
 *
 * @param limits how far back the source reaches and how long its data take to settle, in microseconds
 */
export function boundReading(
  window: OpenWindow,
  reading: Reading,
  limits: { readonly lookback: number; readonly settle: number },
): Reading {
  const finalUntil = Math.min(window.finalUntil, reading.answeredAt - limits.settle);
  const oldest = reading.answeredAt - limits.lookback + EDGE_MARGIN / 2;
  // Rows that were sent after one page need not be on a later one: a log that begins with its newest rows has
  // passed them. So no page may claim what lies behind the answer of the first.
  const { from, to } = window.claim;
  const claim = { from, to: Math.max(from, Math.min(to, reading.answeredAt)) };
  return {
    ...reading,
    window: reading.window === null ? null : { ...reading.window, claim, finalUntil },
    claims: clipClaims(reading.claims, { oldest, finalUntil, answeredAt: reading.answeredAt }),
  };
}

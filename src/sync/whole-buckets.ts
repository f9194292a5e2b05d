/*
 * Which buckets of an answer may be believed (invariant I5). Meraki counts only what lies in the window asked
 * for, so a bucket that sticks out of the window is clipped: it is left to a window that holds it whole. The one
 * exception is the newest bucket of a window that ends now: nothing of it lies beyond, it is only not over yet.
 *
 * Nobody knows whether an idle bucket is left out, nor whether an answer always spans its window. So time between
 * the first and the last bucket of an answer counts as read, and time outside them only when a window asked on
 * its own comes back empty.
 */
import { type Instant, instantOfSeconds } from '../instant.ts';
import {
  intersect,
  overlaps,
  type Range,
  type Ranges,
  rangesOf,
  shrinkToGrid,
  subtract,
  union,
} from '../ranges.ts';

export interface AskedBuckets {
  readonly asked: Range;
  readonly askedIntervalSeconds: number;
  /** Buckets that end by then had settled when the window was opened. */
  readonly finalUntil: Instant;
  /** Whether the window ends now. */
  readonly endsNow: boolean;
}

export interface WholeBuckets {
  readonly intervalSeconds: number;
  readonly read: Ranges;
  readonly final: Ranges;
}

/**
 * For each width of the answer, the time it was read for in whole buckets, and what of it is final.
 *
 * @param understood `nothing`: the answer was empty; `some`: buckets went to quarantine, so that a place without
 * a bucket may be theirs and is not idle
 */
export function wholeBuckets(
  asked: AskedBuckets,
  answered: readonly Range[],
  understood: 'all' | 'some' | 'nothing',
): WholeBuckets[] {
  if (understood === 'nothing') {
    return [settle(asked, asked.askedIntervalSeconds, window(asked, asked.askedIntervalSeconds))];
  }
  const widths = new Set(answered.map((bucket) => (bucket.to - bucket.from) / instantOfSeconds(1)));
  return [...widths].flatMap((intervalSeconds) => {
    const mine = answered.filter((bucket) => bucket.to - bucket.from === instantOfSeconds(intervalSeconds));
    const others = union(
      answered.filter((bucket) => bucket.to - bucket.from !== instantOfSeconds(intervalSeconds)),
    );
    // Two that count the same time at different widths say nothing that could be believed of it.
    const contradicted = mine.filter((bucket) => overlaps(others, bucket));
    const spanned = subtract(understood === 'all' ? spanOf(mine) : union(mine), union(others, contradicted));
    const read = intersect(window(asked, intervalSeconds), spanned);
    return read.length === 0 ? [] : [settle(asked, intervalSeconds, read)];
  });
}

function spanOf(buckets: readonly Range[]): Ranges {
  const from = buckets.reduce((least, bucket) => Math.min(least, bucket.from), Infinity);
  const to = buckets.reduce((most, bucket) => Math.max(most, bucket.to), -Infinity);
  return rangesOf({ from, to });
}

function window({ asked, endsNow }: AskedBuckets, intervalSeconds: number): Ranges {
  const whole = shrinkToGrid(asked, instantOfSeconds(intervalSeconds));
  return rangesOf({ from: whole.from, to: endsNow ? asked.to : whole.to });
}

function settle(asked: AskedBuckets, intervalSeconds: number, read: Ranges): WholeBuckets {
  const settled = intersect(read, rangesOf({ from: -Infinity, to: asked.finalUntil }));
  const final = union(settled.map((range) => shrinkToGrid(range, instantOfSeconds(intervalSeconds))));
  return { intervalSeconds, read, final };
}

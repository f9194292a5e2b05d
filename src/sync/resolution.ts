/*
 * One hour can be stored at several widths: Meraki answers 6-hour buckets where 2-minute ones were asked, and
 * finer readings come later. Report views must count each request once (invariant I6), so every width gets the
 * set of time in which its buckets count, chosen from coverage alone:
 *
 * 1. Final buckets, widest first. A bucket counts unless finer final buckets fill it whole. Where it counts, the
 *    finer ones inside it do not: they hold a part of the same requests.
 * 2. Provisional buckets, narrowest first, only where nothing counts yet.
 *
 * Widths that do not divide each other (4 and 6 hours) cannot fill one another; there the wider wins.
 */

import { instantOfSeconds } from '../instant.ts';
import { growToGrid, type Ranges, shrinkToGrid, subtract, union } from '../ranges.ts';

export interface WidthCoverage {
  readonly final: Ranges;
  readonly provisional: Ranges;
}

/** For each bucket width in seconds, the time in which its buckets count. The sets do not overlap. */
export function countedTime(coverage: ReadonlyMap<number, WidthCoverage>): ReadonlyMap<number, Ranges> {
  const narrowFirst = [...coverage.keys()].sort((a, b) => a - b);
  const counted = new Map<number, Ranges>();
  let occupied: Ranges = [];
  for (const width of narrowFirst.toReversed()) {
    const filled = narrowFirst
      .filter((finer) => finer < width && width % finer === 0)
      .map((finer) => coverage.get(finer)?.final ?? []);
    const unfilled = subtract(coverage.get(width)?.final ?? [], wholeBuckets(union(...filled), width));
    const chosen = wholeBuckets(subtract(unfilled, occupied), width);
    counted.set(width, chosen);
    occupied = union(occupied, chosen);
  }
  for (const width of narrowFirst) {
    const touched = touchedBuckets(coverage.get(width)?.provisional ?? [], width);
    const chosen = wholeBuckets(subtract(touched, occupied), width);
    counted.set(width, union(counted.get(width) ?? [], chosen));
    occupied = union(occupied, chosen);
  }
  return counted;
}

function wholeBuckets(ranges: Ranges, width: number): Ranges {
  return union(ranges.map((range) => shrinkToGrid(range, instantOfSeconds(width))));
}

/** The newest bucket is still open, so provisional coverage ends inside it. */
function touchedBuckets(ranges: Ranges, width: number): Ranges {
  return union(ranges.map((range) => growToGrid(range, instantOfSeconds(width))));
}

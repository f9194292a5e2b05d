import type { Instant } from './instant.ts';

/** Half-open stretch of time `[from, to)`; empty when `from >= to`. */
export interface Range {
  readonly from: Instant;
  readonly to: Instant;
}

/** A set of instants: ranges in order, none empty, none touching the next. Every function here keeps it so. */
export type Ranges = readonly Range[];

/** The set of all instants that lie in any of `ranges`, which may come in any order and overlap. */
export function rangesOf(...ranges: readonly Range[]): Ranges {
  return union(ranges);
}

/**
 * The set of all instants that lie in any of `sets`, whose ranges may come in any order and overlap. For long lists:
 * arguments of a call lie on the stack, which holds about a hundred thousand of them.
 */
export function union(...sets: readonly (readonly Range[])[]): Ranges {
  const ranges = sets.flat();
  const sorted = ranges.filter((range) => range.from < range.to).sort((a, b) => a.from - b.from);
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to) {
      if (range.to > last.to) merged[merged.length - 1] = { from: last.from, to: range.to };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

export function intersect(a: Ranges, b: Ranges): Ranges {
  const result: Range[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return result;
    const from = Math.max(left.from, right.from);
    const to = Math.min(left.to, right.to);
    if (from < to) result.push({ from, to });
    if (left.to < right.to) i += 1;
    else j += 1;
  }
}

/** What of `a` is not in `b`. */
export function subtract(a: Ranges, b: Ranges): Ranges {
  const result: Range[] = [];
  let j = 0;
  for (const range of a) {
    let from = range.from;
    while (j < b.length && (b[j]?.to ?? 0) <= from) j += 1;
    for (let k = j; k < b.length; k += 1) {
      const hole = b[k];
      if (hole === undefined || hole.from >= range.to) break;
      if (hole.from > from) result.push({ from, to: hole.from });
      from = Math.max(from, hole.to);
    }
    if (from < range.to) result.push({ from, to: range.to });
  }
  return result;
}

/** Whether every instant of `range` is in the set. An empty range always is. */
export function contains(set: Ranges, range: Range): boolean {
  if (range.from >= range.to) return true;
  return set.some((candidate) => candidate.from <= range.from && range.to <= candidate.to);
}

export function containsInstant(set: Ranges, instant: Instant): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle]?.to ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  const range = set[low];
  return range !== undefined && range.from <= instant && instant < range.to;
}

export function overlaps(set: Ranges, range: Range): boolean {
  return set.some((candidate) => candidate.from < range.to && range.from < candidate.to);
}

/** Length of the set in microseconds. */
export function duration(set: Ranges): number {
  return set.reduce((sum, range) => sum + (range.to - range.from), 0);
}

/** The smallest range around `range` whose ends are multiples of `step` microseconds since the epoch. */
export function growToGrid(range: Range, step: number): Range {
  return { from: Math.floor(range.from / step) * step, to: Math.ceil(range.to / step) * step };
}

/** The largest range inside `range` whose ends are multiples of `step` microseconds since the epoch. */
export function shrinkToGrid(range: Range, step: number): Range {
  return { from: Math.ceil(range.from / step) * step, to: Math.floor(range.to / step) * step };
}

/** The least range that holds all of `instants`, of which there is at least one. */
export function spanOf(instants: Iterable<Instant>): Range {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const instant of instants) {
    if (instant < first) first = instant;
    if (instant > last) last = instant;
  }
  return { from: first, to: last + 1 };
}

/*
 * Nobody has documented the order of the webhook log, so it is watched and never assumed. As long as a window's
 * rows came in one direction, everything behind the last row is finished; one row out of turn, and the window
 * counts only as a whole.
 *
 * Pages that are sorted one by one can still come in any order (by network, say, and by time within each), so a
 * direction is trusted only after a window that was read whole kept to it. Until then windows count as a whole.
 */
import type { Instant } from '../instant.ts';

export type PageOrder = 'unknown' | 'ascending' | 'descending' | 'unordered';
/** An order by time that a whole read has kept to. */
export type ProvenOrder = 'ascending' | 'descending';

/** So many steps in one direction are no accident of shuffled rows: one in 12! shuffles looks like that. */
const STEPS_TO_PROVE = 12;

/** What a window that was read whole proves of the source's order. */
export function provenOrder(order: PageOrder, steps: number): ProvenOrder | null {
  if (order !== 'ascending' && order !== 'descending') return null;
  return steps >= STEPS_TO_PROVE ? order : null;
}

/** How often the instant changes from one row to the next. */
export function countSteps(lastInstant: Instant | null, instants: readonly Instant[]): number {
  let steps = 0;
  let previous = lastInstant;
  for (const instant of instants) {
    if (previous !== null && instant !== previous) steps += 1;
    previous = instant;
  }
  return steps;
}

/**
 * The order of a read after one more page.
 *
 * @param before order of the pages so far
 * @param lastInstant timestamp of the last row before this page, if there was one
 */
export function observeOrder(
  before: PageOrder,
  lastInstant: Instant | null,
  instants: readonly Instant[],
): PageOrder {
  let order = before;
  let previous = lastInstant;
  for (const instant of instants) {
    if (order === 'unordered') return order;
    if (previous !== null && instant !== previous) {
      const direction = instant > previous ? 'ascending' : 'descending';
      if (order === 'unknown') order = direction;
      else if (order !== direction) order = 'unordered';
    }
    previous = instant;
  }
  return order;
}

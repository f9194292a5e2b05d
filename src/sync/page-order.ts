/*
 * Nobody has documented the order of the webhook log, so it is watched and never assumed. As long as a window's
 * rows came in one direction, everything behind the last row is finished; one row out of turn, and the window
 * counts only as a whole.
 */
import type { Instant } from '../instant.ts';

export type PageOrder = 'unknown' | 'ascending' | 'descending' | 'unordered';

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

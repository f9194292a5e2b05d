/*
 * How the history of a stream is cut into windows that are read side by side, and how many at once.
 *
 * A window ends with a page that is half full on average, so there should be few; but towards the end none must be left
 * to be read alone, page after page, so they get shorter. How much time fills a page is told by the pages that came:
 * while none has, and where a window needs one page only, windows are as wide as the source answers.
 */
import { instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { OpenWindow } from './open-window.ts';

/** As many requests are under way when answers take half a second and ten may be sent in each. */
export const MOST_WINDOWS = 6;
/** One answer in eight is half empty then. */
const LEAST_PAGES = 4;
/** What Meraki forgets first is read first: windows do not reach further ahead than they have to. */
const MOST_PAGES = 100;
/** A burst of rows says nothing of the hour around it. */
const SHORTEST = instantOfSeconds(3_600);
/** How many times too long a window is worth a page that is thrown away: of the first one, and once pages are known. */
const CLEARLY = 1.5;
const GROSSLY = 8;

/**
 * How long the next window may be, in microseconds.
 *
 * @param left time that no window has been opened for
 * @param perPage time that fills a page, as far as is known
 */
export function sliceLength(left: number, perPage: number | undefined): number {
  if (perPage === undefined) return Number.POSITIVE_INFINITY;
  const share = Math.min(left / MOST_WINDOWS, MOST_PAGES * perPage);
  return Math.max(SHORTEST, LEAST_PAGES * perPage, share);
}

/**
 * Whether a window turns out so much longer than it would be planned now that it is better planned anew. Hours differ,
 * so once the pages of a stream are known, the first page of a window alone says little against them.
 *
 * @param perPage as its first page tells
 * @param before as was known when it was planned
 */
export function isTooLong(claim: Range, left: number, perPage: number, before: number | undefined): boolean {
  const length = claim.to - claim.from;
  const isKnown = before !== undefined && Number.isFinite(before);
  return length > (isKnown ? GROSSLY : CLEARLY) * sliceLength(left + length, perPage);
}

/** Time that fills a page, as windows tell that are being read; `undefined` where their rows tell nothing. */
export function pageTimeSoFar(windows: readonly OpenWindow[]): number | undefined {
  let time = 0;
  let filled = 0;
  for (const { pages, order, firstInstant, lastInstant } of windows) {
    if (firstInstant === null || lastInstant === null || order === 'unordered') continue;
    time += Math.abs(lastInstant - firstInstant);
    filled += pages;
  }
  return time === 0 ? undefined : time / filled;
}

/**
 * The same as a window tells that was read to its end, and those before it less and less.
 *
 * @param last the window as its last page was asked for
 * @param before what was known: where one page was enough, a page holds at least the window's time
 */
export function pageTimeOf({ claim, pages }: OpenWindow, before: number | undefined): number {
  const length = claim.to - claim.from;
  if (pages === 0) return before === undefined ? Number.POSITIVE_INFINITY : Math.max(before, length);
  const perPage = length / (pages + 1);
  return before === undefined || !Number.isFinite(before) ? perPage : (before + perPage) / 2;
}

/**
 * How many windows should be read side by side: so many that one of their requests always waits for its turn, and no
 * more. A request that waited for part of its time shows how many fewer would be enough.
 *
 * @param open windows that are being read
 * @param tookMs what the last page took
 * @param idleMs how much of that it waited for the request budget, or for pages to be committed
 */
export function windowsWanted(open: number, tookMs: number, idleMs: number): number {
  const busy = tookMs <= 0 ? 1 : Math.max(0, 1 - idleMs / tookMs);
  return Math.min(MOST_WINDOWS, Math.max(2, 1 + Math.ceil(open * busy)));
}

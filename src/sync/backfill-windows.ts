import { duration, type Range, union } from '../ranges.ts';
import type { LaneWindows, NextWindow } from './lane-windows.ts';
import type { OpenWindow } from './open-window.ts';
import type { PageCome } from './pages-ahead.ts';
import { backfillGaps, planBackfill } from './plan.ts';
import { isTooLong, pageTimeOf, pageTimeSoFar, sliceLength, windowsWanted } from './slices.ts';
import type { Reading } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

/** What is missing, the oldest first, in windows that are read side by side. */
export class BackfillWindows implements LaneWindows {
  readonly #memory: StreamMemory;
  readonly #skip: (claim: Range) => Promise<void>;
  /** What windows have claimed that were read to their end: if that is missing still, asking again changes nothing. */
  readonly #finished: Range[] = [];
  /** Time that fills a page, in microseconds. */
  #perPage: number | undefined;
  /** Time that no window has been opened for. */
  #left = 0;
  #wanted = 2;
  /** Nothing is left to be opened, until a window ends. */
  #isUsedUp = false;

  /**
   * @param resumed windows that an earlier run left open
   * @param skip leaves a stretch of time alone
   */
  constructor(memory: StreamMemory, resumed: readonly OpenWindow[], skip: (claim: Range) => Promise<void>) {
    this.#memory = memory;
    this.#skip = skip;
    this.#perPage = pageTimeSoFar(resumed);
  }

  async next(open: readonly OpenWindow[]): Promise<NextWindow | undefined> {
    // What the first window teaches of the source holds for all of them, so it goes alone.
    const wanted = this.#perPage === undefined ? 1 : this.#wanted;
    if (this.#isUsedUp || open.length >= wanted) return undefined;
    for (;;) {
      const { done, ...situation } = await this.#memory.situation();
      const notOpen = {
        ...situation,
        done: union(
          done,
          open.map(({ claim }) => claim),
        ),
      };
      const gaps = backfillGaps(notOpen);
      const left = duration(gaps);
      const longest = this.#memory.longestAt(gaps[0]?.from ?? 0);
      const planned = planBackfill(notOpen, Math.min(longest, sliceLength(left, this.#perPage)));
      this.#isUsedUp = planned === undefined;
      if (planned === undefined) return undefined;
      const { claim } = planned;
      const before = this.#finished.find(({ from, to }) => from === claim.from && to <= claim.to);
      if (before === undefined) {
        this.#left = left - (claim.to - claim.from);
        return { planned, comesAgain: false, before: undefined };
      }
      await this.#skip(before);
    }
  }

  isTooLong({ claim, pageToken }: OpenWindow, { window, anew }: Reading): boolean {
    const perPage = window === null ? undefined : pageTimeSoFar([window]);
    if (perPage === undefined || anew) return false;
    const tooLong = pageToken === null && isTooLong(claim, this.#left, perPage, this.#perPage);
    if (tooLong || this.#perPage === undefined) this.#perPage = perPage;
    return tooLong;
  }

  came({ reading, tookMs, heldUpMs }: PageCome, open: number): void {
    this.#wanted = windowsWanted(open, tookMs, heldUpMs + reading.waitedMs);
  }

  finished(_opened: OpenWindow, last: OpenWindow): void {
    this.#finished.push(last.claim);
    this.#perPage = pageTimeOf(last, this.#perPage);
    this.#isUsedUp = false;
  }

  again(): void {
    this.#isUsedUp = false;
  }
}

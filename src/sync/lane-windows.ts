import type { ReadBefore } from './lateness.ts';
import type { OpenWindow } from './open-window.ts';
import type { PageCome } from './pages-ahead.ts';
import type { PlannedWindow } from './plan.ts';
import type { Reading } from './stream.ts';

export interface NextWindow {
  readonly planned: PlannedWindow;
  /** Whether the next run begins where this window leaves off. */
  readonly comesAgain: boolean;
  /** What was read before it; `undefined` where its rows tell nothing of when they appeared. */
  readonly before: ReadBefore | undefined;
}

/** Which windows one run through a lane reads: `live` one after the other, `backfill` several side by side. */
export interface LaneWindows {
  /**
   * The next window to be opened.
   *
   * @param open those that are being read
   * @returns `undefined`: none for now, and if none is being read none at all
   */
  next(open: readonly OpenWindow[]): Promise<NextWindow | undefined>;
  /** Whether a window, by what its first page shows, should rather be planned anew and shorter. */
  isTooLong(window: OpenWindow, reading: Reading): boolean;
  /** Notes how long a page took. @param open windows that are being read */
  came(page: PageCome, open: number): void;
  /**
   * Notes that a window was read to its end.
   *
   * @param opened the window as it was when this run began with it
   * @param last the same as its last page was asked for
   * @param leavesRest whether settled time was left to the next run
   */
  finished(opened: OpenWindow, last: OpenWindow, leavesRest: boolean): void;
  /** Notes that a window is to be planned anew. */
  again(): void;
}

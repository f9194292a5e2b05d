import { type Clock, hasPassed } from '../clock.ts';
import { BACKFILL_SLICE_MS } from './jobs.ts';

interface TurnOptions {
  readonly clock: Clock;
  /** Whether somebody else waits for the place, or should go first. */
  readonly othersWait: () => Promise<boolean>;
  /** Called at the end of each slice after which the turn goes on. */
  readonly onSlice: () => void;
}

/**
 * The turn of a stream at the history: one slice after the other for as long as nobody else waits, since between two
 * turns nothing is asked of the source.
 */
export class BackfillTurn {
  readonly #options: TurnOptions;
  #sliceBegan: number;
  #isLooking = false;
  #isOver = false;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#sliceBegan = options.clock.now();
  }

  /** Whether to hand on the place. Looking whether somebody waits takes a moment, in which the turn goes on. */
  isOver(): boolean {
    const sliceIsOver = hasPassed(BACKFILL_SLICE_MS, this.#sliceBegan, this.#options.clock.now());
    if (!this.#isOver && !this.#isLooking && sliceIsOver) void this.#look();
    return this.#isOver;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    // A queue that does not answer hands out nothing either; the next turn has to be asked of it, too.
    this.#isOver = await this.#options.othersWait().catch(() => true);
    this.#isLooking = false;
    if (this.#isOver) return;
    this.#sliceBegan = this.#options.clock.now();
    this.#options.onSlice();
  }
}

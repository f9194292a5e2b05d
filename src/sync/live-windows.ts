import type { LaneWindows, NextWindow } from './lane-windows.ts';
import type { OpenWindow } from './open-window.ts';
import { planLive, planLiveAgain } from './plan.ts';
import type { StreamMemory } from './stream-memory.ts';

/** The newest edge, and what its answer left out. */
export class LiveWindows implements LaneWindows {
  readonly #memory: StreamMemory;
  readonly #isRestricted: boolean;
  /** The window before, where it was planned by this run. */
  #before: OpenWindow | undefined;
  #isPlanned: boolean;
  #leavesRest = false;

  /** @param isResumed whether the run begins with a window that an earlier one left open */
  constructor(memory: StreamMemory, isResumed: boolean, isRestricted: boolean) {
    this.#memory = memory;
    this.#isPlanned = !isResumed;
    this.#isRestricted = isRestricted;
  }

  async next(open: readonly OpenWindow[]): Promise<NextWindow | undefined> {
    if (open.length > 0 || this.#leavesRest) return undefined;
    const situation = await this.#memory.situation();
    const isFirst = this.#before === undefined;
    const planned = this.#before === undefined ? planLive(situation) : planLiveAgain(situation, this.#before);
    this.#isPlanned = true;
    if (planned === undefined) return undefined;
    return { planned, comesAgain: isFirst && !this.#isRestricted, before: this.#memory.readBefore };
  }

  isTooLong(): boolean {
    return false;
  }

  came(): void {
    // There is never more than one.
  }

  finished(opened: OpenWindow, _last: OpenWindow, leavesRest: boolean): void {
    this.#before = this.#isPlanned ? opened : undefined;
    this.#leavesRest = leavesRest;
  }

  again(): void {
    this.#before = undefined;
    this.#isPlanned = true;
  }
}

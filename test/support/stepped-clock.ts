import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

const LONGEST_SLEEP_MS = 50;

/**
 * A clock that stands still until a test sets it, for everything real: sleeps end after at most 50 ms, and do
 * not move it. Unlike `ManualClock`, it gets on with a request budget, which counts by the machine's time.
 */
export class SteppedClock implements Clock {
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  set(now: number): void {
    this.#now = now;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await delay(Math.max(0, Math.min(milliseconds, LONGEST_SLEEP_MS)));
    signal?.throwIfAborted();
  }
}

/** The machine's time, with sleeps that end after at most 50 ms. */
export const impatientClock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => new SteppedClock(0).sleep(milliseconds, signal),
};

import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../src/clock.ts';

/** The time that passes everywhere at once. It is the source's; machines may be off it. */
export class WorldTime implements Pick<Clock, 'now'> {
  #now: number;

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** What `look` sees when it is later for a moment. */
  at<T>(moment: number, look: () => T): T {
    const now = this.#now;
    this.#now = moment;
    try {
      return look();
    } finally {
      this.#now = now;
    }
  }
}

/** The clock of one machine: off by some time, and sleeps end at once while time passes. */
export class MachineClock implements Clock {
  readonly #time: WorldTime;
  #error: number;

  constructor(time: WorldTime, error: number) {
    this.#time = time;
    this.#error = error;
  }

  now(): number {
    return this.#time.now() + this.#error;
  }

  /** Somebody sets it. */
  step(milliseconds: number): void {
    this.#error += milliseconds;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#time.pass(Math.max(0, milliseconds));
    await turn();
    signal?.throwIfAborted();
  }
}

import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  readonly until: number;
  wake(): void;
}

export interface ManualClockOptions {
  /** Where the clock stands at first: milliseconds since the epoch, or an ISO 8601 timestamp. */
  readonly start?: number | string;
  /** Whether a sleep moves the clock itself and ends at once. */
  readonly auto?: boolean;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  /** Milliseconds of every sleep asked for, in order, whether it has ended or not. */
  readonly slept: number[] = [];
  readonly #auto: boolean;
  #now: number;
  #sleepers: Sleeper[] = [];
  #watchers: (() => void)[] = [];

  constructor(options: ManualClockOptions = {}) {
    const { start = '2026-01-15T12:00:00Z', auto = false } = options;
    this.#now = typeof start === 'number' ? start : Date.parse(start);
    if (!Number.isFinite(this.#now)) throw new RangeError(`not a point in time: ${start}`);
    this.#auto = auto;
  }

  now(): number {
    return this.#now;
  }

  /** How many sleeps have not ended. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(milliseconds);
    if (this.#auto || milliseconds <= 0) {
      this.#now += Math.max(0, milliseconds);
      // A whole turn of the event loop: a loop that sleeps for ever must not starve what would stop it.
      await turn();
      signal?.throwIfAborted();
      return;
    }
    await this.#sleepUntil(this.#now + milliseconds, signal);
  }

  #sleepUntil(until: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        until,
        wake: () => {
          leave();
          resolve();
        },
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#sleepers.push(sleeper);
      for (const watcher of this.#watchers.splice(0)) watcher();
    });
  }

  /**
   * Moves the clock and ends the sleeps it passes, each at its own moment and in order. What a sleeper does
   * next, another sleep included, happens before the clock moves on, as long as it waits for nothing outside.
   */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#now + milliseconds;
    await turn();
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.until - b.until)[0];
      if (next === undefined || next.until > target) break;
      this.#now = next.until;
      next.wake();
      await turn();
    }
    this.#now = target;
  }

  /** Resolves when at least `count` sleeps are under way. */
  async untilSleeping(count = 1): Promise<void> {
    while (this.#sleepers.length < count) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}

/** How far a clock is ahead, from a time of the true clock on, in the order given. */
export interface ClockOffset {
  /** Milliseconds, by the true clock. */
  readonly at: number;
  readonly offsetSeconds: number;
}

/** The dashboard's clock, which the plan can put forward and set back. Times are milliseconds. */
export class ShiftedClock {
  readonly #base: { now(): number };
  readonly #offsets: () => readonly ClockOffset[];

  constructor(base: { now(): number }, offsets: () => readonly ClockOffset[]) {
    this.#base = base;
    this.#offsets = offsets;
  }

  now(): number {
    const trueTime = this.#base.now();
    return trueTime + (latest(this.#offsets(), trueTime)?.offsetSeconds ?? 0) * 1_000;
  }

  /** The latest time it has ever shown: what has happened does not come undone when a clock is set back. */
  furthest(): number {
    const trueTime = this.#base.now();
    const offsets = this.#offsets();
    const changes = offsets.map(({ at }) => at).filter((at) => at <= trueTime && Number.isFinite(at));
    const before = changes.map((at) => {
      const earlier = offsets.filter((one) => one.at < at);
      return at + (latest(earlier, at)?.offsetSeconds ?? 0) * 1_000;
    });
    return Math.max(this.now(), ...before);
  }
}

/** The entry of a timeline that holds at a time: the one with the latest `at`, the last of equal ones. */
export function latest<Entry extends { readonly at: number }>(
  timeline: readonly Entry[],
  now: number,
): Entry | undefined {
  let found: Entry | undefined;
  for (const entry of timeline) {
    if (entry.at <= now && (found === undefined || entry.at >= found.at)) found = entry;
  }
  return found;
}

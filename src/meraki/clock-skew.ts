/** The `Date` header counts whole seconds, and an answer takes time: less than this is no skew. */
const SMALLEST_SKEW_MS = 3_000;
/** Something is asked every ten minutes, where anything can be. */
const FRESH_MS = 1_800_000;
/** More than a `Date` header's missing fraction, a little latency included: a clock was set. */
const FRACTION_MS = 1_100;

/** How far Meraki's clock is ahead of ours, by the `Date` headers of its answers. */
export class ClockSkew {
  #milliseconds = 0;
  #measuredAt: number | undefined;

  /** In milliseconds, as measured; up to a second low, since the header drops the fraction. */
  get measuredMs(): number {
    return this.#milliseconds;
  }

  /** In milliseconds; 0 while it is too little to tell. */
  get milliseconds(): number {
    return Math.abs(this.#milliseconds) < SMALLEST_SKEW_MS ? 0 : this.#milliseconds;
  }

  /** Whether it was measured lately: of a clock that was set since, nothing is known. @param now by our clock */
  isFresh(now: number): boolean {
    return this.#measuredAt !== undefined && Math.abs(now - this.#measuredAt) <= FRESH_MS;
  }

  /** @param now when the answer came, by our clock */
  measure(date: string | undefined, now: number): void {
    const server = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(server)) return;
    // The header drops the fraction, so each measure is up to a second low: the highest of them is the nearest.
    const measured = server - now;
    const stepped = measured < this.#milliseconds - FRACTION_MS;
    if (this.#measuredAt === undefined || stepped || measured > this.#milliseconds)
      this.#milliseconds = measured;
    this.#measuredAt = now;
  }
}

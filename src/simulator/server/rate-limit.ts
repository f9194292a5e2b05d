export interface Rate {
  /** Requests a second, in the long run. */
  readonly perSecond: number;
  /** Requests at one instant, after a pause. */
  readonly burst: number;
}

/** One token bucket each: 10 a second and a burst of 10 make at most 20 in the first second. */
export class RateLimit {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /**
   * Takes a token.
   *
   * @param of an organization or an address
   * @param now milliseconds
   * @returns 0, or, where none is left, the whole seconds until there is one.
   */
  take(of: string, now: number): number {
    const { perSecond, burst } = this.#rate;
    const full = Math.max(1, burst);
    const bucket = this.#buckets.get(of) ?? { tokens: full, at: now };
    const refilled = (Math.max(0, now - bucket.at) / 1_000) * perSecond;
    const tokens = Math.min(full, bucket.tokens + refilled);
    const granted = tokens >= 1;
    this.#buckets.set(of, { tokens: granted ? tokens - 1 : tokens, at: now });
    return granted ? 0 : Math.max(1, Math.ceil((1 - tokens) / perSecond));
  }
}

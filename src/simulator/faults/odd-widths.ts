import { DAY } from '../moment.ts';
import { createRandom } from '../random.ts';

export interface OddWidth {
  readonly seconds: number;
  readonly asked?: number | undefined;
  readonly olderThanDays?: number | undefined;
  readonly probability?: number | undefined;
}

/** Decides whether an answer of response codes comes in a width that nobody asked for. */
export class OddWidths {
  readonly #seed: number | string;
  readonly #widths: readonly OddWidth[];
  readonly #met: number[];

  constructor(seed: number | string, widths: readonly OddWidth[]) {
    this.#seed = seed;
    this.#widths = widths;
    this.#met = widths.map(() => 0);
  }

  /**
   * @param interval seconds that the answer's buckets would be wide
   * @param age microseconds since the window's start
   * @returns seconds
   */
  next(interval: number, age: number): number {
    for (const [place, { seconds, asked, olderThanDays = 0, probability = 1 }] of this.#widths.entries()) {
      if ((asked ?? interval) !== interval || age < olderThanDays * DAY) continue;
      const met = this.#met[place] ?? 0;
      this.#met[place] = met + 1;
      if (createRandom(this.#seed, 'width', place, met).chance(probability)) return seconds;
    }
    return interval;
  }
}

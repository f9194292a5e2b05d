/**
 * Figures that are corrected long after. A cell is one response code in one slot of 120 seconds; of a struck
 * cell every other request is no longer counted, or each is counted twice. It is decided for single requests, so
 * buckets of all widths, under all filters, go on adding up.
 */
import { SECOND } from '../moment.ts';
import { createRandom } from '../random.ts';
import { RESPONSE_CODES } from '../world/api-clients.ts';
import type { RequestHour } from '../world/request-hour.ts';

export interface Recount {
  /** Milliseconds, by the simulator's clock. */
  readonly at: number;
  readonly share: number;
  readonly change: 'less' | 'more';
}

const SLOT = 120 * SECOND;

/** How often each request counts, once corrections are in force. */
export class Recounts {
  readonly #seed: number | string;
  readonly #recounts: readonly Recount[];
  readonly #weights = new Map<string, WeakMap<RequestHour, Uint8Array>>();

  constructor(seed: number | string, recounts: readonly Recount[]) {
    this.#seed = seed;
    this.#recounts = recounts;
  }

  /** The weight of each request of an hour at a time in milliseconds; undefined while all count once. */
  weights(organizationId: string, hour: RequestHour, now: number): Uint8Array | undefined {
    const inForce = this.#recounts.filter(({ at }) => at <= now);
    if (inForce.length === 0) return undefined;
    const key = inForce.map((recount) => this.#recounts.indexOf(recount)).join();
    let known = this.#weights.get(key);
    if (known === undefined) {
      known = new WeakMap();
      this.#weights.set(key, known);
    }
    let weights = known.get(hour);
    if (weights === undefined) {
      weights = new Uint8Array(hour.at.length).fill(1);
      for (const recount of inForce) this.#apply(recount, organizationId, hour, weights);
      known.set(hour, weights);
    }
    return weights;
  }

  #apply({ share, change }: Recount, organizationId: string, hour: RequestHour, weights: Uint8Array): void {
    const cells = new Map<number, { struck: boolean; seen: number }>();
    for (let index = 0; index < weights.length; index++) {
      const slot = Math.floor((hour.at[index] ?? 0) / SLOT);
      const number = slot * RESPONSE_CODES.length + (hour.code[index] ?? 0);
      let cell = cells.get(number);
      if (cell === undefined) {
        const random = createRandom(this.#seed, 'recount', change, organizationId, hour.start, number);
        cell = { struck: random.chance(share), seen: 0 };
        cells.set(number, cell);
      }
      const isOdd = cell.seen++ % 2 === 1;
      if (!cell.struck) continue;
      const weight = weights[index] ?? 1;
      weights[index] = change === 'more' ? weight * 2 : isOdd ? weight : 0;
    }
  }
}

/*
 * The order of the log as its answers show it, and which withdrawals of final time that justifies. A window that goes
 * by a proven order claims time before it is read to its end, and may take that back once rows have come out of turn,
 * whether its own or those of another window: when it is closed, and no more than it had claimed. Whether an order has
 * been proven anew since is read from what is stored.
 */
import type { Ranges } from '../../../src/ranges.ts';
import type { LearnedLimits } from '../../../src/sync/limits.ts';
import type { OpenWindow } from '../../../src/sync/open-window.ts';
import type { Reading } from '../../../src/sync/stream.ts';

const NO_BUCKETS = 0;

type Proven = NonNullable<OpenWindow['proven']>;

export class OrderModel {
  /** Answers with rows out of turn, by what a reading keeps of them. */
  readonly #outOfTurn = new WeakSet<Reading['contents']>();
  /** Those of them that were written: others have come to nothing, with their process or their window. */
  #disorders = 0;
  /** How many there had been when each order was last proven. */
  readonly #whenProven = new Map<Proven, number>();
  #order: LearnedLimits['order'];
  #open: readonly OpenWindow[] = [];

  /** A page of a window was answered. */
  answered({ order, lastInstant }: OpenWindow, { contents }: Reading): void {
    const directions = new Set<string>(order === 'unknown' ? [] : [order]);
    let previous = lastInstant;
    for (const { at } of contents(NO_BUCKETS)) {
      if (previous !== null && at !== previous) directions.add(at > previous ? 'ascending' : 'descending');
      previous = at;
    }
    if (directions.size > 1) this.#outOfTurn.add(contents);
  }

  /** Readings go into a transaction. */
  written(readings: readonly Reading[]): void {
    this.#disorders += readings.filter(({ contents }) => this.#outOfTurn.has(contents)).length;
  }

  /** Time that may have been withdrawn since this was last asked, by what is stored now. */
  mayBeWithdrawn(open: readonly OpenWindow[], { order }: LearnedLimits): Ranges {
    const closed = this.#open.filter((window) => !open.some((other) => isSame(window, other)));
    const doubted = closed.filter(
      ({ proven }) => proven !== null && this.#disorders > (this.#whenProven.get(proven) ?? 0),
    );
    const isProvenNow = order !== undefined && order !== 'unordered' && order !== this.#order;
    if (isProvenNow) this.#whenProven.set(order, this.#disorders);
    this.#order = order;
    this.#open = open;
    return doubted.map(({ claim }) => claim);
  }
}

function isSame(before: OpenWindow, now: OpenWindow): boolean {
  return (
    before.asked.from === now.asked.from && before.asked.to === now.asked.to && before.pages <= now.pages
  );
}

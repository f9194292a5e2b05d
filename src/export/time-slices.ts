import type { TimeRange } from '../db/view-rows.ts';
import { type Instant, MICROSECONDS_PER_SECOND } from '../instant.ts';

/**
 * Cuts a range into slices that follow one another without a hole, each with a moderate number of rows.
 *
 * Postgres sorts what it is asked for before it gives the first row; asked for years of deliveries, it would sort
 * them all on disk. Sorted slices in their order are the same rows in the same order, whatever their lengths are: so
 * these may follow the number of rows. The first slice is open to the past, where no beginning was asked for, and
 * the last one to the future: where rows begin and end is only a guess.
 */
export class TimeSlices {
  readonly #range: TimeRange;
  readonly #horizon: Instant;
  #next: Instant | undefined;
  #span = FIRST_SPAN;
  #done = false;

  /**
   * @param begin about where rows begin; `undefined`: not known, so everything is one slice
   * @param horizon about where they end
   */
  constructor(range: TimeRange, begin: Instant | undefined, horizon: Instant) {
    this.#range = range;
    this.#horizon = begin === undefined ? Number.NEGATIVE_INFINITY : Math.min(horizon, range.to ?? horizon);
    this.#next = Math.max(begin ?? 0, range.from ?? Number.NEGATIVE_INFINITY);
  }

  /** @param rows how many the slice before this one had */
  take(rows: number | undefined): TimeRange | undefined {
    if (this.#done) return undefined;
    const isFirst = rows === undefined;
    if (rows !== undefined) this.#span = nextSpan(this.#span, rows);
    const from = isFirst ? this.#range.from : this.#next;
    const end = (this.#next ?? 0) + this.#span;
    this.#done = end >= this.#horizon;
    this.#next = end;
    return { from, to: this.#done ? this.#range.to : end };
  }
}

const FIRST_SPAN = 86_400 * MICROSECONDS_PER_SECOND;
const SHORTEST_SPAN = 60 * MICROSECONDS_PER_SECOND;
const ROWS_WANTED = 50_000;
const LARGEST_STEP = 8;

/** Towards the wanted number of rows, eight times longer or shorter at most. */
export function nextSpan(span: number, rows: number): number {
  const factor = Math.min(LARGEST_STEP, Math.max(1 / LARGEST_STEP, ROWS_WANTED / Math.max(1, rows)));
  return Math.max(SHORTEST_SPAN, Math.round(span * factor));
}

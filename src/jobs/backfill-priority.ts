/*
 * Backfills of all organizations go by the deadline of their oldest gap, the earliest first. BullMQ knows priorities
 * up to 2^21 - 1, the lowest first, so a deadline counts by the hour: jobs that were queued at different times stay
 * comparable, for 239 years. Within an hour they go in the order they came.
 *
 * Each slice of work moves a stream's oldest gap and so its deadline on. Whoever has read more goes behind whoever has
 * read less, and the history of a large organization never keeps small ones waiting for more than a slice.
 */
import { type Instant, instantOfSeconds } from '../instant.ts';

const HOUR = instantOfSeconds(3_600);
/** What BullMQ takes at most. */
export const LAST_PRIORITY = 2 ** 21 - 1;

/** @param deadline when Meraki forgets the oldest that is missing; `undefined`: not known, behind all others */
export function backfillPriority(deadline: Instant | undefined): number {
  if (deadline === undefined) return LAST_PRIORITY - 1;
  return Math.min(LAST_PRIORITY - 1, Math.max(1, Math.floor(deadline / HOUR)));
}

/**
 * The priority after a slice. The queue in Postgres would put a job back before others of its hour, so one whose hour
 * is still the same goes behind them, once.
 */
export function priorityAfterSlice(before: number, deadline: Instant | undefined): number {
  const priority = backfillPriority(deadline);
  return priority === before ? Math.min(LAST_PRIORITY - 1, priority + 1) : priority;
}

/** What is lost within a day waits for nobody. */
const IMMINENT = 24 * HOUR;
const REST_MS = 20_000;

/**
 * How long a stream rests after a slice. Places of its own do not keep a long history from taking the processor's time,
 * so it stands back while newest edges wait for their turn; they never stop it altogether.
 *
 * @param liveWaiting live jobs that have not begun
 * @returns milliseconds
 */
export function restAfterSlice(liveWaiting: number, deadline: Instant | undefined, now: Instant): number {
  const isImminent = deadline !== undefined && deadline < now + IMMINENT;
  return liveWaiting > 0 && !isImminent ? REST_MS : 0;
}

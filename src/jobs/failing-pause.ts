/*
 * A stream that keeps failing is left alone for longer and longer. An attempt can hold a place in a worker for a minute,
 * so that a dozen such streams, tried at every turn, would take the places of all others.
 */
import { type Instant, instantOfMilliseconds } from '../instant.ts';

const SECOND = 1_000;
const MOST_MS = 900 * SECOND;
const BACKFILL_FIRST_MS = 15 * SECOND;
const BACKFILL_MOST_MS = 1_800 * SECOND;
/** A fault or two pass by themselves, and the job's own retries see to them. */
const PATIENT_FAILURES = 2;

/**
 * How long the live lane of a stream is left alone after it has failed.
 *
 * @param failures how often in a row, counted from 1
 * @returns milliseconds; 0: not at all
 */
export function failingPause(failures: number): number {
  if (failures <= PATIENT_FAILURES) return 0;
  return Math.min(MOST_MS, 60 * SECOND * 2 ** (failures - PATIENT_FAILURES - 1));
}

/** Whether the live lane leaves a stream alone until `retryAt`; what lies further ahead than any pause, a wrong clock wrote. */
export function isLeftAlone(retryAt: Instant | undefined, now: Instant): boolean {
  return retryAt !== undefined && retryAt > now && retryAt <= now + instantOfMilliseconds(MOST_MS);
}

/**
 * How long a backfill waits for its next attempt.
 *
 * @param attempts that have failed, counted from 1
 * @param random from 0 up to but not including 1: those that failed together do not come back together
 * @returns milliseconds
 */
export function backfillBackoff(attempts: number, random: number): number {
  const full = Math.min(BACKFILL_MOST_MS, BACKFILL_FIRST_MS * 2 ** (attempts - 1));
  return Math.round(full * (1 - random / 2));
}

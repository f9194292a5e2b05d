import type { Ranges } from '../../../src/ranges.ts';
import type { Situation } from '../../../src/sync/plan.ts';

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** 2026-11-03T12:00:00Z, a multiple of every bucket width. */
export const NOON = 1_793_707_200 * SECOND;

export const logs: Situation = {
  now: NOON,
  wantedFrom: 0,
  done: [],
  lookback: 90 * DAY,
  span: 31 * DAY,
  settle: 15 * MINUTE,
  grid: 1,
  lead: SECOND,
  reach: 120 * SECOND,
};
export const buckets: Situation = {
  ...logs,
  settle: 10 * MINUTE,
  lookback: 31 * DAY,
  grid: 120 * SECOND,
  lead: 0,
  reach: 0,
};
export const ago = (age: number): number => NOON - age;
export const doneFromTo = (from: number, to: number): Ranges => [{ from: ago(from), to: ago(to) }];

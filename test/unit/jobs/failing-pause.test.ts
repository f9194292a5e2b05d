import { expect, test } from 'vitest';
import { backfillBackoff, failingPause } from '../../../src/jobs/failing-pause.ts';

const MINUTE = 60_000;

test('a live lane is left alone after its third failure in a row, for longer and longer, up to 15 minutes', () => {
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map(failingPause);
  expect(pauses).toEqual([0, 0, 1, 2, 4, 8, 15, 15, 15].map((minutes) => minutes * MINUTE));
});

test('a backfill waits for longer and longer, up to half an hour, and half as long where chance says so', () => {
  const waits = [1, 2, 3, 8, 9, 1_000].map((attempts) => backfillBackoff(attempts, 0));
  expect(waits).toEqual([15_000, 30_000, 60_000, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE]);
  expect(backfillBackoff(3, 0.999_999)).toBe(30_000);
});

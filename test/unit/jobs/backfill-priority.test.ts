import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOfSeconds, parseInstant } from '../../../src/instant.ts';
import {
  backfillPriority,
  LAST_PRIORITY,
  priorityAfterSlice,
  restAfterSlice,
} from '../../../src/jobs/backfill-priority.ts';

const HOUR = instantOfSeconds(3_600);
const instants = fc.integer({ min: 0, max: parseInstant('2200-01-01T00:00:00Z') ?? 0 });

describe('the priority of a backfill', () => {
  test('never puts a later deadline first, nor any deadline behind what has none', () => {
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)];
        expect(backfillPriority(early)).toBeLessThanOrEqual(backfillPriority(late));
        expect(backfillPriority(late)).toBeLessThan(backfillPriority(undefined));
      }),
    );
  });

  test('tells deadlines of different hours apart, whenever the jobs were queued', () => {
    const deadline = parseInstant('2026-03-01T12:30:00Z') ?? 0;
    expect(backfillPriority(deadline + HOUR)).toBe(backfillPriority(deadline) + 1);
    expect(backfillPriority(deadline + 60)).toBe(backfillPriority(deadline));
  });

  test('is one that the queue takes, for audits and unknown deadlines as well', () => {
    fc.assert(
      fc.property(fc.option(instants, { nil: undefined }), (deadline) => {
        const priority = backfillPriority(deadline);
        expect(Number.isInteger(priority)).toBe(true);
        expect(priority).toBeGreaterThanOrEqual(1);
        expect(priority).toBeLessThan(LAST_PRIORITY);
        expect(priorityAfterSlice(priority, deadline)).toBeLessThan(LAST_PRIORITY);
      }),
    );
    expect(LAST_PRIORITY).toBe(2_097_151);
  });
});

describe('after a slice', () => {
  const deadline = parseInstant('2026-03-01T12:30:00Z') ?? 0;
  const before = backfillPriority(deadline);

  test('a stream goes by the deadline of what it lacks now', () => {
    expect(priorityAfterSlice(before, deadline + 24 * HOUR)).toBe(before + 24);
  });

  test('one that got no further goes behind the others of its hour, and back the next time', () => {
    expect(priorityAfterSlice(before, deadline)).toBe(before + 1);
    expect(priorityAfterSlice(before + 1, deadline)).toBe(before);
  });

  test('a stream stands back while newest edges wait, unless what it lacks is soon lost', () => {
    const now = deadline - 48 * HOUR;
    expect(restAfterSlice(0, deadline, now)).toBe(0);
    expect(restAfterSlice(3, deadline, now)).toBe(20_000);
    expect(restAfterSlice(3, undefined, now)).toBe(20_000);
    expect(restAfterSlice(3, deadline, deadline - 23 * HOUR)).toBe(0);
  });
});

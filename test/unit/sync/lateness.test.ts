import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latenessBucket, measureLateness, type ReadBefore } from '../../../src/sync/lateness.ts';
import { settleAdvice, settleHint } from '../../../src/sync/settle-hint.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
/** Read an hour up to 10 min before the answer; final up to 20 min before it. */
const answeredAt = 100 * MINUTE;
const before: ReadBefore = {
  covered: [{ from: 40 * MINUTE, to: 90 * MINUTE }],
  final: [{ from: 40 * MINUTE, to: 80 * MINUTE }],
  closely: 20 * MINUTE,
};
const row = (sent: number, logged = sent) => ({ sentAt: sent * MINUTE, loggedAt: logged * MINUTE });
const measure = (rows: readonly ReturnType<typeof row>[], known: ReadBefore = before) =>
  measureLateness(rows, known, answeredAt);

test('a bucket holds what its number says', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), (seconds) => {
      const bucket = latenessBucket(seconds);
      expect(seconds).toBeLessThanOrEqual(2 ** (bucket / 4) * (1 + 1e-12));
      if (bucket > 0) expect(seconds).toBeGreaterThanOrEqual(2 ** ((bucket - 1) / 4) * (1 - 1e-12));
    }),
  );
});

describe('a row that was not stored before', () => {
  test('of time not read before, is late by no more than its age', () => {
    expect(measure([row(95)])).toMatchObject([
      { rows: 1, rowsFoundLate: 0, rowsAfterFinal: 0, maxSeconds: 300, lateMaxSeconds: 0 },
    ]);
  });

  test('logged before its time was read, was found late', () => {
    expect(measure([row(85)])).toMatchObject([
      { rows: 1, rowsFoundLate: 1, rowsAfterFinal: 0, maxSeconds: 900, lateMaxSeconds: 900 },
    ]);
  });

  test('sent before that and logged after it, was not', () => {
    expect(measure([row(89, 91)])).toMatchObject([{ rows: 1, rowsFoundLate: 0 }]);
  });

  test('in final time, is counted apart', () => {
    expect(measure([row(70)])).toMatchObject([{ rows: 1, rowsFoundLate: 1, rowsAfterFinal: 1 }]);
  });

  test('after a pause, says nothing, unless it lies in final time', () => {
    const paused = { ...before, closely: 5 * MINUTE };
    expect(measure([row(85), row(91)], paused)).toEqual([]);
    expect(measure([row(70)], paused)).toMatchObject([{ rows: 0, rowsFoundLate: 0, rowsAfterFinal: 1 }]);
  });

  test('logged after the answer by a clock that differs, was not late', () => {
    expect(measure([row(99, 101)])).toMatchObject([{ bucket: 0, rows: 1, maxSeconds: 0 }]);
  });
});

test('every measured row is in one bucket, and counts add up', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 40, max: 99 }), fc.nat(3)), { maxLength: 30 });
  fc.assert(
    fc.property(rows, (pairs) => {
      const given = pairs.map(([sent, took]) => row(sent, sent + took));
      const counts = measure(given, { ...before, closely: 1_000 * MINUTE });
      expect(counts.reduce((sum, count) => sum + count.rows, 0)).toBe(given.length);
      expect(new Set(counts.map(({ bucket }) => bucket)).size).toBe(counts.length);
      for (const count of counts) {
        expect(latenessBucket(count.maxSeconds)).toBe(count.bucket);
        expect(count.rowsFoundLate).toBeLessThanOrEqual(count.rows);
        expect(count.lateMaxSeconds).toBeLessThanOrEqual(count.maxSeconds);
      }
    }),
  );
});

describe('advice on the settle time', () => {
  test('none while there is room', () => {
    expect(settleAdvice(null, 900)).toBeUndefined();
    expect(settleAdvice(719, 900)).toBeUndefined();
  });

  test('half as much again as what was seen, in whole minutes', () => {
    expect(settleAdvice(720, 900)).toBe(1_080);
    expect(settleAdvice(1_000, 900)).toBe(1_500);
  });

  test('no more than can be set', () => {
    expect(settleAdvice(80_000, 900)).toBe(86_400);
    expect(settleAdvice(80_000, 86_400)).toBeUndefined();
  });

  test('in words', () => {
    expect(settleHint('webhook_logs', 719.5, 600)).toBe(
      'rows appeared up to 12m after they were logged, WEBHOOK_LOGS_SETTLE is 10m: set it to at least 18m',
    );
  });
});

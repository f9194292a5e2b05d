import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hoursOf } from '../../../src/db/rollup-stale.ts';
import { instantOfSeconds, parseInstant } from '../../../src/instant.ts';
import { contains, duration, intersect, rangesOf, spanOf, subtract } from '../../../src/ranges.ts';
import { nextBatch, nextSpan } from '../../../src/sync/roll-up.ts';

const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
const START = parseInstant('2026-03-01T00:00:00Z') ?? 0;

const at = (hours: number) => START + hours * HOUR;
const hours = fc
  .array(fc.tuple(fc.nat(3_000), fc.integer({ min: 1, max: 900 })), { maxLength: 6 })
  .map((list) => rangesOf(...list.map(([from, length]) => ({ from: at(from), to: at(from + length) }))));
const span = fc.integer({ min: 1, max: 31 }).map((days) => days * DAY);

test('a batch is the end of the newest stale time, and begins a UTC day where it is cut', () => {
  fc.assert(
    fc.property(hours, span, (stale, length) => {
      const batch = nextBatch(stale, length);
      if (batch === undefined) {
        expect(stale).toEqual([]);
        return;
      }
      expect(contains(stale, batch)).toBe(true);
      expect(batch.to).toBe(stale.at(-1)?.to);
      expect(batch.from).toBeLessThan(batch.to);
      expect(batch.to - batch.from).toBeLessThan(length + DAY);
      if (batch.from !== stale.at(-1)?.from) expect((batch.from - START) % DAY).toBe(0);
    }),
  );
});

test('batch after batch does all that is stale, each hour once', () => {
  fc.assert(
    fc.property(hours, span, (stale, length) => {
      let left = stale;
      let done = 0;
      for (let batch = nextBatch(left, length); batch !== undefined; batch = nextBatch(left, length)) {
        done += duration(intersect(left, [batch]));
        left = subtract(left, [batch]);
      }
      expect(left).toEqual([]);
      expect(done).toBe(duration(stale));
    }),
  );
});

test.each([
  ['one that takes a moment is followed by one twice as long', 4, 10, 8],
  ['up to 31 days', 20, 10, 31],
  ['one that takes as long as wanted stays', 4, 200, 4],
  ['one that takes too long is followed by half of it', 8, 900, 4],
  ['but by a day at least', 1, 9_000, 1],
])('%s', (_name, days, tookMs, next) => {
  expect(nextSpan(days * DAY, tookMs)).toBe(next * DAY);
});

test('hours are whole, hold what they are made of, and no hour that it does not touch', () => {
  const stretch = fc.tuple(fc.nat(20 * HOUR), fc.integer({ min: 1, max: 5 * HOUR }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 5 }), (list) => {
      const ranges = list.map(([from, length]) => ({ from: START + from, to: START + from + length }));
      const whole = hoursOf(ranges);
      for (const range of ranges) expect(contains(whole, range)).toBe(true);
      for (const { from, to } of whole) {
        expect([from % HOUR, to % HOUR]).toEqual([0, 0]);
        for (let hour = from; hour < to; hour += HOUR) {
          expect(intersect(rangesOf(...ranges), [{ from: hour, to: hour + HOUR }])).not.toEqual([]);
        }
      }
    }),
  );
});

test('the span of instants holds the first and the last of them, and nothing after it', () => {
  expect(spanOf([at(5)])).toEqual({ from: at(5), to: at(5) + 1 });
  expect(spanOf([at(5), at(2), at(9), at(2)])).toEqual({ from: at(2), to: at(9) + 1 });
  const many = Array.from({ length: 300_000 }, (_, index) => at(1) + index);
  expect(spanOf(many)).toEqual({ from: at(1), to: at(1) + 300_000 });
  expect(hoursOf([spanOf([at(5)])])).toEqual([{ from: at(5), to: at(6) }]);
  expect(hoursOf([spanOf([at(5) - 1, at(5)])])).toEqual([{ from: at(4), to: at(6) }]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOfSeconds } from '../../../src/instant.ts';
import {
  contains,
  containsInstant,
  intersect,
  type Range,
  type Ranges,
  rangesOf,
  subtract,
  union,
} from '../../../src/ranges.ts';
import { type AskedBuckets, wholeBuckets } from '../../../src/sync/whole-buckets.ts';

const span = (from: number, to: number): Range => ({
  from: instantOfSeconds(from),
  to: instantOfSeconds(to),
});
const every = (width: number, from: number, to: number): Range[] =>
  Array.from({ length: (to - from) / width }, (_, place) =>
    span(from + place * width, from + (place + 1) * width),
  );
/** Asked at 120 seconds; settled and past unless said otherwise. */
const asked = (from: number, to: number, more: Partial<AskedBuckets> = {}): AskedBuckets => ({
  asked: span(from, to),
  askedIntervalSeconds: 120,
  finalUntil: instantOfSeconds(1_000_000),
  endsNow: false,
  ...more,
});

test('whole settled buckets are read and final', () => {
  expect(wholeBuckets(asked(0, 600), every(120, 0, 600), 'all')).toEqual([
    { intervalSeconds: 120, read: [span(0, 600)], final: [span(0, 600)] },
  ]);
});

test('I5 a bucket that sticks out of the window is neither read nor final', () => {
  expect(wholeBuckets(asked(60, 540), every(120, 0, 600), 'all')).toEqual([
    { intervalSeconds: 120, read: [span(120, 480)], final: [span(120, 480)] },
  ]);
  expect(wholeBuckets(asked(100, 200), [span(0, 21_600)], 'all')).toEqual([]);
});

test('I5 the newest bucket of a window that ends now is read, not final', () => {
  const now = { endsNow: true, finalUntil: instantOfSeconds(250) };
  expect(wholeBuckets(asked(0, 400, now), every(120, 0, 480), 'all')).toEqual([
    { intervalSeconds: 120, read: [span(0, 400)], final: [span(0, 240)] },
  ]);
});

test('I5 a bucket that ends exactly when things have settled is final, a microsecond later it is not', () => {
  const until = (finalUntil: number) =>
    wholeBuckets(asked(0, 600, { finalUntil }), every(120, 0, 600), 'all')[0]?.final;
  expect(until(instantOfSeconds(480))).toEqual([span(0, 480)]);
  expect(until(instantOfSeconds(480) - 1)).toEqual([span(0, 360)]);
  expect(until(instantOfSeconds(0))).toEqual([]);
});

test('I2 time outside the first and the last bucket of an answer is not read', () => {
  expect(wholeBuckets(asked(0, 1_200), every(120, 360, 600), 'all')).toEqual([
    { intervalSeconds: 120, read: [span(360, 600)], final: [span(360, 600)] },
  ]);
});

test('an idle bucket between two others is read, whether it is listed or left out', () => {
  const answered = [span(480, 600), span(0, 120)];
  expect(wholeBuckets(asked(0, 600), answered, 'all')[0]?.read).toEqual([span(0, 600)]);
});

test('an empty answer says that the window was idle, in whole buckets', () => {
  expect(wholeBuckets(asked(60, 660), [], 'nothing')).toEqual([
    { intervalSeconds: 120, read: [span(120, 600)], final: [span(120, 600)] },
  ]);
  const now = { endsNow: true, finalUntil: instantOfSeconds(300) };
  expect(wholeBuckets(asked(0, 610, now), [], 'nothing')).toEqual([
    { intervalSeconds: 120, read: [span(0, 610)], final: [span(0, 240)] },
  ]);
});

test('an answer in which nothing was readable says nothing', () => {
  expect(wholeBuckets(asked(0, 600), [], 'some')).toEqual([]);
});

test('I2 I7 beside an unreadable bucket nothing counts as idle, only what is listed is read', () => {
  const answered = [span(0, 120), span(120, 240), span(480, 600)];
  expect(wholeBuckets(asked(0, 600), answered, 'some')).toEqual([
    { intervalSeconds: 120, read: [span(0, 240), span(480, 600)], final: [span(0, 240), span(480, 600)] },
  ]);
});

test('coarser buckets than asked for count at their own width', () => {
  expect(wholeBuckets(asked(0, 50_000), every(21_600, 0, 64_800), 'all')).toEqual([
    { intervalSeconds: 21_600, read: [span(0, 43_200)], final: [span(0, 43_200)] },
  ]);
});

test('I5 two buckets of one time at different widths are not believed, others of the answer are', () => {
  expect(wholeBuckets(asked(0, 7_200), [span(120, 240), span(0, 3_600)], 'all')).toEqual([]);
  const besides = [span(120, 240), span(0, 3_600), span(3_600, 7_200)];
  for (const understood of ['all', 'some'] as const) {
    expect(wholeBuckets(asked(0, 7_200), besides, understood)).toEqual([
      { intervalSeconds: 3_600, read: [span(3_600, 7_200)], final: [span(3_600, 7_200)] },
    ]);
  }
});

test('two widths in one answer, one after the other, are two readings', () => {
  const answered = [...every(120, 7_200, 10_800), ...every(3_600, 0, 7_200)];
  expect(wholeBuckets(asked(0, 10_800), answered, 'all')).toEqual([
    { intervalSeconds: 120, read: [span(7_200, 10_800)], final: [span(7_200, 10_800)] },
    { intervalSeconds: 3_600, read: [span(0, 7_200)], final: [span(0, 7_200)] },
  ]);
});

/**
 * Were it claimed as idle, the "finer" final buckets of zero would push the coarse bucket with the requests out of
 * the counted time.
 */
test('I6 time that another width of the answer tells about is not idle at this one', () => {
  const answered = [...every(120, 0, 3_600), ...every(3_600, 3_600, 7_200), ...every(120, 7_200, 10_800)];
  const fine = wholeBuckets(asked(0, 10_800), answered, 'all').find((part) => part.intervalSeconds === 120);
  expect(containsInstant(fine?.read ?? [], instantOfSeconds(3_600))).toBe(false);
});

/** A source that counts only what lies in the window asked for, as Meraki does. */
const LENGTH = 40;
const WIDTH = 4;
const source = fc.record({
  /** Requests by second. */
  requests: fc.uniqueArray(fc.nat(LENGTH - 1), { maxLength: 12 }),
  listsIdle: fc.boolean(),
});
type Source = typeof source extends fc.Arbitrary<infer T> ? T : never;

function answerOf({ requests, listsIdle }: Source, window: Range): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const [from, to] = [window.from / instantOfSeconds(1), window.to / instantOfSeconds(1)];
  for (let start = Math.floor(from / WIDTH) * WIDTH; start < to; start += WIDTH) {
    const count = requests.filter((at) => at >= start && at < start + WIDTH && at >= from && at < to).length;
    if (count > 0 || listsIdle) counts.set(start, count);
  }
  return counts;
}

const trueCount = ({ requests }: Source, start: number): number =>
  requests.filter((at) => at >= start && at < start + WIDTH).length;

describe('against a source that clips', () => {
  test('I5 each bucket that is final holds the true count', () => {
    fc.assert(
      fc.property(source, fc.nat(LENGTH), fc.nat(LENGTH), fc.nat(LENGTH), (from, a, b, settled) => {
        const window = span(Math.min(a, b), Math.max(a, b));
        const counts = answerOf(from, window);
        const question = {
          asked: window,
          askedIntervalSeconds: WIDTH,
          finalUntil: instantOfSeconds(settled),
          endsNow: false,
        };
        const buckets = [...counts.keys()].map((start) => span(start, start + WIDTH));
        for (const part of wholeBuckets(question, buckets, counts.size === 0 ? 'nothing' : 'all')) {
          expect(subtract(part.final, part.read)).toEqual([]);
          expect(subtract(part.read, [window])).toEqual([]);
          for (let start = 0; start < LENGTH; start += WIDTH) {
            if (!containsInstant(part.read, instantOfSeconds(start))) continue;
            expect(contains(part.read, span(start, start + WIDTH))).toBe(true);
            expect(counts.get(start) ?? 0).toBe(trueCount(from, start));
            const isFinal = containsInstant(part.final, instantOfSeconds(start));
            expect(isFinal).toBe(start + WIDTH <= settled);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('asking again for what is missing reads everything, idle buckets listed or not', () => {
    fc.assert(
      fc.property(source, (from) => {
        let read: Ranges = [];
        for (let asks = 0; asks < 30; asks += 1) {
          const window = subtract([span(0, LENGTH)], read)[0];
          if (window === undefined) return;
          const counts = answerOf(from, window);
          const question = {
            asked: window,
            askedIntervalSeconds: WIDTH,
            finalUntil: instantOfSeconds(LENGTH),
            endsNow: false,
          };
          const buckets = [...counts.keys()].map((start) => span(start, start + WIDTH));
          const parts = wholeBuckets(question, buckets, counts.size === 0 ? 'nothing' : 'all');
          const more = union(read, ...parts.map((part) => part.final));
          expect(subtract(more, read)).not.toEqual([]);
          read = more;
        }
        expect(read).toEqual([span(0, LENGTH)]);
      }),
    );
  });

  test('I5 a window that ends now makes nothing final that is still open', () => {
    fc.assert(
      fc.property(source, fc.integer({ min: 1, max: LENGTH }), fc.nat(6), (from, now, settle) => {
        const window = span(0, now);
        const counts = answerOf(from, window);
        const question = {
          asked: window,
          askedIntervalSeconds: WIDTH,
          finalUntil: instantOfSeconds(now - settle),
          endsNow: true,
        };
        const buckets = [...counts.keys()].map((start) => span(start, start + WIDTH));
        for (const { read, final } of wholeBuckets(
          question,
          buckets,
          counts.size === 0 ? 'nothing' : 'all',
        )) {
          expect(intersect(final, rangesOf(span(now - settle, LENGTH + WIDTH)))).toEqual([]);
          expect(subtract(read, [window])).toEqual([]);
          for (const bucket of buckets) expect(containsInstant(read, bucket.from)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

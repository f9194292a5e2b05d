import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOfSeconds } from '../../../src/instant.ts';
import { containsInstant, intersect, type Ranges, rangesOf } from '../../../src/ranges.ts';
import { countedTime, type WidthCoverage } from '../../../src/sync/resolution.ts';

const HOUR = 3_600;
const hours = (...pairs: readonly (readonly [number, number])[]): Ranges =>
  rangesOf(
    ...pairs.map(([from, to]) => ({ from: instantOfSeconds(from * HOUR), to: instantOfSeconds(to * HOUR) })),
  );
const final = (...pairs: readonly (readonly [number, number])[]): WidthCoverage => ({
  final: hours(...pairs),
  provisional: [],
});
const provisional = (...pairs: readonly (readonly [number, number])[]): WidthCoverage => ({
  final: [],
  provisional: hours(...pairs),
});
type Expected = Record<number, readonly (readonly [number, number])[]>;

test.each<[string, Record<number, WidthCoverage>, Expected]>([
  ['one width counts where it is final', { 120: final([0, 5]) }, { 120: [[0, 5]] }],
  ['nothing stored counts nothing', {}, {}],
  [
    'finer final buckets that fill a coarse one replace it',
    { 120: final([0, 6]), 21600: final([0, 12]) },
    { 120: [[0, 6]], 21600: [[6, 12]] },
  ],
  [
    'finer final buckets that leave a hole do not',
    { 120: final([0, 5], [5.5, 6]), 21600: final([0, 6]) },
    { 120: [], 21600: [[0, 6]] },
  ],
  [
    'two finer widths fill one together',
    { 120: final([3, 6]), 3600: final([0, 3]), 21600: final([0, 6]) },
    { 120: [[3, 6]], 3600: [[0, 3]], 21600: [] },
  ],
  [
    'final beside it, a finer width counts the rest',
    { 120: final([4, 8]), 21600: final([0, 6]) },
    { 120: [[6, 8]], 21600: [[0, 6]] },
  ],
  [
    '4 and 6 hours cannot fill each other: the wider wins',
    { 14400: final([0, 24]), 21600: final([0, 6]) },
    { 14400: [[8, 24]], 21600: [[0, 6]] },
  ],
  [
    '4 and 6 hours, both filled by a finer one',
    { 120: final([0, 12]), 14400: final([0, 12]), 21600: final([0, 12]) },
    { 120: [[0, 12]], 14400: [], 21600: [] },
  ],
  [
    '4 hours do not fill 6, even two of them',
    { 14400: final([0, 12]), 21600: final([0, 12]) },
    { 14400: [], 21600: [[0, 12]] },
  ],
  [
    'provisional finer buckets do not displace a final coarse one',
    { 120: provisional([0, 6]), 21600: final([0, 6]) },
    { 120: [], 21600: [[0, 6]] },
  ],
  [
    'a provisional coarse bucket does not displace final finer ones',
    { 120: final([0, 2]), 21600: provisional([0, 3]) },
    { 120: [[0, 2]], 21600: [] },
  ],
  [
    'provisional, the finer wins',
    { 120: provisional([4, 5]), 3600: provisional([0, 5]) },
    { 120: [[4, 5]], 3600: [[0, 4]] },
  ],
  ['the open newest bucket counts whole', { 3600: provisional([2, 2.25]) }, { 3600: [[2, 3]] }],
])('I6 %s', (_, coverage, expected) => {
  const counted = countedTime(new Map(Object.entries(coverage).map(([width, at]) => [Number(width), at])));
  expect(counted).toEqual(
    new Map(Object.entries(expected).map(([width, pairs]) => [Number(width), hours(...pairs)])),
  );
});

/** A day of 24 "hours" of one second, so that a naive model can look at every one of them. */
const SPAN = 24;
const NESTED = [1, 2, 4, 12];
const CROSSED = [1, 2, 4, 6];

/** Final coverage in whole buckets; provisional beside it, ending anywhere, as the open bucket does. */
function coverages(widths: readonly number[]): fc.Arbitrary<ReadonlyMap<number, WidthCoverage>> {
  const one = (width: number) =>
    fc.array(fc.constantFrom('none', 'none', 'final', 'final', 'provisional'), {
      minLength: SPAN / width,
      maxLength: SPAN / width,
    });
  return fc.tuple(...widths.map(one)).map((kinds) => {
    const entries = widths.map((width, index): [number, WidthCoverage] => {
      const of = (kind: string): Ranges =>
        rangesOf(
          ...(kinds[index] ?? []).flatMap((found, place) =>
            found === kind
              ? [{ from: instantOfSeconds(place * width), to: instantOfSeconds((place + 1) * width) }]
              : [],
          ),
        );
      return [width, { final: of('final'), provisional: of('provisional') }];
    });
    return new Map(entries);
  });
}

const seconds = Array.from({ length: SPAN }, (_, second) => instantOfSeconds(second));
const countingAt = (counted: ReadonlyMap<number, Ranges>, instant: number): number[] =>
  [...counted].filter(([, ranges]) => containsInstant(ranges, instant)).map(([width]) => width);
const bucketOf = (width: number, second: number): number[] => {
  const start = Math.floor(second / width) * width;
  return Array.from({ length: width }, (_, offset) => instantOfSeconds(start + offset));
};

/** The width that counts in the second, looking at final coverage alone; widths divide each other. */
function naiveFinal(coverage: ReadonlyMap<number, WidthCoverage>, second: number): number | undefined {
  const finalAt = (width: number, instant: number) =>
    containsInstant(coverage.get(width)?.final ?? [], instant);
  return NESTED.toReversed().find(
    (width) =>
      finalAt(width, instantOfSeconds(second)) &&
      !bucketOf(width, second).every((instant) =>
        NESTED.some((finer) => finer < width && finalAt(finer, instant)),
      ),
  );
}

describe.each([
  ['nested widths', NESTED],
  ['4 and 6 beside each other', CROSSED],
])('%s', (_, widths) => {
  test('I6 no instant is counted at two widths', () => {
    fc.assert(
      fc.property(coverages(widths), (coverage) => {
        const counted = [...countedTime(coverage).values()];
        counted.forEach((ranges, index) => {
          for (const other of counted.slice(index + 1)) expect(intersect(ranges, other)).toEqual([]);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  test('I6 only whole buckets that are covered count', () => {
    fc.assert(
      fc.property(coverages(widths), (coverage) => {
        for (const [width, ranges] of countedTime(coverage)) {
          for (const { from, to } of ranges) {
            expect([from % instantOfSeconds(width), to % instantOfSeconds(width)]).toEqual([0, 0]);
          }
          const { final, provisional } = coverage.get(width) ?? { final: [], provisional: [] };
          expect(intersect(ranges, rangesOf(...final, ...provisional))).toEqual(ranges);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('I5 provisional time changes nothing of what final time counts', () => {
    fc.assert(
      fc.property(coverages(widths), (coverage) => {
        const withoutProvisional = new Map(
          [...coverage].map(([width, { final }]) => [width, { final, provisional: [] }]),
        );
        const settled = countedTime(withoutProvisional);
        const all = countedTime(coverage);
        for (const [width, ranges] of settled) {
          expect(intersect(all.get(width) ?? [], ranges)).toEqual(ranges);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('final buckets count first: a coarse one unless finer final ones fill it', () => {
    fc.assert(
      fc.property(coverages(widths), (coverage) => {
        const counted = countedTime(coverage);
        for (const [width, { final }] of coverage) {
          for (let start = 0; start < SPAN; start += width) {
            if (!containsInstant(final, instantOfSeconds(start))) continue;
            if (!containsInstant(counted.get(width) ?? [], instantOfSeconds(start))) continue;
            const filled = bucketOf(width, start).every((instant) =>
              widths.some(
                (finer) =>
                  finer < width &&
                  width % finer === 0 &&
                  containsInstant(coverage.get(finer)?.final ?? [], instant),
              ),
            );
            expect(filled, `${width} at ${start}`).toBe(false);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('I6 nested widths: each instant of final coverage is counted by exactly one', () => {
  fc.assert(
    fc.property(coverages(NESTED), (coverage) => {
      const counted = countedTime(coverage);
      for (const instant of seconds) {
        const covered = [...coverage.values()].some(({ final }) => containsInstant(final, instant));
        if (covered) expect(countingAt(counted, instant)).toHaveLength(1);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('I6 nested widths: the one that counts is the one a naive model picks', () => {
  fc.assert(
    fc.property(coverages(NESTED), (coverage) => {
      const counted = countedTime(coverage);
      seconds.forEach((instant, second) => {
        const naive = naiveFinal(coverage, second);
        if (naive !== undefined) expect(countingAt(counted, instant)).toEqual([naive]);
      });
    }),
    { numRuns: 1_000 },
  );
});

test('provisional time counts at the narrowest width that has it, where nothing final is near', () => {
  fc.assert(
    fc.property(coverages(NESTED), (coverage) => {
      const bare = new Map(
        [...coverage].map(([width, { provisional }]) => [width, { final: [], provisional }]),
      );
      const counted = countedTime(bare);
      for (const instant of seconds) {
        const narrowest = NESTED.find((width) =>
          containsInstant(bare.get(width)?.provisional ?? [], instant),
        );
        if (narrowest === 1) expect(countingAt(counted, instant)).toEqual([1]);
        if (narrowest === undefined) expect(countingAt(counted, instant)).toEqual([]);
      }
    }),
  );
});

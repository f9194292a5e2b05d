import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  containsInstant,
  duration,
  intersect,
  overlaps,
  type Range,
  type Ranges,
  rangesOf,
  shrinkToGrid,
  subtract,
  union,
} from '../../src/ranges.ts';

const END = 30;
const range: fc.Arbitrary<Range> = fc.record({ from: fc.nat(END), to: fc.nat(END) });
const anyRanges = fc.array(range, { maxLength: 8 });
const ranges = anyRanges.map((list) => rangesOf(...list));

/** The naive model: the whole numbers that lie in a set. */
const membersOf = (set: readonly Range[]): number[] =>
  Array.from({ length: END + 1 }, (_, number) => number).filter((number) =>
    set.some(({ from, to }) => from <= number && number < to),
  );

function expectNormal(set: Ranges): void {
  set.forEach(({ from, to }, index) => {
    expect(from).toBeLessThan(to);
    const next = set[index + 1];
    if (next !== undefined) expect(to).toBeLessThan(next.from);
  });
}

describe('against a set of whole numbers', () => {
  test('rangesOf', () => {
    fc.assert(
      fc.property(anyRanges, (list) => {
        const set = rangesOf(...list);
        expectNormal(set);
        expect(membersOf(set)).toEqual(membersOf(list));
      }),
    );
  });

  test('union', () => {
    fc.assert(
      fc.property(fc.array(ranges, { maxLength: 4 }), (sets) => {
        const all = union(...sets);
        expectNormal(all);
        expect(membersOf(all)).toEqual(membersOf(sets.flat()));
      }),
    );
  });

  test('intersect', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const both = intersect(a, b);
        expectNormal(both);
        const inB = new Set(membersOf(b));
        expect(membersOf(both)).toEqual(membersOf(a).filter((number) => inB.has(number)));
      }),
      { numRuns: 500 },
    );
  });

  test('subtract', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const rest = subtract(a, b);
        expectNormal(rest);
        const inB = new Set(membersOf(b));
        expect(membersOf(rest)).toEqual(membersOf(a).filter((number) => !inB.has(number)));
      }),
      { numRuns: 500 },
    );
  });

  test('contains, containsInstant, overlaps, duration', () => {
    fc.assert(
      fc.property(ranges, range, (set, other) => {
        const members = new Set(membersOf(set));
        const others = membersOf([other]);
        expect(contains(set, other)).toBe(others.every((number) => members.has(number)));
        expect(containsInstant(set, other.from)).toBe(members.has(other.from));
        if (others.length > 0)
          expect(overlaps(set, other)).toBe(others.some((number) => members.has(number)));
        expect(duration(set)).toBe(members.size);
      }),
      { numRuns: 500 },
    );
  });

  test('shrinkToGrid keeps exactly the steps that lie whole in the range', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 7 }), (outer, step) => {
        const inner = shrinkToGrid(outer, step);
        const whole = Array.from({ length: END + 1 }, (_, place) => place * step).filter(
          (start) => start >= outer.from && start + step <= outer.to,
        );
        if (whole.length === 0) expect(inner.from).toBeGreaterThanOrEqual(inner.to);
        else expect(inner).toEqual({ from: whole[0], to: (whole.at(-1) ?? 0) + step });
      }),
    );
  });
});

test.each<[string, Ranges, Ranges]>([
  ['touching ranges become one', rangesOf({ from: 0, to: 2 }, { from: 2, to: 4 }), [{ from: 0, to: 4 }]],
  ['empty and turned ranges vanish', rangesOf({ from: 3, to: 3 }, { from: 5, to: 4 }), []],
  ['one inside the other', rangesOf({ from: 0, to: 9 }, { from: 2, to: 3 }), [{ from: 0, to: 9 }]],
  [
    'a hole in the middle',
    subtract([{ from: 0, to: 9 }], [{ from: 2, to: 3 }]),
    [
      { from: 0, to: 2 },
      { from: 3, to: 9 },
    ],
  ],
  [
    'no end',
    subtract([{ from: -Infinity, to: Infinity }], [{ from: 0, to: Infinity }]),
    [{ from: -Infinity, to: 0 }],
  ],
  ['neighbours share nothing', intersect([{ from: 0, to: 2 }], [{ from: 2, to: 4 }]), []],
])('%s', (_, actual, expected) => {
  expect(actual).toEqual(expected);
});

test('an empty range lies in every set, and overlaps none', () => {
  expect(contains([], { from: 3, to: 3 })).toBe(true);
  expect(overlaps([{ from: 0, to: 2 }], { from: 2, to: 2 })).toBe(false);
});

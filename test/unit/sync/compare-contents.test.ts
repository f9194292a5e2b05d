import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  amountOf,
  compareContents,
  contentsWithin,
  isDoubtful,
  isEqual,
} from '../../../src/sync/compare-contents.ts';
import type { Content } from '../../../src/sync/stream.ts';

const everything = [{ from: 0, to: 100 }];
const content: fc.Arbitrary<Content> = fc.record({
  at: fc.nat(5),
  key: fc.constantFrom('a', 'b'),
  amount: fc.nat(3),
});
const contents = fc.array(content, { maxLength: 12 });

test('source less what is missing, with what is surplus, is what is stored', () => {
  fc.assert(
    fc.property(contents, contents, (one, other) => {
      const source = contentsWithin(one, everything);
      const stored = contentsWithin(other, everything);
      const { missing, surplus } = compareContents(source, stored);
      const lacking = missing.map((item) => ({ ...item, amount: -item.amount }));
      const rebuilt = contentsWithin([...source, ...lacking, ...surplus], everything);
      expect(
        isEqual(
          compareContents(
            rebuilt.filter(({ amount }) => amount !== 0),
            stored,
          ),
        ),
      ).toBe(true);
      expect(amountOf(source) - amountOf(missing) + amountOf(surplus)).toBe(amountOf(stored));
    }),
  );
});

test('the same multiset in another order and other pieces is equal', () => {
  const whole = [{ at: 1, key: 'a', amount: 3 }];
  const pieces = [1, 2].map((amount) => ({ at: 1, key: 'a', amount }));
  expect(isEqual(compareContents(contentsWithin(pieces, everything), whole))).toBe(true);
});

test('only what lies within the ranges is looked at', () => {
  const all = [1, 2, 3].map((at) => ({ at, key: 'a', amount: 1 }));
  expect(contentsWithin(all, [{ from: 2, to: 3 }])).toEqual([{ at: 2, key: 'a', amount: 1 }]);
});

test('what the source gives no more at all is doubted; copies and codes too many are believed', () => {
  const at = (moment: number, key: string, amount = 1) => ({ at: moment, key, amount });
  const surplus = { missing: [], surplus: [at(1, 'a')] };
  expect(isDoubtful(surplus, [at(1, 'a'), at(2, 'b')], 0)).toBe(false);
  expect(isDoubtful(surplus, [at(1, 'b'), at(2, 'a')], 0)).toBe(true);
  expect(isDoubtful(surplus, [at(1, '200', 5)], 120)).toBe(false);
  expect(isDoubtful(surplus, [at(2, 'a')], 120)).toBe(true);
  expect(isDoubtful({ missing: [at(1, 'a')], surplus: [] }, [], 0)).toBe(false);
});

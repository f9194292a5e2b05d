import fc from 'fast-check';
import { expect, test } from 'vitest';
import { observeOrder, type PageOrder } from '../../../src/sync/page-order.ts';

test.each<[PageOrder, number | null, number[], PageOrder]>([
  ['unknown', null, [], 'unknown'],
  ['unknown', null, [5], 'unknown'],
  ['unknown', null, [5, 5, 5], 'unknown'],
  ['unknown', null, [5, 5, 6], 'ascending'],
  ['unknown', null, [5, 4], 'descending'],
  ['unknown', 5, [6], 'ascending'],
  ['unknown', 5, [4], 'descending'],
  ['ascending', 5, [5, 5], 'ascending'],
  ['ascending', 5, [4], 'unordered'],
  ['descending', 5, [6], 'unordered'],
  ['descending', 5, [4, 4, 3], 'descending'],
  ['unordered', 5, [6, 7], 'unordered'],
  ['unknown', null, [1, 2, 1], 'unordered'],
])('%s after %s, then %j: %s', (before, last, instants, after) => {
  expect(observeOrder(before, last, instants)).toBe(after);
});

test('page cuts do not change what is seen', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4)), fc.nat(20), (instants, cut) => {
      const first = instants.slice(0, cut);
      const seen = observeOrder('unknown', null, first);
      expect(observeOrder(seen, first.at(-1) ?? null, instants.slice(cut))).toBe(
        observeOrder('unknown', null, instants),
      );
    }),
  );
});

test('the order is what a comparison of all neighbours says', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(4)), (instants) => {
      const pairs = instants.slice(1).map((instant, index) => Math.sign(instant - (instants[index] ?? 0)));
      const [up, down] = [pairs.includes(1), pairs.includes(-1)];
      const naive = up && down ? 'unordered' : up ? 'ascending' : down ? 'descending' : 'unknown';
      expect(observeOrder('unknown', null, instants)).toBe(naive);
    }),
  );
});

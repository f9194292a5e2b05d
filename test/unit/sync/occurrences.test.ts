import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  noOccurrences,
  numberOccurrences,
  type Occurring,
  refusedIdentity,
} from '../../../src/sync/occurrences.ts';
import { openWindow, takePage } from '../../../src/sync/open-window.ts';

const good = (sentAt: number): Occurring => ({ sentAt, identity: `${sentAt}` });
const bad = (sentAt: number, name = 'a'): Occurring => ({
  sentAt,
  identity: refusedIdentity(name),
  isRefused: true,
});

test('I7 copies of a refused row are counted over the whole read, wherever its pages are cut', () => {
  const row = fc.tuple(fc.nat(9), fc.constantFrom('a', 'b', undefined));
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      fc.boolean(),
      (made, size, sorted) => {
        const rows = made
          .toSorted(([a], [b]) => a - b)
          .map(([sentAt, name]) => (name === undefined ? good(sentAt) : bad(sentAt, name)));
        const most = new Map<string, number>();
        let counts = noOccurrences;
        for (let at = 0; at < rows.length; at += size) {
          const page = rows.slice(at, at + size);
          const numbered = numberOccurrences(page, counts, sorted);
          // A crash before the commit repeats the page from the same counts.
          expect(numberOccurrences(page, counts, sorted)).toEqual(numbered);
          counts = JSON.parse(JSON.stringify(numbered.after));
          for (const [index, { identity }] of page.entries()) {
            most.set(identity, Math.max(most.get(identity) ?? 0, (numbered.occurrences[index] ?? 0) + 1));
          }
        }
        const total = [...most.values()].reduce((sum, copies) => sum + copies, 0);
        expect(total).toBe(rows.length);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a read with many different refused rows keeps a small checkpoint', () => {
  const rows = Array.from({ length: 5_000 }, (_, name) => bad(1, `row ${name}`));
  const { after } = numberOccurrences(rows, noOccurrences, true);
  expect(Object.keys(after.copies)).toHaveLength(1_000);
});

test('I2 a refused row says nothing about the order, nor how far a read has come', () => {
  const fresh = openWindow({ from: 0, to: 100 }, { from: 0, to: 100 }, 100);
  const without = takePage(fresh, [good(3), good(30)], 'next', 6);
  const between = takePage(fresh, [bad(90), good(3), bad(3), bad(1), good(30), bad(99)], 'next', 6);
  expect(between.finished).toEqual(without.finished);
  expect(between.window).toMatchObject({ order: 'ascending', firstInstant: 3, lastInstant: 30 });
  expect(between.occurrences).toEqual([0, 0, 1, 2, 0, 3]);
});

test('a page of refused rows alone finishes nothing and goes on', () => {
  const fresh = openWindow({ from: 0, to: 100 }, { from: 0, to: 100 }, 100);
  const { window, finished } = takePage(fresh, [bad(0), bad(0)], 'next', 6);
  expect(finished).toEqual([]);
  expect(window).toMatchObject({ order: 'unknown', firstInstant: null, lastInstant: null });
});

test('I1 rows are numbered by what came before them, whatever the order and wherever pages are cut', () => {
  const row = fc.record({ sentAt: fc.nat(6), code: fc.nat(2), isRefused: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom('ascending', 'descending', 'none'),
      fc.boolean(),
      (made, size, order, withRefused) => {
        const sign = { ascending: 1, descending: -1, none: 0 }[order];
        const rows = made
          .filter(({ isRefused }) => withRefused || !isRefused)
          .toSorted((a, b) => sign * (a.sentAt - b.sentAt))
          .map(({ sentAt, code, isRefused }) =>
            isRefused ? bad(sentAt, `${code}`) : { sentAt, identity: `${sentAt}/${code}` },
          );
        let counts = noOccurrences;
        const numbers: number[] = [];
        for (let at = 0; at < rows.length; at += size) {
          const numbered = numberOccurrences(rows.slice(at, at + size), counts, sign !== 0);
          numbers.push(...numbered.occurrences);
          counts = JSON.parse(JSON.stringify(numbered.after));
          const counted = Object.keys(counts.copies).filter((identity) => identity.includes('/'));
          if (sign !== 0)
            expect(counted.every((identity) => identity.startsWith(`${counts.at}/`))).toBe(true);
        }
        const alike = (index: number) =>
          rows.slice(0, index).filter(({ identity }) => identity === rows[index]?.identity).length;
        expect(numbers).toEqual(rows.map((_, index) => alike(index)));
      },
    ),
    { numRuns: 2_000 },
  );
});

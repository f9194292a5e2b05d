/* Whatever order a log comes in, and wherever its pages are cut, each row is stored as often as it is there. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsInstant, type Ranges, subtract, union } from '../../../src/ranges.ts';
import { type OpenWindow, openWindow, takePage } from '../../../src/sync/open-window.ts';
import {
  DAY_OF_LOG,
  inOrder,
  intoPages,
  type LogRow,
  logRow,
  logRows,
  multiset,
  ORDERS,
  pageSizes,
  REACH,
  type ReadStep,
  readWindow,
  type Stored,
  store,
  trusting,
} from './log-source.ts';

const RUNS = { numRuns: 400 };
const crashes = fc.uniqueArray(fc.nat(15)).map((numbers) => new Set(numbers));

describe.each(ORDERS)('a source whose log comes %s', (order) => {
  const pagesOf = (rows: readonly LogRow[], sizes: readonly number[]) =>
    intoPages(inOrder(rows, order), sizes);

  test('I1 one read stores each row as often as the source has it', () => {
    fc.assert(
      fc.property(logRows, pageSizes, (rows, sizes) => {
        const into: Stored = new Set();
        readWindow(pagesOf(rows, sizes), into);
        expect(into).toEqual(multiset(rows));
      }),
      RUNS,
    );
  });

  test('I1 I3 a crash after any page loses and doubles nothing', () => {
    fc.assert(
      fc.property(logRows, pageSizes, crashes, (rows, sizes, lost) => {
        const into: Stored = new Set();
        readWindow(pagesOf(rows, sizes), into, lost);
        expect(into).toEqual(multiset(rows));
      }),
      RUNS,
    );
  });

  test('I1 a second read with other page cuts and ties adds nothing', () => {
    fc.assert(
      fc.property(
        logRows.chain((rows) =>
          fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows], { minLength: rows.length })),
        ),
        pageSizes,
        pageSizes,
        ([rows, again], sizes, otherSizes) => {
          const into: Stored = new Set();
          readWindow(pagesOf(rows, sizes), into);
          readWindow(pagesOf(again, otherSizes), into);
          expect(into).toEqual(multiset(rows));
        },
      ),
      RUNS,
    );
  });

  test('I1 two overlapping windows store their rows once', () => {
    fc.assert(
      fc.property(
        logRows,
        pageSizes,
        pageSizes,
        fc.nat(40),
        fc.nat(40),
        fc.constantFrom('sentAt' as const, 'loggedAt' as const),
        (rows, sizes, otherSizes, a, b, cutBy) => {
          const [middle, overlap] = [Math.min(a, b), Math.max(a, b)];
          const into: Stored = new Set();
          const older = rows.filter((row) => row[cutBy] < overlap);
          const newer = rows.filter((row) => row[cutBy] >= middle);
          readWindow(pagesOf(older, sizes), into);
          readWindow(pagesOf(newer, otherSizes), into);
          expect(into).toEqual(multiset(rows));
        },
      ),
      RUNS,
    );
  });

  test('I1 rows that turn up late, twins among them, are stored by the next read', () => {
    fc.assert(
      fc.property(logRows, fc.array(logRow, { maxLength: 8 }), pageSizes, (rows, late, sizes) => {
        const into: Stored = new Set();
        readWindow(pagesOf(rows, sizes), into);
        const all = [...late, ...rows];
        readWindow(pagesOf(all, sizes), into);
        expect(into).toEqual(multiset(all));
      }),
      RUNS,
    );
  });
});

describe.each(ORDERS.filter((order) => order !== 'shuffled'))(
  'progress within a read that comes %s',
  (order) => {
    test('I2 time counts as finished only when none of its rows is still to come', () => {
      fc.assert(
        fc.property(logRows, pageSizes, (rows, sizes) => {
          const noFalseClaim = (step: ReadStep): void => {
            if (step.taken.outOfOrder) return;
            for (const row of step.undelivered) {
              expect(containsInstant(step.taken.finished, row.sentAt), `row ${row.identity}`).toBe(false);
            }
          };
          const pages = intoPages(inOrder(rows, order), sizes);
          readWindow(pages, new Set(), new Set(), noFalseClaim, trusting(order));
        }),
        { numRuns: 3_000 },
      );
    });
  },
);

test('I2 as long as no whole read has proven the order, a page of a window finishes nothing', () => {
  fc.assert(
    fc.property(logRows, pageSizes, fc.constantFrom(...ORDERS), (rows, sizes, order) => {
      readWindow(intoPages(inOrder(rows, order), sizes), new Set(), new Set(), ({ taken }) => {
        if (taken.window !== null) expect(taken.finished).toEqual([]);
      });
    }),
    RUNS,
  );
});

/**
 * End to end: coverage as the loop keeps it, the next window planned from what is not covered. The source may
 * refuse page tokens: their window is given up, and shortened where the order is not known.
 */
test.each([
  ...ORDERS.map((order) => [order, 'not known'] as const),
  ...ORDERS.filter((order) => order !== 'shuffled').map((order) => [order, 'known'] as const),
])('I1 I2 %s, %s: planned anew from coverage after each surprise, nothing is lost', (order, known) => {
  fc.assert(
    fc.property(logRows, pageSizes, crashes, (rows, sizes, refused) => {
      let pagesRead = 0;
      const into: Stored = new Set();
      let missing: Ranges = [DAY_OF_LOG];
      let unordered = false;
      let span = DAY_OF_LOG.to;
      for (let round = 0; round < 200 && missing[0] !== undefined; round += 1) {
        const claim = { from: missing[0].from, to: Math.min(missing[0].to, missing[0].from + span) };
        const answer = rows.filter((row) => row.sentAt >= claim.from && row.sentAt < claim.to + REACH);
        let surprised = false;
        const pages = intoPages(inOrder(answer, order), sizes);
        const proven = known === 'known' ? trusting(order).proven : null;
        const first = openWindow(
          claim,
          claim,
          DAY_OF_LOG.to,
          unordered ? 'unordered' : (proven ?? 'unknown'),
        );
        let window: OpenWindow | null = first;
        for (let number = 0; window !== null; number += 1) {
          const page = pages[number] ?? [];
          const taken = takePage(window, page, number + 1 < pages.length ? 'next' : undefined, REACH);
          store(into, page, taken);
          missing = subtract(union(missing, taken.retracted), taken.finished);
          surprised = taken.outOfOrder;
          const givenUp = taken.window !== null && refused.has(pagesRead);
          if (givenUp && first.proven === null) span = Math.max(1, Math.ceil(span / 2));
          window = givenUp ? null : taken.window;
          pagesRead += 1;
        }
        unordered ||= surprised;
      }
      expect(missing).toEqual([]);
      expect([...multiset(rows)].filter((key) => !into.has(key))).toEqual([]);
    }),
    RUNS,
  );
});

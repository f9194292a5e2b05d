import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsInstant, type Ranges, subtract, union } from '../../../src/ranges.ts';
import { type OpenWindow, openWindow, parseOpenWindow, takePage } from '../../../src/sync/open-window.ts';
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
  readWindow,
  type Stored,
  store,
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
          readWindow(intoPages(inOrder(rows, order), sizes), new Set(), new Set(), (step) => {
            if (step.taken.outOfOrder) return;
            for (const row of step.undelivered) {
              expect(containsInstant(step.taken.finished, row.sentAt), `row ${row.fingerprint}`).toBe(false);
            }
          });
        }),
        { numRuns: 3_000 },
      );
    });
  },
);

/** The first page looks ascending, though the pages go the other way. */
test('I2 a source with pages newest first, rows oldest first, has no time claimed before it was read', () => {
  const row = (sentAt: number): LogRow => ({ sentAt, loggedAt: sentAt, fingerprint: `${sentAt}` });
  const pages = [
    [row(28), row(29), row(30)],
    [row(18), row(19), row(20)],
    [row(8), row(9), row(10)],
  ];
  const first = takePage(openWindow(DAY_OF_LOG, DAY_OF_LOG, 40), pages[0] ?? [], 'next', REACH);
  const stillToCome = pages.slice(1).flat();
  expect(stillToCome.filter((late) => containsInstant(first.finished, late.sentAt))).toEqual([]);
});

/**
 * End to end: coverage as the loop keeps it, the next window planned from what is not covered. Where the source
 * keeps to an order, it may refuse page tokens: their window is given up.
 */
test.each(ORDERS)('I1 I2 %s: planned anew from coverage after each surprise, nothing is lost', (order) => {
  const refusedTokens = order === 'shuffled' ? fc.constant(new Set<number>()) : crashes;
  fc.assert(
    fc.property(logRows, pageSizes, refusedTokens, (rows, sizes, refused) => {
      let pagesRead = 0;
      const into: Stored = new Set();
      let missing: Ranges = [DAY_OF_LOG];
      let unordered = false;
      for (let round = 0; round < 60 && missing[0] !== undefined; round += 1) {
        const claim = missing[0];
        const answer = rows.filter((row) => row.sentAt >= claim.from && row.sentAt < claim.to + REACH);
        let surprised = false;
        const pages = intoPages(inOrder(answer, order), sizes);
        const first = openWindow(claim, claim, DAY_OF_LOG.to, unordered ? 'unordered' : 'unknown');
        let window: OpenWindow | null = first;
        for (let number = 0; window !== null; number += 1) {
          const page = pages[number] ?? [];
          const taken = takePage(window, page, number + 1 < pages.length ? 'next' : undefined, REACH);
          store(into, page, taken);
          missing = subtract(union(missing, taken.retracted), taken.finished);
          surprised = taken.outOfOrder;
          window = refused.has(pagesRead) ? null : taken.window;
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

/** In a log sorted by loggedAt, oldest first, two rows in the wrong order by sentAt look like newest first. */
test('I2 rows turned around by less than the reach show no direction', () => {
  const slow: LogRow = { sentAt: 4, loggedAt: 10, fingerprint: 'slow' };
  const quick: LogRow = { sentAt: 10, loggedAt: 10, fingerprint: 'quick' };
  const later: LogRow = { sentAt: 25, loggedAt: 25, fingerprint: 'later' };
  const { finished } = takePage(openWindow(DAY_OF_LOG, DAY_OF_LOG, 40), [quick, slow], 'next', REACH);
  expect(containsInstant(finished, later.sentAt)).toBe(false);
});

test('I2 newest first, the instant that lies exactly the reach ahead of the last row is not finished', () => {
  const slow: LogRow = { sentAt: 10, loggedAt: 10 + REACH, fingerprint: 'slow' };
  const quick: LogRow = { sentAt: 10 + REACH, loggedAt: 10 + REACH, fingerprint: 'quick' };
  const newest: LogRow = { sentAt: 30, loggedAt: 31, fingerprint: 'newest' };
  const { finished } = takePage(openWindow(DAY_OF_LOG, DAY_OF_LOG, 40), [newest, slow], 'next', REACH);
  expect(containsInstant(finished, quick.sentAt)).toBe(false);
});

const at = (sentAt: number): LogRow => ({ sentAt, loggedAt: sentAt, fingerprint: `${sentAt}` });
const fresh = openWindow(DAY_OF_LOG, { from: -1, to: 46 }, 40);

test('the last page finishes the claim, not what was asked around it', () => {
  expect(takePage(fresh, [at(3)], undefined, REACH)).toEqual({
    occurrences: [0],
    window: null,
    finished: [DAY_OF_LOG],
    retracted: [],
    outOfOrder: false,
  });
});

test('an empty page with a further one is a step, not the end', () => {
  const { window, finished } = takePage(fresh, [], 'next', REACH);
  expect(finished).toEqual([]);
  expect(window).toMatchObject({ pageToken: 'next', pages: 1, order: 'unknown', lastInstant: null });
});

test('oldest first, time is finished up to the reach before the last row', () => {
  expect(takePage(fresh, [at(3), at(20)], 'next', REACH).finished).toEqual([{ from: 0, to: 14 }]);
});

test('one timestamp shows no direction, so nothing is finished', () => {
  expect(takePage(fresh, [at(20), at(20)], 'next', REACH).finished).toEqual([]);
});

test.each([
  ['the reach shows', REACH, []],
  ['more than the reach, oldest first, shows', REACH + 1, [{ from: 0, to: 11 }]],
])('%s no direction, or one, over all pages of the read', (_, moved, finished) => {
  const first = takePage(fresh, [at(10)], 'next', REACH).window ?? fresh;
  const second = takePage(first, [], 'next', REACH).window ?? fresh;
  expect(second.firstInstant).toBe(10);
  expect(takePage(second, [at(10 + moved)], 'next', REACH).finished).toEqual(finished);
});

test('finished time stays within the claim', () => {
  expect(takePage(fresh, [at(-1), at(46)], 'next', REACH).finished).toEqual([DAY_OF_LOG]);
  expect(takePage(fresh, [at(-1), at(2)], 'next', REACH).finished).toEqual([]);
});

test('unsorted on the first page costs no second read', () => {
  const { outOfOrder, window, finished } = takePage(fresh, [at(3), at(9), at(4)], 'next', REACH);
  expect({ outOfOrder, finished }).toEqual({ outOfOrder: false, finished: [] });
  expect(window).toMatchObject({ order: 'unordered', occurrences: { at: null } });
});

test('unsorted later on: read anew, claiming nothing even on the last page, and all claims taken back', () => {
  const second = takePage(fresh, [at(3), at(9)], 'next', REACH).window ?? fresh;
  for (const token of ['next', undefined]) {
    expect(takePage(second, [at(4)], token, REACH)).toMatchObject({
      outOfOrder: true,
      window: null,
      finished: [],
      retracted: [DAY_OF_LOG],
    });
  }
});

test('I3 a sorted read keeps no more counts than its last timestamp has rows', () => {
  fc.assert(
    fc.property(logRows, (rows) => {
      const { window } = takePage(fresh, inOrder(rows, 'ascending'), 'next', REACH);
      const last = rows.length === 0 ? undefined : Math.max(...rows.map((row) => row.sentAt));
      const contents = new Set(rows.filter((row) => row.sentAt === last).map((row) => row.fingerprint));
      expect(new Set(Object.keys(window?.occurrences.copies ?? {}))).toEqual(contents);
    }),
  );
});

test.each([
  ['nothing', null],
  ['another form', { claim: { from: 0, to: 1 }, cursor: 'x' }],
  ['an unknown order', { ...fresh, order: 'sideways' }],
  ['text for a number', { ...fresh, pages: '3' }],
])('a checkpoint that holds %s is no open window', (_, stored) => {
  expect(parseOpenWindow(stored)).toBeUndefined();
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { containsInstant } from '../../../src/ranges.ts';
import {
  type OpenWindow,
  openWindow,
  parseOpenWindows,
  storedWindows,
  takePage,
} from '../../../src/sync/open-window.ts';
import { DAY_OF_LOG, inOrder, type LogRow, logRows, REACH, trusting } from './log-source.ts';

/** The first page looks ascending, though the pages go the other way, or come in any order. */
test('I2 a source with pages newest first, rows oldest first, has no time claimed before it was read', () => {
  const row = (sentAt: number): LogRow => ({ sentAt, loggedAt: sentAt, identity: `${sentAt}` });
  const pages = [
    [row(28), row(29), row(30)],
    [row(18), row(19), row(20)],
    [row(8), row(9), row(10)],
  ];
  const first = takePage(trusting('ascending'), pages[0] ?? [], 'next', REACH);
  const stillToCome = pages.slice(1).flat();
  expect(stillToCome.filter((late) => containsInstant(first.finished, late.sentAt))).toEqual([]);
});

test.each([
  ['one direction', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], 'ascending'],
  ['the other', [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 'descending'],
  ['too few steps', [1, 2, 2, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10], null],
  ['a row out of turn', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 13], null],
])('a window read whole proves the order by %s, over its pages', (_, instants, proves) => {
  const rows = instants.map(at);
  const first = takePage(fresh, rows.slice(0, 5), 'next', REACH);
  expect(first.proves).toBeNull();
  expect(takePage(first.window ?? fresh, rows.slice(5), undefined, REACH).proves).toBe(proves);
});

/** In a log sorted by loggedAt, oldest first, two rows in the wrong order by sentAt look like newest first. */
test('I2 rows turned around by less than the reach show no direction', () => {
  const slow: LogRow = { sentAt: 4, loggedAt: 10, identity: 'slow' };
  const quick: LogRow = { sentAt: 10, loggedAt: 10, identity: 'quick' };
  const later: LogRow = { sentAt: 25, loggedAt: 25, identity: 'later' };
  const { finished } = takePage(trusting('descending'), [quick, slow], 'next', REACH);
  expect(containsInstant(finished, later.sentAt)).toBe(false);
});

test('I2 newest first, the instant that lies exactly the reach ahead of the last row is not finished', () => {
  const slow: LogRow = { sentAt: 10, loggedAt: 10 + REACH, identity: 'slow' };
  const quick: LogRow = { sentAt: 10 + REACH, loggedAt: 10 + REACH, identity: 'quick' };
  const newest: LogRow = { sentAt: 30, loggedAt: 31, identity: 'newest' };
  const { finished } = takePage(trusting('descending'), [newest, slow], 'next', REACH);
  expect(containsInstant(finished, quick.sentAt)).toBe(false);
});

const at = (sentAt: number): LogRow => ({ sentAt, loggedAt: sentAt, identity: `${sentAt}` });
const fresh = openWindow(DAY_OF_LOG, { from: -1, to: 46 }, 40);
const sorted = openWindow(DAY_OF_LOG, { from: -1, to: 46 }, 40, 'ascending');

test('the last page finishes the claim, not what was asked around it', () => {
  expect(takePage(fresh, [at(3)], undefined, REACH)).toEqual({
    occurrences: [0],
    window: null,
    finished: [DAY_OF_LOG],
    retracted: [],
    outOfOrder: false,
    proves: null,
  });
});

test('an empty page with a further one is a step, not the end', () => {
  const { window, finished } = takePage(fresh, [], 'next', REACH);
  expect(finished).toEqual([]);
  expect(window).toMatchObject({ pageToken: 'next', pages: 1, order: 'unknown', lastInstant: null });
});

test('oldest first, time is finished up to the reach before the last row', () => {
  expect(takePage(sorted, [at(3), at(20)], 'next', REACH).finished).toEqual([{ from: 0, to: 14 }]);
});

test('one timestamp shows no direction, so nothing is finished', () => {
  expect(takePage(sorted, [at(20), at(20)], 'next', REACH).finished).toEqual([]);
});

test.each([
  ['the reach shows', REACH, []],
  ['more than the reach, oldest first, shows', REACH + 1, [{ from: 0, to: 11 }]],
])('%s no direction, or one, over all pages of the read', (_, moved, finished) => {
  const first = takePage(sorted, [at(10)], 'next', REACH).window ?? sorted;
  const second = takePage(first, [], 'next', REACH).window ?? sorted;
  expect(second.firstInstant).toBe(10);
  expect(takePage(second, [at(10 + moved)], 'next', REACH).finished).toEqual(finished);
});

test('finished time stays within the claim', () => {
  expect(takePage(sorted, [at(-1), at(46)], 'next', REACH).finished).toEqual([DAY_OF_LOG]);
  expect(takePage(sorted, [at(-1), at(2)], 'next', REACH).finished).toEqual([]);
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

test('I1 twins are told apart though a page of other rows of their timestamp lies between them', () => {
  const twin = { ...at(20), identity: 'twin' };
  const first = takePage(sorted, [at(3), twin], 'next', REACH).window ?? sorted;
  const second = takePage(first, [at(20)], 'next', REACH).window ?? sorted;
  expect(takePage(second, [twin], 'next', REACH).occurrences).toEqual([1]);
});

test('I3 a sorted read keeps no more counts than its last timestamp has rows', () => {
  fc.assert(
    fc.property(logRows, (rows) => {
      const { window } = takePage(fresh, inOrder(rows, 'ascending'), 'next', REACH);
      const last = rows.length === 0 ? undefined : Math.max(...rows.map((row) => row.sentAt));
      const contents = new Set(rows.filter((row) => row.sentAt === last).map((row) => row.identity));
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
  expect(parseOpenWindows(stored)).toEqual([]);
});

describe('a checkpoint', () => {
  const begun = (pageToken: string): OpenWindow => ({ ...fresh, pageToken, pages: 1 });

  test('holds the windows of which pages are committed and more are to come, and no others', () => {
    expect(storedWindows([begun('/a'), fresh, null, begun('/b')])).toEqual([begun('/a'), begun('/b')]);
    expect(storedWindows([fresh, null])).toBeNull();
  });

  test('of an earlier version holds one window', () => {
    expect(parseOpenWindows(begun('/a'))).toEqual([begun('/a')]);
  });

  test('with one window that is none is not believed at all', () => {
    expect(parseOpenWindows([begun('/a'), { ...fresh, pages: '3' }])).toEqual([]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import {
  isTooLong,
  MOST_WINDOWS,
  pageTimeOf,
  pageTimeSoFar,
  sliceLength,
  windowsWanted,
} from '../../../src/sync/slices.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const MONTH = { from: 0, to: 31 * DAY };
const NEVER_READ = openWindow(MONTH, MONTH, 40 * DAY);

const windowAfter = (pages: number, firstInstant: number, lastInstant: number): OpenWindow => ({
  ...NEVER_READ,
  pages,
  order: 'ascending',
  firstInstant,
  lastInstant,
});

describe('the length of the next window', () => {
  test('has no bound of its own while no page has told anything, or where one page was enough', () => {
    expect(sliceLength(90 * DAY, undefined)).toBe(Number.POSITIVE_INFINITY);
    expect(sliceLength(90 * DAY, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });

  test('is a share of what is left', () => {
    expect(sliceLength(90 * DAY, HOUR)).toBe(100 * HOUR);
    expect(sliceLength(90 * DAY, 12 * HOUR)).toBe(15 * DAY);
  });

  test('is four pages at least, and an hour', () => {
    expect(sliceLength(DAY, 12 * HOUR)).toBe(2 * DAY);
    expect(sliceLength(90 * DAY, 1)).toBe(HOUR);
  });
});

describe('what fills a page', () => {
  test('is told by the rows so far, those of all windows together', () => {
    expect(pageTimeSoFar([windowAfter(2, HOUR, 5 * HOUR), windowAfter(1, 9 * HOUR, 4 * HOUR)])).toBe(
      3 * HOUR,
    );
  });

  test('is not told by pages that came out of order, share one moment, or have not come', () => {
    expect(pageTimeSoFar([])).toBeUndefined();
    expect(pageTimeSoFar([NEVER_READ, windowAfter(1, HOUR, HOUR)])).toBeUndefined();
    expect(pageTimeSoFar([{ ...windowAfter(2, HOUR, 5 * HOUR), order: 'unordered' }])).toBeUndefined();
  });

  test('is told by a whole window, and less and less by those before', () => {
    const whole = windowAfter(30, 0, 30 * DAY);
    expect(pageTimeOf(whole, undefined)).toBe(DAY);
    expect(pageTimeOf(whole, Number.POSITIVE_INFINITY)).toBe(DAY);
    expect(pageTimeOf(whole, 3 * DAY)).toBe(2 * DAY);
  });

  test('where one page was enough: that it holds at least so much', () => {
    expect(pageTimeOf(NEVER_READ, undefined)).toBe(Number.POSITIVE_INFINITY);
    expect(pageTimeOf(NEVER_READ, DAY)).toBe(31 * DAY);
    expect(pageTimeOf(NEVER_READ, 60 * DAY)).toBe(60 * DAY);
  });
});

describe('a window that turns out too long', () => {
  test('is the first one, of which others would have to be a share', () => {
    expect(isTooLong(MONTH, 59 * DAY, 12 * HOUR, undefined)).toBe(true);
    expect(isTooLong({ from: 0, to: 15 * DAY }, 75 * DAY, 12 * HOUR, undefined)).toBe(false);
  });

  test('is no later one whose first hours are busy', () => {
    const window = { from: 0, to: 15 * DAY };
    expect(isTooLong(window, 60 * DAY, HOUR, 4 * HOUR)).toBe(false);
    expect(isTooLong(window, 60 * DAY, HOUR / 4, 4 * HOUR)).toBe(true);
  });

  test('is planned short enough the next time', () => {
    const time = fc.integer({ min: 1, max: 90 * DAY });
    fc.assert(
      fc.property(time, time, fc.integer({ min: 1, max: 40 * DAY }), (length, left, perPage) => {
        const wanted = Math.min(length, sliceLength(left + length, perPage));
        const rest = left + length - wanted;
        expect(isTooLong({ from: 0, to: wanted }, rest, perPage, perPage)).toBe(false);
      }),
    );
  });
});

describe('windows side by side', () => {
  test('are one more while no request waits for its turn', () => {
    expect(windowsWanted(1, 300, 0)).toBe(2);
    expect(windowsWanted(3, 300, 0)).toBe(4);
    expect(windowsWanted(MOST_WINDOWS, 300, 0)).toBe(MOST_WINDOWS);
  });

  test('are as many as keep the budget busy, and one that waits', () => {
    expect(windowsWanted(6, 600, 300)).toBe(4);
    expect(windowsWanted(4, 400, 95)).toBe(5);
  });

  test('are two where one alone would do', () => {
    expect(windowsWanted(2, 200, 195)).toBe(2);
    expect(windowsWanted(6, 600, 600)).toBe(2);
  });

  test('settle at the same number from any other', () => {
    const answered = fc.integer({ min: 1, max: 900 });
    fc.assert(
      fc.property(answered, fc.integer({ min: 1, max: MOST_WINDOWS }), (answerMs, first) => {
        const everyMs = 100;
        const next = (open: number) => {
          const tookMs = Math.max(answerMs, open * everyMs);
          return windowsWanted(open, tookMs, tookMs - answerMs);
        };
        let open = first;
        for (let page = 0; page < 12; page += 1) open = next(open);
        expect(next(open)).toBe(open);
        expect(open).toBeGreaterThanOrEqual(Math.min(MOST_WINDOWS, Math.ceil(answerMs / everyMs)));
      }),
    );
  });
});

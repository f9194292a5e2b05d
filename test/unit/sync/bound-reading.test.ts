import { expect, test } from 'vitest';
import { instantOfSeconds } from '../../../src/instant.ts';
import { boundReading } from '../../../src/sync/bound-reading.ts';
import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import type { Reading } from '../../../src/sync/stream.ts';

const SECOND = instantOfSeconds(1);
const HOUR = 3_600 * SECOND;
const NOON = 500_000 * HOUR;
const LIMITS = { lookback: 90 * 24 * HOUR, settle: 900 * SECOND };
const claim = { from: NOON - HOUR, to: NOON };

function pageAt(window: OpenWindow, answeredAt: number, isLast: boolean): Reading {
  const covered = isLast ? [window.claim] : [];
  const reading: Partial<Reading> = {
    answeredAt,
    window: isLast ? null : { ...window, pages: window.pages + 1, pageToken: 'next' },
    claims: [{ intervalSeconds: 0, final: [], provisional: covered }],
  };
  return boundReading(window, reading as Reading, LIMITS);
}

/** Our clock was 94 s ahead when the window was opened, and the first of three pages, the newest, was answered. */
test('I2 the first answer of a window bounds what its later pages claim', () => {
  const opened = openWindow(claim, claim, NOON - LIMITS.settle);
  const first = pageAt(opened, NOON - 94 * SECOND, false);
  const second = pageAt(first.window ?? opened, NOON + 3 * SECOND, false);
  const last = pageAt(second.window ?? opened, NOON + 9 * SECOND, true);
  expect(last.claims[0]?.provisional).toEqual([{ from: claim.from, to: NOON - 94 * SECOND }]);
  expect(second.window?.finalUntil).toBe(NOON - 94 * SECOND - LIMITS.settle);
});

test('an answer later than the window ends changes nothing of what it claims', () => {
  const opened = openWindow(claim, claim, NOON - LIMITS.settle);
  const first = pageAt(opened, NOON + SECOND, false);
  expect(first.window).toMatchObject({ claim, finalUntil: NOON - LIMITS.settle });
});

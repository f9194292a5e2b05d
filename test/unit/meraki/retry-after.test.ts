import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedWait, backoff, LONGEST_WAIT_MS } from '../../../src/meraki/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const inSeconds = (seconds: number) => new Date(NOW + seconds * 1_000).toUTCString();

test.each([
  ['0', 0],
  ['1', 1_000],
  [' 5 ', 5_000],
  ['0.5', 500],
  ['60', 60_000],
  ['61', LONGEST_WAIT_MS],
  ['999999999999', LONGEST_WAIT_MS],
  ['9'.repeat(400), LONGEST_WAIT_MS],
  [inSeconds(10), 10_000],
  [inSeconds(-10), 0],
  [inSeconds(86_400), LONGEST_WAIT_MS],
])('Retry-After: %j is obeyed', (header, wait) => {
  expect(askedWait(header, NOW)).toBe(wait);
});

test.each([undefined, '', 'soon', '-5', '5 seconds', '1e3', '2026-01-01', 'NaN', 'Infinity'])(
  'Retry-After: %j says nothing',
  (header) => {
    expect(askedWait(header, NOW)).toBeUndefined();
  },
);

test('the backoff lies between nothing and twice as much each time, and is capped', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoff(attempt, random);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt));
      },
    ),
  );
});

test('whatever the header says, the wait is a time one can wait', () => {
  fc.assert(
    fc.property(fc.string(), (header) => {
      const wait = askedWait(header, NOW) ?? 0;
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(LONGEST_WAIT_MS);
    }),
  );
});

import { expect, test } from 'vitest';
import { formatDuration } from '../../src/duration.ts';

test.each([
  [90, '90s'],
  [60, '1m'],
  [5_400, '90m'],
  [129_600, '36h'],
  [86_400, '1d'],
  [7_776_000, '90d'],
  [0, '0s'],
])('%d seconds are written %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

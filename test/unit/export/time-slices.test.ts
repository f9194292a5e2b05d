import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TimeRange } from '../../../src/db/view-rows.ts';
import { nextSpan, TimeSlices } from '../../../src/export/time-slices.ts';
import { parseInstant } from '../../../src/instant.ts';

const DAY = 86_400_000_000;
const at = (day: string): number => parseInstant(`${day}T00:00:00Z`) ?? Number.NaN;

function slicesOf(slices: TimeSlices, rows: (index: number) => number): TimeRange[] {
  const taken: TimeRange[] = [];
  for (let slice = slices.take(undefined); slice !== undefined; slice = slices.take(rows(taken.length))) {
    taken.push(slice);
    if (taken.length > 2_000_000) throw new Error('no end');
  }
  return taken;
}

const moment = fc.integer({ min: at('2026-01-01'), max: at('2026-01-03') });
const sometimes = fc.option(moment, { nil: undefined });

test('slices cover the range from end to end, without a hole and without an overlap', () => {
  fc.assert(
    fc.property(
      sometimes,
      sometimes,
      sometimes,
      moment,
      fc.array(fc.nat(400_000)),
      (a, b, begin, horizon, rows) => {
        const [from, to] = a !== undefined && b !== undefined && a > b ? [b, a] : [a, b];
        const slices = slicesOf(new TimeSlices({ from, to }, begin, horizon), (index) => rows[index] ?? 0);
        expect(slices[0]?.from).toBe(from);
        expect(slices.at(-1)?.to).toBe(to);
        for (const [index, slice] of slices.entries()) {
          if (index > 0) expect(slice.from).toBe(slices[index - 1]?.to);
          if (slice.from !== undefined && slice.to !== undefined && from !== to) {
            expect(slice.from).toBeLessThan(slice.to);
          }
        }
      },
    ),
  );
});

test('two years with few rows take few slices', () => {
  const range = { from: undefined, to: undefined };
  const slices = slicesOf(new TimeSlices(range, at('2024-01-01'), at('2026-01-01')), () => 10);
  expect(slices.length).toBeLessThan(6);
});

test('a slice with many rows is followed by shorter ones', () => {
  expect(nextSpan(DAY, 400_000)).toBe(DAY / 8);
  expect(nextSpan(DAY, 50_000)).toBe(DAY);
  expect(nextSpan(DAY, 0)).toBe(8 * DAY);
  expect(nextSpan(1, 1_000_000_000)).toBe(60_000_000);
});

test('where nothing is known to be covered, all is one slice', () => {
  const range = { from: at('2026-01-01'), to: undefined };
  expect(slicesOf(new TimeSlices(range, undefined, at('2026-06-01')), () => 0)).toEqual([range]);
});

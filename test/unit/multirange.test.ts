import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMultirange, parseDatabaseInstant, parseMultirange } from '../../src/db/multirange.ts';
import { monthsOf } from '../../src/db/partitions.ts';
import { formatInstant } from '../../src/instant.ts';
import { rangesOf } from '../../src/ranges.ts';

const DAY = 86_400_000_000;
const NEW_YEAR = 1_767_225_600_000_000; // 2026-01-01T00:00:00Z
const instant = fc.integer({ min: NEW_YEAR - 5_000 * DAY, max: NEW_YEAR + 5_000 * DAY });
const ranges = fc
  .array(fc.record({ from: instant, to: instant }), { maxLength: 6 })
  .map((list) => rangesOf(...list));

test('a multirange is read as it was written', () => {
  fc.assert(
    fc.property(ranges, (set) => {
      expect(parseMultirange(formatMultirange(set))).toEqual(set);
    }),
  );
});

test('a multirange is read as Postgres writes it', () => {
  const text =
    '{["2026-01-01 00:00:00+00","2026-01-01 00:00:01.5+00"),["2026-01-01 02:00:00.000001+01","2026-01-02 00:00:00+00")}';
  expect(parseMultirange(text)).toEqual([
    { from: NEW_YEAR, to: NEW_YEAR + 1_500_000 },
    { from: NEW_YEAR + 3_600_000_001, to: NEW_YEAR + DAY },
  ]);
  expect(parseMultirange('{}')).toEqual([]);
});

test.each(['', '{(,)}', 'nothing', '{["2026-01-01 00:00:00+00",)}', '{["tomorrow","later")}'])(
  '%j is no bounded multirange',
  (text) => {
    expect(() => parseMultirange(text)).toThrow(RangeError);
  },
);

test.each(['infinity', '2026-01-01', '2026-01-01 00:00:00'])(
  '%j is no timestamp with a time zone',
  (text) => {
    expect(() => parseDatabaseInstant(text)).toThrow(RangeError);
  },
);

const at = (text: string) => parseDatabaseInstant(`${text}T00:00:00Z`);

test('months: of a year that ends, of a range that ends on the first', () => {
  expect(monthsOf({ from: at('2025-12-31'), to: at('2026-02-01') })).toEqual([
    { name: '2025_12', from: at('2025-12-01'), to: at('2026-01-01') },
    { name: '2026_01', from: at('2026-01-01'), to: at('2026-02-01') },
  ]);
  expect(monthsOf({ from: at('2026-02-01') - 1, to: at('2026-02-01') + 1 }).map(({ name }) => name)).toEqual([
    '2026_01',
    '2026_02',
  ]);
});

test('months: contiguous, first of the month each, and they hold the range', () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: 1, max: 900 * DAY }), (from, length) => {
      const months = monthsOf({ from, to: from + length });
      months.forEach((month, index) => {
        expect(formatInstant(month.from)).toBe(`${month.name.replace('_', '-')}-01T00:00:00.000000Z`);
        expect(month.to).toBe(months[index + 1]?.from ?? month.to);
      });
      const [first, last] = [months[0], months.at(-1)];
      expect(first?.from).toBeLessThanOrEqual(from);
      expect(first?.to).toBeGreaterThan(from);
      expect(last?.from).toBeLessThan(from + length);
      expect(last?.to).toBeGreaterThanOrEqual(from + length);
    }),
  );
});

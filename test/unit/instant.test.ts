import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatInstant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';

/** Microseconds of a moment by way of integers alone. */
const micros = (...[year, month, ...rest]: [number, number, ...number[]]): number => {
  const [day = 1, hour = 0, minute = 0, second = 0, fraction = 0] = rest;
  return Number(BigInt(Date.UTC(year, month - 1, day, hour, minute, second)) * 1_000n) + fraction;
};

test.each([
  ['2026-03-02T04:05:06.940999Z', micros(2026, 3, 2, 4, 5, 6, 940_999)],
  ['2026-03-02T04:05:06.000001Z', micros(2026, 3, 2, 4, 5, 6, 1)],
  ['2026-03-02T04:05:06Z', micros(2026, 3, 2, 4, 5, 6)],
  ['2026-03-02t04:05:06z', micros(2026, 3, 2, 4, 5, 6)],
  ['2026-03-02T04:05:06.5Z', micros(2026, 3, 2, 4, 5, 6, 500_000)],
  ['2026-03-02T04:05:06,25Z', micros(2026, 3, 2, 4, 5, 6, 250_000)],
  ['2026-03-02T04:05:06.123456000Z', micros(2026, 3, 2, 4, 5, 6, 123_456)],
  ['2026-03-02T04:05:06+02:00', micros(2026, 3, 2, 2, 5, 6)],
  ['2026-03-02T04:05:06.1-0530', micros(2026, 3, 2, 9, 35, 6, 100_000)],
  ['2026-03-02 04:05:06+00', micros(2026, 3, 2, 4, 5, 6)],
  ['2026-03-02 04:05:06.123456+05:45', micros(2026, 3, 1, 22, 20, 6, 123_456)],
  ['2028-02-29T00:00:00Z', micros(2028, 2, 29)],
  ['2026-01-01T00:30:00+01:00', micros(2025, 12, 31, 23, 30)],
  ['1969-12-31T23:59:59.999999Z', -1],
  ['1970-01-01T00:00:00Z', 0],
  ['1700-01-01T00:00:00.000001Z', micros(1700, 1, 1, 0, 0, 0, 1)],
  ['2199-12-31T23:59:59.999999Z', micros(2199, 12, 31, 23, 59, 59, 999_999)],
])('%s is read', (text, instant) => {
  expect(parseInstant(text)).toBe(instant);
});

test.each([
  '',
  'yesterday',
  '2026-03-02',
  '2026-03-02T04:05Z',
  '2026-03-02T04:05:06',
  '2026-02-31T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-04-31T00:00:00+02:00',
  '2026-13-01T00:00:00Z',
  '2026-00-10T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T25:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01T00:00:61Z',
  '2026-01-01T00:00:00+25:00',
  '2026-01-01T00:00:00.1234567Z',
  '2026-01-01T00:00:00.000000001Z',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00.1234567890Z',
  ' 2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z ',
  '2026-01-01T00:00:00Z\n',
  '1767225600',
  '+02026-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '1699-12-31T23:59:59Z',
  '2200-01-01T00:00:00Z',
])('%j is refused', (text) => {
  expect(parseInstant(text)).toBeUndefined();
});

/** A day inside the years that are read, for offsets. */
const instant = fc.integer({ min: micros(1700, 1, 2), max: micros(2199, 12, 30) });

test('what is written is read back, to the microsecond', () => {
  fc.assert(
    fc.property(instant, (moment) => {
      expect(parseInstant(formatInstant(moment))).toBe(moment);
    }),
    { numRuns: 2_000 },
  );
});

test('written in UTC with six digits, and sorted as text like the instants', () => {
  fc.assert(
    fc.property(instant, instant, (a, b) => {
      const [first, second] = [formatInstant(a), formatInstant(b)];
      expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(first < second).toBe(a < b);
    }),
  );
});

test('an offset names the same instant', () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: -14 * 60, max: 14 * 60 }), (moment, minutes) => {
      const local = formatInstant(moment + minutes * 60_000_000).slice(0, -1);
      const size = Math.abs(minutes);
      const two = (value: number) => String(value).padStart(2, '0');
      const sign = minutes < 0 ? '-' : '+';
      const offset = `${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
      expect(parseInstant(`${local}${offset}`)).toBe(moment);
    }),
  );
});

test('before 1970', () => {
  expect(formatInstant(-1)).toBe('1969-12-31T23:59:59.999999Z');
});

test('of other units', () => {
  expect(instantOfMilliseconds(1_767_225_600_123)).toBe(1_767_225_600_123_000);
  expect(instantOfSeconds(0.000_001)).toBe(1);
  expect(instantOfSeconds(120)).toBe(120_000_000);
});

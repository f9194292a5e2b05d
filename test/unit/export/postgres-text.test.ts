import { expect, test } from 'vitest';
import { dayOfPostgres, instantOfPostgres, isoOfPostgres } from '../../../src/export/postgres-text.ts';
import { parseInstant } from '../../../src/instant.ts';

test.each([
  ['2026-11-22 12:34:56+00', '2026-11-22T12:34:56.000000Z'],
  ['2026-11-22 12:34:56.1+00', '2026-11-22T12:34:56.100000Z'],
  ['2026-11-22 12:34:56.123456+00', '2026-11-22T12:34:56.123456Z'],
  ['1969-12-31 23:59:59.999999+00', '1969-12-31T23:59:59.999999Z'],
])('%s is %s', (text, iso) => {
  expect(isoOfPostgres(text)).toBe(iso);
  expect(instantOfPostgres(text)).toBe(parseInstant(iso));
});

test.each(['infinity', '-infinity', '10000-01-01 00:00:00+00', '0044-03-15 12:00:00+00 BC'])(
  '%s stays a text and is no number',
  (text) => {
    expect(isoOfPostgres(text)).toBe(text);
    expect(() => instantOfPostgres(text)).toThrow(RangeError);
  },
);

test('a day is a number of days since 1970', () => {
  expect(dayOfPostgres('1970-01-01')).toBe(0);
  expect(dayOfPostgres('1969-12-31')).toBe(-1);
  expect(dayOfPostgres('2026-11-22')).toBe(20_779);
  expect(() => dayOfPostgres('infinity')).toThrow(RangeError);
});

import { describe, expect, test } from 'vitest';
import { expandMacros } from '../../support/grafana/expand-macros.ts';

const RANGE = { from: new Date('2026-01-10T10:00:00Z'), to: new Date('2026-01-10T12:30:00.5Z') };

const expand = (sql: string) => expandMacros(sql, RANGE, 300_000);

describe('macros expand as in the PostgreSQL source of Grafana', () => {
  test.each([
    ['$__time(at)', 'at AS "time"'],
    ['$__timeEpoch(at)', 'extract(epoch from at) as "time"'],
    ['$__timeFilter(b.at)', "b.at BETWEEN '2026-01-10T10:00:00Z' AND '2026-01-10T12:30:00.5Z'"],
    ['$__timeFrom()', "'2026-01-10T10:00:00Z'"],
    ['$__timeTo()::timestamptz', "'2026-01-10T12:30:00.5Z'::timestamptz"],
    ["$__timeGroup(at,'1h')", 'floor(extract(epoch from at)/3600)*3600'],
    ["$__timeGroup(at,'1h'), n", 'floor(extract(epoch from at)/3600)*3600 AS "time", n'],
    ['$__timeGroup(at, 500ms) as t', 'floor(extract(epoch from at)/0.5)*0.5 as t'],
    ['$__timeGroupAlias(at, $__interval)', 'floor(extract(epoch from at)/300)*300 AS "time"'],
    ['$__unixEpochFilter(e)', 'e >= 1768039200 AND e <= 1768048200'],
    ['$__unixEpochNanoFilter(e)', 'e >= 1768039200000000000 AND e <= 1768048200500000000'],
    ['$__unixEpochNanoFrom()', '1768039200000000000'],
    ['$__unixEpochGroup(e, 1d)', 'floor((e)/86400)*86400'],
    ['$__unixEpochGroupAlias(e, 10m)', 'floor((e)/600)*600 AS "time"'],
    ['$__unixEpochFrom() $__unixEpochTo()', '1768039200 1768048200'],
    ['$__interval $__interval_ms', '5m 300000'],
  ])('%s', (sql, expanded) => {
    expect(expand(sql).sql).toBe(expanded);
  });

  test.each([
    ["$__timeGroup(at,'5m',NULL)", { intervalMs: 300_000, value: null }],
    ["$__timeGroup(at,'5m', previous)", { intervalMs: 300_000, value: 'previous' }],
    ["$__timeGroupAlias(at,'5m',0)", { intervalMs: 300_000, value: 0 }],
    ["$__timeGroup(at,'5m')", undefined],
  ])('%s fills', (sql, fill) => {
    expect(expand(sql).fill).toEqual(fill);
  });

  test.each(['$__timeShift(at)', '$nonsense(1)', "$__timeGroup(at,'soon')", "$__timeGroup(at,'5m',none)"])(
    '%s is an error',
    (sql) => {
      expect(() => expand(sql)).toThrow();
    },
  );
});

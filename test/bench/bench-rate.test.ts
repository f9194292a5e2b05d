import { beforeAll, expect, inject, test } from 'vitest';
import { measureRate, type RateFigures } from '../../bench/rate/measure-rate.ts';
import { type RateCase, rateOptions } from '../../bench/rate/rate-options.ts';
import { isKept, rateRows } from '../../bench/rate/rate-table.ts';
import { openBenchServer } from '../../bench/reports/bench-server.ts';
import { buildProgram } from '../support/program.ts';

beforeAll(() => buildProgram(), 120_000);

const [small] = rateOptions(['--stores', 'postgres', '--workers', '1', '--pages', '20', '--per-page', '20'])
  .cases as [RateCase];

test('a small archive is filled, and what it took is told', async () => {
  const server = await openBenchServer(inject('postgresAdminUrl'));
  try {
    const figures = await measureRate({ server, redis: undefined }, { ...small, latencyMs: 0 });
    expect(figures.leastSeconds).toBe(2);
    expect(figures.answers).toBeGreaterThan(20);
    expect(figures.seconds).toBeGreaterThan(0);
    for (const share of [figures.use, figures.refused, figures.waste]) {
      expect(Number.isFinite(share)).toBe(true);
    }
  } finally {
    await server.close();
  }
}, 60_000);

test('the cases: each store with each number of workers, a crowd, and slower answers without floors', () => {
  const { cases } = rateOptions([]);
  expect(cases.map(({ store, workers }) => `${store} ${workers}`).slice(0, 4)).toEqual([
    'redis 1',
    'redis 2',
    'postgres 1',
    'postgres 2',
  ]);
  expect(cases.map(({ organizations }) => organizations)).toEqual([1, 1, 1, 1, 3, 1, 1]);
  expect(cases.map(({ hasFloors }) => hasFloors)).toEqual([true, true, true, true, true, false, false]);
  expect(() => rateOptions(['--workers', 'many'])).toThrow(RangeError);
});

test('the floors', () => {
  const figures: RateFigures = {
    seconds: 61,
    leastSeconds: 60,
    use: 0.96,
    refused: 0.001,
    answers: 600,
    waste: 0.01,
    liveWaitedMs: 12,
  };
  const kept = (changed: Partial<RateFigures>, hasFloors = true) =>
    isKept({ wanted: { ...small, hasFloors }, figures: { ...figures, ...changed } });
  expect(kept({})).toBe(true);
  expect(kept({ use: 0.94 })).toBe(false);
  expect(kept({ refused: 0.005 })).toBe(false);
  expect(kept({ use: 0.5 }, false)).toBe(true);
  expect(rateRows([{ wanted: small, figures }])[1]?.slice(6, 11)).toEqual([
    '60',
    '61.0',
    '1.02',
    '96.0',
    '0.10',
  ]);
});

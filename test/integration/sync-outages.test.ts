/* `sync` after days in which nothing ran. */
import { describe, expect, test } from 'vitest';
import { DAY, expectTruth, gapsOf, HOUR, SETTINGS, setUp } from '../support/sync-bench.ts';
import { asReader, expectNothingOpen, finalStretches } from '../support/truth.ts';

describe('after an outage', () => {
  test('of 3 days, everything is filled in', async () => {
    const bench = await setUp(Date.now() - 3 * DAY, {}, SETTINGS);
    await bench.sync();
    bench.clock.set(Date.now());
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    await expectTruth(bench);
    await asReader(bench.database, async (reader) => {
      await expectNothingOpen(reader);
      for (const { id } of bench.simulator.organizations.filter(({ enabled }) => enabled)) {
        const [stretch, ...others] = await finalStretches(reader, id, 'webhook_logs');
        expect(others).toEqual([]);
        expect(Date.parse(stretch?.from ?? '')).toBeLessThan(Date.now() - 92 * DAY);
      }
    });
  });

  test('of 100 days, what Meraki forgot is a lost gap, and the exit code says so', async () => {
    const bench = await setUp(Date.now() - 100 * DAY, { organizations: 1 }, SETTINGS);
    const then = bench.clock.now();
    await bench.sync();
    bench.clock.set(Date.now());
    const now = bench.clock.now();
    expect(await bench.sync()).toMatchObject({ exitCode: 7 });
    await expectTruth(bench);
    for (const [stream, lookback] of [
      ['webhook_logs', 90],
      ['api_responses', 31],
    ] as const) {
      const [lost, ...others] = await gapsOf(bench, stream, 'lost');
      expect(others).toEqual([]);
      expect(lost?.deadline).toBeNull();
      expect(Math.abs((lost?.from.getTime() ?? 0) - then)).toBeLessThanOrEqual(HOUR);
      expect(Math.abs((lost?.to.getTime() ?? 0) - (now - lookback * DAY))).toBeLessThanOrEqual(2 * HOUR);
    }
  });
});

import { expect, test } from 'vitest';
import { type Coverage, lockCoverage, readCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Transaction } from '../../src/db/database.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { type Range, rangesOf, union } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { until } from '../support/archive-run.ts';
import { emptyTestDatabase } from '../support/test-database.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const NOW: Instant = parseInstant('2026-01-15T12:00:00Z') ?? 0;
const nothing: Coverage = { final: [], provisional: [], counted: [] };

const hour = (number: number): Range => ({
  from: NOW + number * instantOfSeconds(3_600),
  to: NOW + (number + 1) * instantOfSeconds(3_600),
});

test('what is saved is kept to the microsecond, and apart by width and stream', async () => {
  const { database } = await emptyTestDatabase();
  const coverage: Coverage = {
    final: rangesOf({ from: NOW + 1, to: NOW + 2 }, hour(3)),
    provisional: rangesOf(hour(4)),
    counted: rangesOf(hour(3)),
  };
  await database.transaction(async (tx) => {
    await lockCoverage(tx, KEY, [3_600, 0], NOW);
    await lockCoverage(tx, { ...KEY, series: 'other' }, [0], NOW);
    await saveCoverage(tx, KEY, 0, coverage, NOW);
  });
  expect([...(await readCoverage(database.query, KEY))].sort()).toEqual([
    [0, coverage],
    [3_600, nothing],
  ]);
  expect((await readCoverage(database.query, { ...KEY, series: 'other' })).get(0)).toEqual(nothing);
});

test('I2: what two lanes add to the coverage of a stream at once is both there', async () => {
  const { database } = await emptyTestDatabase();
  await database.transaction((tx) => lockCoverage(tx, KEY, [0], NOW));
  const add = async (tx: Transaction, range: Range, meanwhile?: () => Promise<void>): Promise<void> => {
    const { final } = (await lockCoverage(tx, KEY, [0], NOW)).get(0) ?? nothing;
    await meanwhile?.();
    await saveCoverage(tx, KEY, 0, { ...nothing, final: union(final, [range]) }, NOW);
  };
  let other: Promise<void> | undefined;
  let otherEnded = false;
  const otherWaits = async (): Promise<boolean> => {
    const found = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return (found.rowCount ?? 0) > 0;
  };
  await database.transaction((tx) =>
    add(tx, hour(0), async () => {
      other = database
        .transaction((own) => add(own, hour(5)))
        .finally(() => {
          otherEnded = true;
        });
      await until(async () => otherEnded || (await otherWaits()));
    }),
  );
  await other;
  expect((await readCoverage(database.query, KEY)).get(0)?.final).toEqual(rangesOf(hour(0), hour(5)));
});

import type pg from 'pg';
import { beforeEach, expect } from 'vitest';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { until } from './archive-run.ts';
import { expectTrueReports } from './report-truth/expect-true-reports.ts';
import { at, DAY, delivery, HOUR, keyOf, RollupBench } from './rollup-bench.ts';

export const LOGS = keyOf('1', 'webhook_logs');
export const FROM = at('2026-03-20T00:00:00Z');
export const TO = at('2026-04-10T00:00:00Z');

export let bench: RollupBench;

/** Gives each test of the file that calls it a stream whose deliveries are stale. */
export function staleStreamForEachTest(): void {
  beforeEach(async () => {
    bench = await RollupBench.create();
    await bench.addOrganization('1', 'America/St_Johns', { from: FROM, to: TO }, { ended: true });
    await bench.coverDeliveries('1', [{ from: FROM, to: TO }]);
    await bench.writeDeliveries('1', [delivery(FROM + HOUR), delivery(FROM + 5 * DAY)]);
  });
}

/** Rows that no other call gives. */
let given = 0;
export function fresh(sentAt: number) {
  given += 1;
  return delivery(sentAt, { fingerprint: BigInt(given + 1_000), responseCode: given % 2 ? 500 : 200 });
}

export function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Runs `meanwhile` while a connection of its own holds what `statement` locks. */
export async function holding(
  statement: string,
  meanwhile: (holder: pg.PoolClient) => Promise<void>,
): Promise<void> {
  const holder = await bench.database.pool.connect();
  try {
    await holder.query('begin');
    await holder.query(statement);
    await meanwhile(holder);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

/** Waits until so many connections wait for a lock. */
export async function untilWaiting(count = 1): Promise<void> {
  await until(async () => {
    const found = await bench.rows(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return found.length >= count;
  });
}

export async function expectAllRight(): Promise<void> {
  await expectTrueReports(bench.owned, 'webhook');
  expect((await checkRollups(bench.database, LOGS)).differences).toEqual([]);
}

export async function expectDoneByAnother(): Promise<void> {
  await expectAllRight();
  await rollUpAll(bench.context, bench.now);
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
}

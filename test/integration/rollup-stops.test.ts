/* Workers that are ended or asked to stop while they roll up, and the command that makes rollups anew beside them. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { rebuildRollups } from '../../src/commands/rollups.ts';
import { formatInstant } from '../../src/instant.ts';
import { rollUp, rollUpAll } from '../../src/sync/roll-up.ts';
import { configFor, until } from '../support/archive-run.ts';
import { DAY, delivery, HOUR, keyOf } from '../support/rollup-bench.ts';
import {
  bench,
  expectAllRight,
  expectDoneByAnother,
  FROM,
  fresh,
  holding,
  LOGS,
  staleStreamForEachTest,
  TO,
  untilWaiting,
} from '../support/rollup-locks.ts';
import { testLog } from '../support/test-log.ts';

staleStreamForEachTest();

/** The command, as a person starts it beside the workers. */
async function rebuild(signal = new AbortController().signal): Promise<number> {
  const stream = new PassThrough();
  stream.resume();
  return await rebuildRollups({
    config: configFor({ baseUrl: 'http://127.0.0.1', key: 'none' }, bench.owned),
    log: testLog,
    clock: systemClock,
    output: { stream, terminal: false },
    json: false,
    signal,
    organization: undefined,
  });
}

/** Whether somebody waits for a row that another transaction holds. */
async function isRowWaitedFor(): Promise<boolean> {
  const found = await bench.rows(
    "select from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'",
  );
  return found.length > 0;
}

test('a rebuild waits for whoever holds what is stale, and has made all of it anew when it says so', async () => {
  await bench.rollUp(LOGS);
  await bench.rows('update meraki_store.webhook_hours set deliveries = deliveries + 1');
  let ended = false;
  let rebuilding: Promise<number> | undefined;
  await holding(`select pg_advisory_xact_lock(hashtext('meraki-historian partitions'))`, async (planning) => {
    rebuilding = rebuild().finally(() => {
      ended = true;
    });
    await untilWaiting();
    await holding('select from meraki_store.rollup_stale for update', async () => {
      await planning.query('commit');
      await until(async () => ended || (await isRowWaitedFor()));
    });
  });
  expect(await rebuilding).toBe(0);
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
});

test('a rebuild that is interrupted does not say that it is done', async () => {
  const stop = new AbortController();
  await holding('lock table meraki_store.webhook_days in exclusive mode', async (holder) => {
    const rebuilding = rebuild(stop.signal);
    await untilWaiting();
    stop.abort();
    await holder.query('commit');
    await expect(rebuilding).rejects.toThrow(/abort/);
  });
});

test('one that is ended in the middle of a batch leaves all as it was', async () => {
  await bench.rollUp(LOGS);
  await bench.writeDeliveries('1', [fresh(FROM + HOUR), fresh(FROM + 5 * DAY)]);
  const [rollups, stale] = [await bench.rollups(), await bench.stale()];
  await holding('lock table meraki_store.webhook_failure_runs in exclusive mode', async (holder) => {
    const rolling = bench.rollUp(LOGS).catch((error: unknown) => error);
    await untilWaiting();
    await bench.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    expect(await rolling).toBeInstanceOf(Error);
    await holder.query('commit');
  });
  expect(await bench.stale()).toEqual(stale);
  expect(await bench.rollups()).toEqual(rollups);
  await expectDoneByAnother();
});

test('one that is asked to stop ends its batch, and leaves what is older stale', async () => {
  const stop = new AbortController();
  await rollUpAll(bench.context, bench.now);
  // Longer than a batch, however little there is.
  const wanted = { from: FROM - 40 * DAY, to: TO };
  await bench.addOrganization('2', 'America/St_Johns', wanted, { ended: true });
  await bench.coverDeliveries('2', [wanted]);
  await bench.writeDeliveries('2', [delivery(wanted.from), delivery(FROM)]);
  await holding('lock table meraki_store.webhook_days in exclusive mode', async (holder) => {
    const rolling = rollUp({ ...bench.context, signal: stop.signal }, keyOf('2', 'webhook_logs'), bench.now);
    await untilWaiting();
    stop.abort();
    await holder.query('commit');
    await rolling;
  });
  const left = await bench.stale();
  expect(left).toHaveLength(1);
  expect(left[0]).toContain(formatInstant(FROM - 40 * DAY).slice(0, 10));
  expect(left[0]).not.toContain(formatInstant(FROM).slice(0, 10));
  await expectDoneByAnother();
});

/*
 * Workers that roll up while others write, roll up too, or end them. Whoever has to wait is made to wait by a lock that
 * the test holds, so each order of events is the same every time.
 */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { markStale } from '../../src/db/rollup-stale.ts';
import { formatInstant } from '../../src/instant.ts';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { rollUp, rollUpAll } from '../../src/sync/roll-up.ts';
import { until } from '../support/archive-run.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { at, DAY, delivery, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const LOGS = keyOf('1', 'webhook_logs');
const FROM = at('2026-03-20T00:00:00Z');
const TO = at('2026-04-10T00:00:00Z');

let bench: RollupBench;

beforeEach(async () => {
  bench = await RollupBench.create();
  await bench.addOrganization('1', 'America/St_Johns', { from: FROM, to: TO }, { ended: true });
  await bench.coverDeliveries('1', [{ from: FROM, to: TO }]);
  await bench.writeDeliveries('1', [delivery(FROM + HOUR), delivery(FROM + 5 * DAY)]);
});

/** Rows that no other call gives. */
let given = 0;
function fresh(sentAt: number) {
  given += 1;
  return delivery(sentAt, { fingerprint: BigInt(given + 1_000), responseCode: given % 2 ? 500 : 200 });
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Runs `meanwhile` while a connection of its own holds what `statement` locks. */
async function holding(
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
async function untilWaiting(count = 1): Promise<void> {
  await until(async () => {
    const found = await bench.rows(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return found.length >= count;
  });
}

async function expectAllRight(): Promise<void> {
  await expectTrueReports(bench.owned, 'webhook');
  expect((await checkRollups(bench.database, LOGS)).differences).toEqual([]);
}

async function expectDoneByAnother(): Promise<void> {
  await expectAllRight();
  await rollUpAll(bench.context, bench.now);
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
}

test('rows that are marked and not committed while others are rolled up are not missed', async () => {
  const { open, opened } = gate();
  const marked = gate();
  const writing = bench.writeDeliveries('1', [fresh(FROM + HOUR)], async () => {
    marked.open();
    await opened;
  });
  await marked.opened;
  await bench.rollUp(LOGS);
  expect(await bench.stale()).toHaveLength(1);
  await expectAllRight();
  open();
  await writing;
  expect(await bench.stale()).toHaveLength(1);
  await expectDoneByAnother();
});

test('rows that are written and not marked yet when their hour is rolled up make it stale again', async () => {
  const row = fresh(FROM + HOUR);
  const client = await bench.database.pool.connect();
  try {
    await client.query('begin');
    await client.query(
      `insert into meraki_store.webhook_deliveries
       select (jsonb_populate_record(null::meraki_store.webhook_deliveries,
         to_jsonb(f) || jsonb_build_object('fingerprint', $1::bigint))).*
       from meraki_store.webhook_deliveries f order by sent_at limit 1`,
      [row.fingerprint],
    );
    await bench.rollUp(LOGS);
    expect(await bench.stale()).toEqual([]);
    await client.query(
      `update meraki_store.rollup_stale set stale = stale + tstzmultirange(tstzrange(to_timestamp($1), to_timestamp($2)))`,
      [FROM / 1_000_000 + 3_600, FROM / 1_000_000 + 7_200],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  expect(await bench.stale()).toHaveLength(1);
  await expectDoneByAnother();
});

test('rows that are committed between the planning of a batch and the batch are rolled up with it', async () => {
  const context = { ...bench.context, partitions: new Partitions(bench.database) };
  await holding(`select pg_advisory_xact_lock(hashtext('meraki-historian partitions'))`, async (holder) => {
    const rolling = rollUp(context, LOGS, bench.now);
    await untilWaiting();
    await bench.writeDeliveries('1', [fresh(FROM + HOUR), fresh(FROM + 3 * DAY), fresh(FROM + 6 * DAY)]);
    await holder.query('commit');
    await rolling;
  });
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
});

test('of two that roll up the same stream, the second leaves it to the first', async () => {
  await holding('lock table meraki_store.webhook_days in exclusive mode', async (holder) => {
    const first = bench.rollUp(LOGS);
    await untilWaiting();
    await bench.rollUp(LOGS);
    expect(await bench.stale()).toHaveLength(1);
    await holder.query('commit');
    await first;
  });
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
});

test('a page waits for a batch that is about to be committed, and is stale after it', async () => {
  await holding('lock table meraki_store.webhook_days in exclusive mode', async (holder) => {
    const rolling = bench.rollUp(LOGS);
    await untilWaiting(1);
    const writing = bench.writeDeliveries('1', [fresh(FROM + HOUR), fresh(FROM + 5 * DAY)]);
    await untilWaiting(2);
    await holder.query('commit');
    await Promise.all([rolling, writing]);
  });
  await expectDoneByAnother();
});

test('beside the reading, a page is waited for, and what goes stale meanwhile is left for the next time', async () => {
  await bench.rollUp(LOGS);
  await bench.writeDeliveries('1', [fresh(FROM + HOUR), fresh(FROM + 5 * DAY)]);
  let rests = 0;
  await holding('select from meraki_store.rollup_stale for update', async (holder) => {
    const rolling = bench.rollUp(LOGS, async () => {
      rests += 1;
      if (rests === 1) await bench.writeDeliveries('1', [fresh(FROM + 2 * DAY)]);
    });
    await untilWaiting(1);
    await holder.query('commit');
    await rolling;
  });
  expect(rests).toBeGreaterThan(0);
  const [stale, ...others] = await bench.stale();
  expect(others).toEqual([]);
  expect(stale?.match(/\[/g)).toHaveLength(1);
  await bench.rollUp(LOGS);
  expect(await bench.stale()).toEqual([]);
  await expectAllRight();
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

test('writers and workers, as many as there are, all at once', async () => {
  const instants = Array.from({ length: 120 }, (_, index) => FROM + index * 4 * HOUR + 1);
  let writing = true;
  const writers = [0, 1, 2].map(async (writer) => {
    for (let page = 0; page < 10; page += 1) {
      const mine = instants.filter((_, index) => index % 3 === writer && index % 10 === page);
      await bench.writeDeliveries('1', mine.map(fresh), async (tx) => {
        await markStale(tx, LOGS, [{ from: FROM, to: FROM + DAY }], bench.now);
      });
    }
  });
  const workers = [0, 1].map(async () => {
    while (writing) await rollUpAll(bench.context, bench.now);
  });
  await Promise.all(writers);
  writing = false;
  await Promise.all(workers);
  await expectDoneByAnother();
});

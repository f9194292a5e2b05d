/*
 * Workers that roll up while others write, or roll up too. Whoever has to wait is made to wait by a lock that
 * the test holds, so each order of events is the same every time.
 */
import { expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { markStale } from '../../src/db/rollup-stale.ts';
import { rollUp, rollUpAll } from '../../src/sync/roll-up.ts';
import { DAY, HOUR } from '../support/rollup-bench.ts';
import {
  bench,
  expectAllRight,
  expectDoneByAnother,
  FROM,
  fresh,
  gate,
  holding,
  LOGS,
  staleStreamForEachTest,
  untilWaiting,
} from '../support/rollup-locks.ts';

staleStreamForEachTest();

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

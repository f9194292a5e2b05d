/** Old months go with their rollups, in the middle of a local day, and nothing of them comes back. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { until } from '../support/archive-run.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { at, delivery, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const FROM = at('2026-03-25T00:00:00Z');
const TO = at('2026-05-06T00:00:00Z');
const END = at('2026-05-01T00:00:00Z');
/** May begins in the middle of these zones' days. */
const ZONES = { vienna: 'Europe/Vienna', kolkata: 'Asia/Kolkata', havana: 'America/Havana' };

let bench: RollupBench;

beforeEach(async () => {
  bench = await RollupBench.create();
  for (const [id, zone] of Object.entries(ZONES)) {
    await bench.addOrganization(id, zone, { from: FROM, to: TO }, { ended: true });
    const hours = [0, 200, ...Array.from({ length: 48 }, (_, hour) => (END - FROM) / HOUR - 24 + hour)];
    const rows = hours.map((hour) => delivery(FROM + hour * HOUR, { responseCode: hour % 3 ? 500 : 200 }));
    await bench.writeDeliveries(id, rows);
    await bench.coverDeliveries(id, [{ from: FROM, to: TO }]);
    const counts = hours.map((hour) => ({
      bucketStart: FROM + hour * HOUR,
      responseCode: 200,
      requestCount: hour + 1,
    }));
    const read = [{ from: FROM, to: TO }];
    await bench.writeCounts(id, [{ intervalSeconds: 3_600, counts, read, final: read }]);
  }
  await rollUpAll(bench.context, bench.now);
});

async function partitions(): Promise<readonly string[]> {
  const found = await bench.rows<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent::regclass::text in ('meraki_store.webhook_deliveries', 'meraki_store.webhook_hours',
       'meraki_store.webhook_endpoint_hours', 'meraki_store.api_response_counts', 'meraki_store.api_response_hours')
       and c.relname ~ '_2026_0[34]$' order by 1`,
  );
  return found.map(({ name }) => name);
}

/** Drops what is older than 20 May, again and again until nothing of it is in use. */
async function dropAll(): Promise<readonly string[]> {
  const names: string[] = [];
  for (;;) {
    const { dropped, inUse } = await dropExpired(bench.database, at('2026-05-20T00:00:00Z'), bench.now);
    names.push(...dropped);
    if (inUse.length === 0) return names;
  }
}

async function expectAllRight(): Promise<void> {
  await expectTrueReports(bench.owned);
  for (const id of Object.keys(ZONES)) {
    for (const stream of ['webhook_logs', 'api_responses'] as const) {
      expect((await checkRollups(bench.database, keyOf(id, stream))).differences).toEqual([]);
    }
  }
}

test('figures are right at once, and what is kept is rolled up', async () => {
  expect(await partitions()).toHaveLength(10);
  expect(await dropAll()).toHaveLength(10);
  expect(await partitions()).toEqual([]);
  await expectAllRight();
  const old = await bench.rows(
    `select bucket_start from meraki.webhook_deliveries_daily where bucket_start < '2026-04-29'
     union all select bucket_start from meraki.webhook_receivers_daily where bucket_start < '2026-04-29'
     union all select bucket_start from meraki.api_responses_hourly where bucket_start < '2026-05-01'
     union all select bucket_start from meraki_store.webhook_failure_runs where bucket_end <= '2026-05-01'`,
  );
  expect(old).toEqual([]);
  await rollUpAll({ ...bench.context, partitions: new Partitions(bench.database) }, bench.now);
  expect(await bench.stale()).toEqual([]);
  expect(await partitions()).toEqual([]);
  await expectAllRight();
  const first = await bench.rows(
    `select organization_id as id, deliveries::integer from meraki.webhook_totals_daily
     where bucket_start < '2026-05-01' and deliveries > 0 order by 1`,
  );
  expect(first).toEqual([
    { id: 'havana', deliveries: 4 },
    { id: 'kolkata', deliveries: 19 },
    { id: 'vienna', deliveries: 22 },
  ]);
});

test('with hours that were stale when they were dropped', async () => {
  for (const id of Object.keys(ZONES)) {
    await bench.writeDeliveries(id, [delivery(END - HOUR + 7), delivery(FROM + 7), delivery(END + 7)]);
  }
  await dropAll();
  await expectAllRight();
  await rollUpAll({ ...bench.context, partitions: new Partitions(bench.database) }, bench.now);
  expect(await bench.stale()).toEqual([]);
  expect(await partitions()).toEqual([]);
  await expectAllRight();
});

async function untilWaiting(count: number): Promise<void> {
  await until(async () => {
    const found = await bench.rows(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return found.length >= count;
  });
}

async function asHolder(work: (holder: pg.PoolClient) => Promise<void>): Promise<void> {
  const holder = await bench.database.pool.connect();
  try {
    await holder.query('begin');
    await work(holder);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

test('a worker that rolls up meanwhile and the one that drops wait for each other, and both end', async () => {
  await bench.writeDeliveries('vienna', [delivery(END + 7)]);
  await asHolder(async (holder) => {
    await holder.query('lock table meraki_store.webhook_hours in exclusive mode');
    const rolling = bench.rollUp(keyOf('vienna', 'webhook_logs'));
    await untilWaiting(1);
    const dropping = dropAll();
    await untilWaiting(2);
    await holder.query('commit');
    await rolling;
    expect(await dropping).toHaveLength(10);
  });
  await rollUpAll(bench.context, bench.now);
  await expectAllRight();
});

test('a reader that has begun with rollups gets on to the facts while old ones are dropped', async () => {
  await asHolder(async (reader) => {
    await reader.query('select from meraki_store.webhook_hours limit 1');
    const dropping = dropAll();
    await untilWaiting(1);
    await reader.query('select from meraki_store.webhook_deliveries limit 1');
    await reader.query('commit');
    expect(await dropping).toHaveLength(10);
  });
  await expectAllRight();
});

test('rollups that are in use go another time, and say nothing of what is dropped meanwhile', async () => {
  await asHolder(async (reader) => {
    await reader.query('select from meraki_store.webhook_hours limit 1');
    const first = await dropExpired(bench.database, at('2026-05-20T00:00:00Z'), bench.now);
    expect(first.inUse).toEqual(['webhook_hours']);
    expect(first.dropped).toHaveLength(8);
    await expectAllRight();
    await rollUpAll(bench.context, bench.now);
    await expectAllRight();
  });
  const second = await dropExpired(bench.database, at('2026-05-20T00:00:00Z'), bench.now);
  expect([...second.dropped].sort()).toEqual(['webhook_hours_2026_03', 'webhook_hours_2026_04']);
  expect(second.inUse).toEqual([]);
  await expectAllRight();
});

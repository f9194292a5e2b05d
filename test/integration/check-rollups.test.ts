/** A rollup that differs from its facts is found, in whatever way it differs, also in the newest day. */
import { beforeAll, describe, expect, test } from 'vitest';
import { markStale } from '../../src/db/rollup-stale.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { checkRollups, type RollupCheck } from '../../src/sync/check-rollups.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { at, DAY, delivery, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const FIRST = at('2026-03-28T20:30:00Z');
const LOGS = keyOf('1', 'webhook_logs');
const COUNTS = keyOf('1', 'api_responses', 'own');

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.create();
  const wanted = { from: at('2026-03-28T00:00:00Z'), to: at('2026-04-01T00:00:00Z') };
  await bench.addOrganization('1', 'Europe/Vienna', wanted, { ended: true, series: ['own'] });
  await bench.writeDeliveries(
    '1',
    [0, 1, 2, 26, 27, 28].map((hour) =>
      delivery(FIRST + hour * HOUR, { responseCode: hour % 2 ? 200 : 503 }),
    ),
  );
  await bench.writeCounts(
    '1',
    [
      {
        intervalSeconds: 3_600,
        counts: [0, 1, 26].map((hour) => ({
          bucketStart: at('2026-03-28T20:00:00Z') + hour * HOUR,
          responseCode: 429,
          requestCount: 5,
        })),
        read: [wanted],
        final: [wanted],
      },
    ],
    'own',
  );
  await rollUpAll(bench.context, bench.now);
});

/** Key columns beside organization and series, of which one is changed to make a row that should not be. */
const TABLES: Readonly<Record<string, readonly [StreamKey, surplus: string, figure: string]>> = {
  webhook_hours: [LOGS, 'endpoint_id', 'duration_ms_sum'],
  webhook_endpoint_hours: [LOGS, 'endpoint_id', 'latency_counts'],
  webhook_days: [LOGS, 'alert_type_id', 'p99_ms'],
  webhook_endpoint_days: [LOGS, 'endpoint_id', 'last_failure_at'],
  webhook_code_days: [LOGS, 'response_code', 'deliveries'],
  webhook_alert_days: [LOGS, 'alert_type_id', 'failures'],
  webhook_network_days: [LOGS, 'network_key', 'deliveries'],
  webhook_failure_runs: [LOGS, 'successes_before', 'ended_at'],
  api_response_hours: [COUNTS, 'bucket_start', 'peak_per_second'],
  api_response_days: [COUNTS, 'bucket_start', 'rate_limited_429'],
  api_code_days: [COUNTS, 'response_code', 'requests'],
};

const OTHER: Readonly<Record<string, string>> = {
  bucket_start: "bucket_start - interval '3 days'",
  latency_counts: "'{9}'",
  last_failure_at: 'null',
  ended_at: "coalesce(ended_at, bucket_start) + interval '1 second'",
};

async function checkAfter(key: StreamKey, damage: string): Promise<RollupCheck> {
  const table = /meraki_store\.(\w+)/.exec(damage)?.[1] ?? '';
  await bench.rows(`create table kept as table meraki_store.${table}`);
  try {
    await bench.rows(damage);
    return await checkRollups(bench.database, key);
  } finally {
    await bench.rows(`delete from meraki_store.${table}`);
    await bench.rows(`insert into meraki_store.${table} table kept`);
    await bench.rows('drop table kept');
  }
}

test('rollups that are right differ in nothing, and all whole days were looked at', async () => {
  for (const key of [LOGS, COUNTS]) {
    const { checked, differences } = await checkRollups(bench.database, key);
    expect(differences).toEqual([]);
    expect(checked).toHaveLength(1);
    expect(checked[0]?.from).toBeLessThanOrEqual(at('2026-03-27T23:00:00Z'));
    expect(checked[0]?.to).toBeGreaterThanOrEqual(at('2026-03-30T22:00:00Z'));
  }
});

describe.each(Object.entries(TABLES))('%s', (table, [key, column, figure]) => {
  const newest = `ctid = (select ctid from meraki_store.${table} order by bucket_start desc, ${column} limit 1)`;
  const partition = `tableoid = (select tableoid from meraki_store.${table} order by bucket_start desc limit 1)`;

  test.each(['oldest', 'newest'])('a changed figure in the %s row', async (end) => {
    const order = end === 'newest' ? 'desc' : 'asc';
    const changed = OTHER[figure] ?? `${figure} + 1`;
    const { differences } = await checkAfter(
      key,
      `update meraki_store.${table} set ${figure} = ${changed} where (tableoid, ctid) =
         (select tableoid, ctid from meraki_store.${table} order by bucket_start ${order} limit 1)`,
    );
    expect(differences).toEqual([{ table, rows: 2 }]);
  });

  test('a missing row', async () => {
    const { differences } = await checkAfter(
      key,
      `delete from meraki_store.${table} where ${newest} and ${partition}`,
    );
    expect(differences).toEqual([{ table, rows: 1 }]);
  });

  test('a row too many', async () => {
    const surplus = OTHER[column] ?? `${column} + 77`;
    const { differences } = await checkAfter(
      key,
      `insert into meraki_store.${table}
       select (jsonb_populate_record(null::meraki_store.${table},
         to_jsonb(r) || jsonb_build_object('${column}', ${surplus}))).*
       from (select * from meraki_store.${table} order by bucket_start desc limit 1) r`,
    );
    expect(differences).toEqual([{ table, rows: 1 }]);
  });
});

test('what is stale is left out, since views leave it out too', async () => {
  await bench.rows('update meraki_store.webhook_hours set deliveries = deliveries + 1');
  expect((await checkRollups(bench.database, LOGS)).differences).toEqual([
    { table: 'webhook_hours', rows: 12 },
  ]);
  await bench.database.transaction((tx) =>
    markStale(tx, LOGS, [{ from: FIRST - DAY, to: FIRST + 2 * DAY }], bench.now),
  );
  expect((await checkRollups(bench.database, LOGS)).differences).toEqual([]);
  await rollUpAll(bench.context, bench.now);
  expect((await checkRollups(bench.database, LOGS)).differences).toEqual([]);
});

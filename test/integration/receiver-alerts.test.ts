/* Which receivers webhook_receiver_alerts names: each case is a receiver with deliveries so many hours ago. */
import { beforeAll, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Deliveries from so many hours ago to so many, one every so many hours, all with one code. */
type Run = readonly [from: number, to: number, every: number, code: number];

const DAY = 24;
const MONTH = 40 * DAY;

interface Case {
  readonly why: string;
  readonly runs: readonly Run[];
  readonly alerts: readonly string[];
}

const CASES: readonly Case[] = [
  { why: 'works', runs: [[MONTH, 1, 1, 200]], alerts: [] },
  {
    why: 'fails three times',
    runs: [
      [MONTH, 4, 1, 204],
      [3, 1, 1, 500],
    ],
    alerts: ['began_to_fail'],
  },
  {
    why: 'fails twice',
    runs: [
      [MONTH, 3, 1, 200],
      [2, 1, 1, -1],
    ],
    alerts: [],
  },
  {
    why: 'failed, and works again',
    runs: [
      [MONTH, 9, 1, 200],
      [8, 2, 1, 500],
      [1, 1, 1, 200],
    ],
    alerts: [],
  },
  { why: 'never worked', runs: [[MONTH, 1, 1, 404]], alerts: [] },
  {
    why: 'worked long before it failed',
    runs: [
      [50 * DAY, 50 * DAY, 1, 200],
      [10 * DAY, 1, 4, 500],
    ],
    alerts: [],
  },
  {
    why: 'fails since long ago',
    runs: [
      [70 * DAY, 66 * DAY, 1, 200],
      [65 * DAY, 1, 6, 500],
    ],
    alerts: [],
  },
  { why: 'is silent since 30 hours', runs: [[MONTH, 30, 1, 200]], alerts: ['went_silent'] },
  { why: 'is silent since 20 hours', runs: [[MONTH, 20, 1, 200]], alerts: [] },
  { why: 'had deliveries on a few days only', runs: [[5 * DAY, 3 * DAY, 1, 200]], alerts: [] },
  { why: 'is seldom used', runs: [[MONTH, 5 * DAY, 4 * DAY, 200]], alerts: [] },
  {
    why: 'rested as long before',
    runs: [
      [MONTH, 12 * DAY, 1, 200],
      [9 * DAY, 2 * DAY, 1, 200],
    ],
    alerts: [],
  },
  {
    why: 'rested less before',
    runs: [
      [MONTH, 12 * DAY, 1, 200],
      [9 * DAY, 4 * DAY, 1, 200],
    ],
    alerts: ['went_silent'],
  },
  {
    why: 'failed, and is silent since',
    runs: [
      [MONTH, 50, 1, 200],
      [49, 40, 1, 503],
    ],
    alerts: ['began_to_fail', 'went_silent'],
  },
];

let owned: TestDatabase;

beforeAll(async () => {
  owned = await createTestDatabase();
  const { database } = owned;
  const now = instantOfMilliseconds(Date.now());
  const partitions = new Partitions(database);
  await partitions.ensure('webhook_deliveries', { from: now - instantOfSeconds(75 * 86_400), to: now });
  for (const organization of ['read', 'holed', 'stopped']) {
    await database.pool.query(
      `insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, lookback_seconds,
         expected_lag_seconds, created_at)
       values ($1, 'webhook_logs', 'all', now() - interval '75 days', 2592000, 1800, now())`,
      [organization],
    );
    for (const [index, { why, runs }] of CASES.entries()) await deliver(organization, index + 1, why, runs);
  }
  const covered = {
    read: '[-75 days, -5 minutes]',
    holed: '[-75 days, -19 hours] [-18 hours, -5 minutes]',
    stopped: '[-75 days, -2 hours]',
  };
  for (const [organization, stretches] of Object.entries(covered)) {
    await database.pool.query(
      `insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, updated_at)
       select $1, 'webhook_logs', 'all', 0, range_agg(tstzrange(now() + s[1]::interval, now() + s[2]::interval)), now()
       from regexp_matches($2, '\\[([^,]+), ([^\\]]+)\\]', 'g') s`,
      [organization, stretches],
    );
  }
  await markStale('75 days');
  await rollUpAll({ database, partitions, signal: new AbortController().signal }, now);
});

async function deliver(
  organization: string,
  endpoint: number,
  why: string,
  runs: readonly Run[],
): Promise<void> {
  await owned.database.pool.query(
    `insert into meraki_store.webhook_endpoints values ($1, $2, $3, 'https://masked', $3, now(), now())`,
    [organization, endpoint, why],
  );
  for (const [from, to, every, code] of runs) {
    await owned.database.pool.query(
      `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
         alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
       select $1, now() - ago * interval '1 hour', $2 * 1000 + ago, 0, 1, 1, $2::bigint, now(), $6, 5, now()
       from generate_series($3::integer, $4, $5) ago`,
      [organization, endpoint, from, to, -every, code],
    );
  }
}

async function markStale(since: string): Promise<void> {
  await owned.database.pool.query(
    `insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
     select organization_id, 'webhook_logs', 'all', tstzmultirange(tstzrange(
       date_trunc('hour', now() - $1::interval), date_trunc('hour', now()) + interval '1 hour')), now()
     from meraki_ingest.streams
     on conflict (organization_id, stream, series) do update set stale = excluded.stale`,
    [since],
  );
}

async function alertsOf(organization: string): Promise<Record<string, readonly string[]>> {
  const found = await owned.database.pool.query<{ url_host: string; kinds: string[] }>(
    `select url_host, array_agg(kind order by kind) as kinds from meraki.webhook_receiver_alerts
     where organization_id = $1 group by 1`,
    [organization],
  );
  return Object.fromEntries(found.rows.map(({ url_host: host, kinds }) => [host, kinds]));
}

const wanted = (kinds: readonly string[]) =>
  Object.fromEntries(
    CASES.map(({ why, alerts }) => [why, alerts.filter((kind) => kinds.includes(kind))] as const).filter(
      ([, alerts]) => alerts.length > 0,
    ),
  );

test.each(['from rollups', 'from the facts of the newest days'])('receivers are named %s', async (from) => {
  if (from !== 'from rollups') await markStale('5 days');
  expect(await alertsOf('read')).toEqual(wanted(['began_to_fail', 'went_silent']));
});

test.each(['holed', 'stopped'])(
  'none is silent where the log is %s: nobody can know',
  async (organization) => {
    expect(await alertsOf(organization)).toEqual(wanted(['began_to_fail']));
  },
);

test('what is told of them', async () => {
  const found = await owned.database.pool.query(
    `select url_host, kind, extract(epoch from now() - since)::integer / 3600 as hours_ago, failures,
       round(deliveries_per_day_before::numeric, 1)::double precision as a_day,
       extract(epoch from now() - last_success_at)::integer / 3600 as success_hours_ago,
       extract(epoch from now() - last_delivery_at)::integer / 3600 as delivery_hours_ago, url, endpoint_key
     from meraki.webhook_receiver_alerts
     where organization_id = 'read' and url_host in ('fails three times', 'failed, and is silent since')
     order by 1 desc, 2`,
  );
  const told = { a_day: 24, url: 'https://masked' };
  const silent = {
    ...told,
    url_host: 'failed, and is silent since',
    endpoint_key: 'read/14',
    failures: '10',
  };
  expect(found.rows).toEqual([
    {
      ...{
        ...told,
        url_host: 'fails three times',
        endpoint_key: 'read/2',
        kind: 'began_to_fail',
        hours_ago: 3,
      },
      ...{ failures: '3', success_hours_ago: 4, delivery_hours_ago: 1 },
    },
    { ...silent, kind: 'began_to_fail', hours_ago: 49, success_hours_ago: 50, delivery_hours_ago: 40 },
    { ...silent, kind: 'went_silent', hours_ago: 40, success_hours_ago: 50, delivery_hours_ago: 40 },
  ]);
});

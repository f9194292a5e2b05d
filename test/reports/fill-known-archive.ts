import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import {
  ALERT_TYPES,
  type Bucket,
  type Delivery,
  type KnownStream,
  LATE,
  OWN_SERIES,
  SERIES,
  type Stretch,
  WEBHOOKS,
  WHOLE,
  within,
  ZONES,
} from './known-archive.ts';

const DIMENSIONS = [
  `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at, time_zone)
   select key, initcap(key), $2, $2, value from jsonb_each_text($1)`,
  `insert into meraki_store.networks (organization_id, network_key, network_id, name, first_seen_at, last_seen_at)
   select key, n, 'N_' || n, case n when 1 then 'Office' end, $2, $2
   from jsonb_each_text($1) cross join generate_series(1, 2) n`,
  `insert into meraki_store.webhook_endpoints (organization_id, endpoint_id, url, url_masked, url_host, first_seen_at,
     last_seen_at)
   select key, n, 'https://r/' || n, 'https://r/***', 'r', $2, $2
   from jsonb_each_text($1) cross join generate_series(1, 2) n`,
];

/** Fills an empty database. Facts of late time are written when all others were rolled up, and are not rolled up. */
export async function fillKnownArchive(
  database: Database,
  deliveries: readonly Delivery[],
  buckets: readonly Bucket[],
): Promise<void> {
  const { pool } = database;
  const now = instantOfMilliseconds(WHOLE.to);
  const partitions = new Partitions(database);
  for (const table of ['webhook_deliveries', 'api_response_counts'] as const) {
    await partitions.ensure(table, { from: instantOfMilliseconds(WHOLE.from), to: now });
  }
  for (const statement of DIMENSIONS) await pool.query(statement, [ZONES, new Date(WHOLE.from)]);
  for (const zone of Object.values(ZONES)) {
    await pool.query(`select meraki_store.extend_calendar($1, '2026-02-01', '2026-05-31')`, [zone]);
  }
  await pool.query(
    `insert into meraki_store.alert_types (organization_id, alert_type_id, name, first_seen_at, last_seen_at)
     select key, id, name, $3, $3 from jsonb_each_text($1) cross join unnest($2::text[]) with ordinality a (name, id)`,
    [ZONES, ALERT_TYPES, new Date(WHOLE.from)],
  );
  await pool.query(`insert into meraki_ingest.settings values ('own_series', $1), ('api_objective', '0.9')`, [
    JSON.stringify([OWN_SERIES]),
  ]);
  for (const stream of WEBHOOKS) await writeStream(database, 'webhook_logs', stream);
  for (const stream of SERIES) await writeStream(database, 'api_responses', stream);
  const isLate = (moment: number) => within(LATE, moment);
  await writeDeliveries(
    database,
    deliveries.filter(({ sentAt }) => !isLate(sentAt)),
  );
  await writeBuckets(
    database,
    buckets.filter(({ start }) => !isLate(start)),
  );
  await markStale(database, [WHOLE]);
  await rollUpAll({ database, partitions, signal: new AbortController().signal }, now);
  await writeDeliveries(
    database,
    deliveries.filter(({ sentAt }) => isLate(sentAt)),
  );
  await writeBuckets(
    database,
    buckets.filter(({ start }) => isLate(start)),
  );
  await markStale(database, LATE);
}

async function writeStream(database: Database, stream: string, known: KnownStream): Promise<void> {
  const { organization, series, wanted, widths } = known;
  await database.pool.query(
    `insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, retired_at, lookback_seconds,
       expected_lag_seconds, created_at)
     values ($1, $2, $3, $4, $5, 2592000, 0, now())`,
    [organization, stream, series, new Date(wanted.from), new Date(wanted.to)],
  );
  for (const { seconds, final, provisional } of widths) {
    await database.pool.query(
      `insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, provisional,
         counted, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, now())`,
      [organization, stream, series, seconds, multirange(final), multirange(provisional)].concat(
        seconds === 0 ? '{}' : multirange([...final, ...provisional]),
      ),
    );
  }
}

function multirange(stretches: readonly Stretch[]): string {
  const time = (moment: number) => new Date(moment).toISOString();
  return `{${stretches.map(({ from, to }) => `[${time(from)},${time(to)})`).join(',')}}`;
}

async function writeDeliveries(database: Database, deliveries: readonly Delivery[]): Promise<void> {
  await database.pool.query(
    `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
       alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
     select organization, to_timestamp("sentAt" / 1000), row_number() over (), 0, network, "alertType", endpoint,
       to_timestamp("sentAt" / 1000), code, 10, to_timestamp("sentAt" / 1000)
     from jsonb_to_recordset($1::jsonb) as (organization text, "sentAt" double precision, network bigint,
       "alertType" bigint, endpoint bigint, code integer)`,
    [JSON.stringify(deliveries)],
  );
}

async function writeBuckets(database: Database, buckets: readonly Bucket[]): Promise<void> {
  await database.pool.query(
    `insert into meraki_store.api_response_counts (organization_id, series, interval_seconds, bucket_start,
       response_code, request_count, updated_at)
     select organization, series, seconds, to_timestamp(start / 1000), code, count, now()
     from jsonb_to_recordset($1::jsonb) as (organization text, series text, seconds integer, start double precision,
       code integer, count bigint)`,
    [JSON.stringify(buckets)],
  );
}

async function markStale(database: Database, stretches: readonly Stretch[]): Promise<void> {
  await database.pool.query(
    `insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
     select organization_id, stream, series, $1, now() from meraki_ingest.streams
     on conflict (organization_id, stream, series) do update set stale = excluded.stale`,
    [multirange(stretches)],
  );
}

/*
 * An archive in which every view of schema meraki has rows of two organizations. One is written by hand, the other is
 * its copy: whatever table has a column organization_id is copied, so new ones need nothing here but rows.
 */

import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';

const DAY = instantOfSeconds(86_400);

/** Deliveries every half hour for 40 days up to now: receiver 1 works, 2 began to fail, 3 went silent. */
const FACTS = [
  `insert into meraki_store.organizations (organization_id, name, url, region, first_seen_at, last_seen_at, time_zone)
   values ($1, 'Name of ' || $1, 'https://example.com', 'eu', now() - interval '40 days', now(), 'Europe/Berlin')`,
  `insert into meraki_store.organization_names (organization_id, since, name)
   values ($1, now() - interval '40 days', 'Name of ' || $1)`,
  `insert into meraki_store.network_names (organization_id, network_key, since, name)
   values ($1, 1, now() - interval '40 days', 'Office')`,
  `insert into meraki_store.networks (organization_id, network_key, network_id, name, first_seen_at, last_seen_at)
   values ($1, 1, 'N_1', 'Office', now() - interval '40 days', now())`,
  `insert into meraki_store.organization_names (organization_id, since, name)
   select $1, now() - days * interval '1 day', name
   from (values (40, 'Name before of ' || $1), (5, 'Name of ' || $1)) n (days, name)`,
  `insert into meraki_store.network_names (organization_id, network_key, since, name)
   values ($1, 1, now() - interval '40 days', 'Office')`,
  `insert into meraki_store.alert_types (organization_id, alert_type_id, name, first_seen_at, last_seen_at)
   values ($1, 1, 'Settings changed', now() - interval '40 days', now())`,
  `insert into meraki_store.webhook_endpoints (organization_id, endpoint_id, url, url_masked, url_host, first_seen_at,
     last_seen_at)
   select $1, n, 'https://r' || n || '.example/x', 'https://r' || n || '.example/***', 'r' || n || '.example',
     now() - interval '40 days', now()
   from generate_series(1, 3) n`,
  `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
     alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
   select $1, at, n, 0, 1, 1, n, at, case when n = 2 and at > now() - interval '2 days' then 500 else 200 end,
     20 * n, at
   from generate_series(1, 3) n
   cross join generate_series(now() - interval '40 days', now() - interval '10 minutes', interval '30 minutes') at
   where n < 3 or at < now() - interval '3 days'`,
  `insert into meraki_store.api_response_counts (organization_id, series, interval_seconds, bucket_start,
     response_code, request_count, updated_at)
   select $1, series, 1800, at, code, case code when 200 then 90 else 10 end, at
   from unnest(array['all', 'archive']) series cross join unnest(array[200, 429]) code
   cross join generate_series(date_trunc('hour', now() - interval '40 days'), now() - interval '1 hour',
     interval '30 minutes') at`,
];

const LEDGER = [
  `insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, lookback_seconds,
     expected_lag_seconds, created_at, last_success_at)
   select $1, stream, series, now() - interval '40 days', 2592000, 1800, now(), now()
   from (values ('webhook_logs', 'all'), ('api_responses', 'all'), ('api_responses', 'archive')) s (stream, series)`,
  `insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, provisional, counted,
     updated_at)
   select $1, stream, series, case stream when 'webhook_logs' then 0 else 1800 end, final,
     case stream when 'webhook_logs' then provisional else '{}' end,
     case stream when 'webhook_logs' then '{}' else final end, now()
   from meraki_ingest.streams
   cross join lateral (
     select tstzmultirange(tstzrange(date_trunc('hour', now() - interval '40 days'), now() - interval '38 days'),
         tstzrange(date_trunc('hour', now() - interval '37 days'), date_trunc('hour', now()) - interval '1 hour'))
         as final,
       tstzmultirange(tstzrange(date_trunc('hour', now()) - interval '1 hour', now())) as provisional
   ) times
   where organization_id = $1`,
  `insert into meraki_ingest.verified_time (organization_id, stream, series, interval_seconds, verified, updated_at)
   select organization_id, stream, series, interval_seconds, final, now() from meraki_ingest.coverage
   where organization_id = $1`,
  `insert into meraki_ingest.lost_time (organization_id, stream, series, lost_from, lost_to, lost_at, noticed_at,
     reason, detail)
   values ($1, 'webhook_logs', 'all', now() - interval '38 days', now() - interval '37 days', now(), now(), 'unknown',
     'Nobody knows.')`,
  `insert into meraki_ingest.lateness (organization_id, stream, series, day, bucket, rows, rows_found_late,
     rows_after_final, max_seconds, late_max_seconds, last_seen_at)
   values ($1, 'webhook_logs', 'all', current_date, 1, 5, 1, 0, 3, 3, now())`,
  `insert into meraki_ingest.audits (organization_id, audit_id, stream, series, interval_seconds, audited_at,
     audited_from, audited_to, rows_compared, rows_missing, rows_surplus, figures_changed, repaired, requests, outcome)
   values ($1, 'a', 'webhook_logs', 'all', 0, now(), now() - interval '2 days', now() - interval '1 day', 96, 0, 0, 0,
     0, 1, 'equal')`,
  `insert into meraki_ingest.organization_states (organization_id, since, state) values ($1, now(), 'active')`,
  `insert into meraki_ingest.quarantine (organization_id, stream, series, digest, raw, reason, first_seen_at,
     last_seen_at, copies)
   values ($1, 'webhook_logs', 'all', 'd', '{}', 'sentAt: missing', now(), now(), 1)`,
  `insert into meraki_ingest.schema_drift (organization_id, stream, field, kind, first_seen_at, last_seen_at)
   values ($1, 'webhook_logs', 'colour', 'unknown', now(), now())`,
  `insert into meraki_ingest.sync_runs (organization_id, run_id, stream, series, lane, started_at)
   values ($1, 'r', 'webhook_logs', 'all', 'live', now())`,
  `insert into meraki_ingest.settings (name, value) values ('own_series', '["archive"]')
   on conflict (name) do update set value = excluded.value`,
];

/** All hours that hold facts, or only those of the last day. */
const STALE = `
  insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
  select organization_id, stream, series, tstzmultirange(tstzrange(
    date_trunc('hour', now() - $1::interval, 'UTC'), date_trunc('hour', now(), 'UTC') + interval '1 hour')), now()
  from meraki_ingest.streams
  on conflict (organization_id, stream, series) do update set stale = excluded.stale`;

const COPY = `
  do $$
  declare
    name regclass;
  begin
    for name in
      select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
      where c.relnamespace in ('meraki_store'::regnamespace, 'meraki_ingest'::regnamespace)
        and c.relkind in ('r', 'p') and not c.relispartition
    loop
      execute format(
        'insert into %1$s select (jsonb_populate_record(t, jsonb_build_object(''organization_id'', %3$L))).* '
        'from %1$s t where organization_id = %2$L', name, 'ORIGINAL', 'COPY');
    end loop;
  end
  $$`;

/** Fills an empty database; the rollups of all but the last day are made. */
export async function fillEveryView(database: Database, original: string, copy: string): Promise<void> {
  const now = instantOfMilliseconds(Date.now());
  const partitions = new Partitions(database);
  for (const table of ['webhook_deliveries', 'api_response_counts'] as const) {
    await partitions.ensure(table, { from: now - 41 * DAY, to: now + DAY });
  }
  await database.pool.query(
    `select meraki_store.extend_calendar('Europe/Berlin', current_date - 100, current_date + 100)`,
  );
  for (const statement of [...FACTS, ...LEDGER]) {
    await database.pool.query(statement, statement.includes('$1') ? [original] : []);
  }
  await database.pool.query(COPY.replace('ORIGINAL', original).replace('COPY', copy));
  await database.pool.query(STALE, ['41 days']);
  await rollUpAll({ database, partitions, signal: new AbortController().signal }, now);
  await database.pool.query(STALE, ['1 day']);
}

-- Hours of deliveries are read in less time. What the views say stays the same.

-- Rows are looked up from within what the reader may see of each organization. As a join beside it, a question about one
-- organization was planned the other way round: whatever all organizations' ledgers say was gone through anew for each
-- row, half a million times for a year of a large one. Inside the lateral query the planner cannot turn it round.
create or replace view meraki_store.webhook_hours_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_start + interval '1 hour' as bucket_end, r.endpoint_id,
  r.network_key, r.alert_type_id, r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms,
  r.p95_ms, r.p99_ms, r.updated_at, v.covered, v.final, r.bucket
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.endpoint_id, r.network_key, r.alert_type_id, r.status_class, r.deliveries,
    r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
    tstzrange(r.bucket_start, r.bucket_start + interval '1 hour') as bucket
  from meraki_store.webhook_hours r
  where r.organization_id = v.organization_id and not v.stale @> r.bucket_start
  union all
  select h.hour_start, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
    tstzrange(h.hour_start, h.hour_end)
  from meraki_store.stale_hours(v.stale) h
  cross join lateral meraki_store.webhook_hours_of(v.organization_id, h.hour_start, h.hour_end) g
) r;

-- Keys of members, and whether a URL is shown whole: made once for each member and not for each row that names it.
create or replace view meraki_store.networks_seen as
select distinct on (organization_id, network_key) *, organization_id || '/' || network_id as member_key
from meraki_store.seen_networks(current_user);

create or replace view meraki_store.alert_types_seen as
select distinct on (organization_id, alert_type_id) *, organization_id || '/' || alert_type_id as member_key
from meraki_store.seen_alert_types(current_user);

create or replace view meraki_store.webhook_endpoints_seen as
select distinct on (organization_id, endpoint_id) *, organization_id || '/' || endpoint_id as member_key,
  case
    when (select value from meraki_ingest.settings where name = 'webhook_urls') = 'full' then url
    else url_masked
  end as shown_url
from meraki_store.seen_webhook_endpoints(current_user);

-- Nearly all hours are covered wholly, and a length of time is a numeric: it is computed where an hour is not. Most days
-- are those of UTC, for which no time zone has to be looked up by its name.
create or replace view meraki.webhook_deliveries_hourly with (security_barrier) as
select r.organization_id, r.endpoint_id::text as endpoint_id, n.network_id, a.name as alert_type, r.status_class,
  r.bucket_start, r.deliveries, case when r.status_class = '2xx' then r.deliveries else 0 end as successes,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms,
  r.final @> r.bucket as is_final,
  case
    when r.covered @> r.bucket then 1
    else meraki_store.covered_seconds(r.covered, r.bucket_start, r.bucket_end) / 3600
  end as coverage_ratio,
  case
    when r.time_zone = 'UTC' then (r.bucket_start at time zone interval '0')::date
    else (r.bucket_start at time zone r.time_zone)::date
  end as date,
  r.updated_at,
  e.shown_url as url, e.url_host,
  coalesce(n.name, n.network_id) as network_name, o.name as organization_name,
  n.member_key as network_key,
  coalesce(a.member_key, r.organization_id || '/' || r.alert_type_id) as alert_type_key,
  coalesce(e.member_key, r.organization_id || '/' || r.endpoint_id) as endpoint_key
from meraki_store.webhook_hours_exact r
left join meraki_store.organizations_seen o on o.organization_id = r.organization_id
left join meraki_store.networks_seen n on n.organization_id = r.organization_id and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.endpoint_id = r.endpoint_id;

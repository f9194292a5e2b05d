-- Sums of one organization's deliveries by hour or day leave out the joins that they do not need, as those of all
-- organizations do. What the views say stays the same.
--
-- Postgres leaves a join out where at most one member can match. It sees that from the columns that are compared, and
-- where a query names the organization, that column is compared with the name and not in the join any more.

-- So the organization of the stored row stays in the join, whatever a query names; the other comparison keeps the look at
-- names to that organization.
create or replace view meraki_store.webhook_hours_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_start + interval '1 hour' as bucket_end, r.endpoint_id,
  r.network_key, r.alert_type_id, r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms,
  r.p95_ms, r.p99_ms, r.updated_at, v.covered, v.final, r.bucket, r.stored_for
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.endpoint_id, r.network_key, r.alert_type_id, r.status_class, r.deliveries,
    r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
    tstzrange(r.bucket_start, r.bucket_start + interval '1 hour') as bucket, r.organization_id as stored_for
  from meraki_store.webhook_hours r
  where r.organization_id = v.organization_id and not v.stale @> r.bucket_start
  union all
  select h.hour_start, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
    tstzrange(h.hour_start, h.hour_end), v.organization_id
  from meraki_store.stale_hours(v.stale) h
  cross join lateral meraki_store.webhook_hours_of(v.organization_id, h.hour_start, h.hour_end) g
) r;

create or replace view meraki_store.webhook_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.network_key, r.alert_type_id,
  r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
  v.covered, v.final, r.bucket, r.stored_for
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.endpoint_id, r.network_key, r.alert_type_id, r.status_class, r.deliveries,
    r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
    tstzrange(r.bucket_start, r.bucket_end) as bucket, r.organization_id as stored_for
  from meraki_store.webhook_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
    tstzrange(d.day_start, d.day_end), v.organization_id
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_groups_of(v.organization_id, array[d.day_start], d.day_end) g
) r;

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
left join meraki_store.networks_seen n
  on n.organization_id = r.organization_id and n.organization_id = r.stored_for and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.organization_id = r.stored_for and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.organization_id = r.stored_for and e.endpoint_id = r.endpoint_id;

create or replace view meraki.webhook_deliveries_daily with (security_barrier) as
select r.organization_id, r.endpoint_id::text as endpoint_id, n.network_id, a.name as alert_type, r.status_class,
  r.bucket_start, r.deliveries, case when r.status_class = '2xx' then r.deliveries else 0 end as successes,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms,
  r.final @> r.bucket as is_final,
  case
    when r.covered @> r.bucket then 1
    else meraki_store.covered_seconds(r.covered, r.bucket_start, r.bucket_end)
      / extract(epoch from r.bucket_end - r.bucket_start)::double precision
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
from meraki_store.webhook_days_exact r
left join meraki_store.organizations_seen o on o.organization_id = r.organization_id
left join meraki_store.networks_seen n
  on n.organization_id = r.organization_id and n.organization_id = r.stored_for and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.organization_id = r.stored_for and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.organization_id = r.stored_for and e.endpoint_id = r.endpoint_id;

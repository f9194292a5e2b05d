-- Report views about one organization stay quick where an archive has a thousand of them. What they say stays the same.

-- As 0018 did for hours of deliveries: what is stored is looked up from within what the reader may see of each
-- organization. As a join beside it, a sum over a large organization was planned the other way round, and what the
-- reader may see was gone through anew for each row: of 630,000 deliveries, with 1,000 organizations, in 21 seconds.
create or replace view meraki_store.webhook_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.network_key, r.alert_type_id,
  r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
  v.covered, v.final, r.bucket
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.endpoint_id, r.network_key, r.alert_type_id, r.status_class, r.deliveries,
    r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
    tstzrange(r.bucket_start, r.bucket_end) as bucket
  from meraki_store.webhook_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
    tstzrange(d.day_start, d.day_end)
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_groups_of(v.organization_id, array[d.day_start], d.day_end) g
) r;

create or replace view meraki_store.webhook_endpoint_hours_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.deliveries, r.successes,
  r.no_response, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.duration_ms_sum, r.duration_ms_max,
  r.p50_ms, r.p95_ms, r.p99_ms, r.first_success_at, r.last_success_at, r.last_failure_at, r.latency_buckets,
  r.latency_counts, r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_start + interval '1 hour' as bucket_end, r.endpoint_id, r.deliveries, r.successes,
    r.no_response, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.duration_ms_sum, r.duration_ms_max,
    r.p50_ms, r.p95_ms, r.p99_ms, r.first_success_at, r.last_success_at, r.last_failure_at, r.latency_buckets,
    r.latency_counts, r.updated_at
  from meraki_store.webhook_endpoint_hours r
  where r.organization_id = v.organization_id and not v.stale @> r.bucket_start
  union all
  select h.hour_start, h.hour_end, e.endpoint_id, e.deliveries, e.successes, e.no_response, e.client_errors_4xx,
    e.rate_limited_429, e.server_errors_5xx, e.duration_ms_sum, e.duration_ms_max, e.p50_ms, e.p95_ms, e.p99_ms,
    e.first_success_at, e.last_success_at, e.last_failure_at, e.latency_buckets, e.latency_counts, v.stale_since
  from meraki_store.stale_hours(v.stale) h
  cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, h.hour_start, h.hour_end) e
) r;

create or replace view meraki_store.webhook_endpoint_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.deliveries, r.successes,
  r.no_response, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.duration_ms_sum, r.duration_ms_max,
  r.p50_ms, r.p95_ms, r.p99_ms, r.first_success_at, r.last_success_at, r.last_failure_at, r.latency_buckets,
  r.latency_counts, r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.endpoint_id, r.deliveries, r.successes, r.no_response, r.client_errors_4xx,
    r.rate_limited_429, r.server_errors_5xx, r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms,
    r.first_success_at, r.last_success_at, r.last_failure_at, r.latency_buckets, r.latency_counts, r.updated_at
  from meraki_store.webhook_endpoint_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, e.endpoint_id, e.deliveries, e.successes, e.no_response, e.client_errors_4xx,
    e.rate_limited_429, e.server_errors_5xx, e.duration_ms_sum, e.duration_ms_max, e.p50_ms, e.p95_ms, e.p99_ms,
    e.first_success_at, e.last_success_at, e.last_failure_at, e.latency_buckets, e.latency_counts, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, d.day_start, d.day_end) e
) r;

create or replace view meraki_store.webhook_code_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.response_code, r.deliveries,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.endpoint_id, r.response_code, r.deliveries, r.updated_at
  from meraki_store.webhook_code_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, c.endpoint_id, c.response_code, c.deliveries, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_code_days_of(v.organization_id, d.day_start, d.day_end) c
) r;

create or replace view meraki_store.webhook_failure_runs_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.successes_before, r.started_at,
  r.last_failure_at, r.ended_at, r.failures, r.last_response_code, r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.endpoint_id, r.successes_before, r.started_at, r.last_failure_at, r.ended_at,
    r.failures, r.last_response_code, r.updated_at
  from meraki_store.webhook_failure_runs r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, r.endpoint_id, r.successes_before, r.started_at, r.last_failure_at, r.ended_at,
    r.failures, r.last_response_code, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_failure_runs_of(v.organization_id, d.day_start, d.day_end) r
) r;

create or replace view meraki_store.webhook_alert_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.alert_type_id, r.deliveries, r.failures,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.alert_type_id, r.deliveries, r.failures, r.updated_at
  from meraki_store.webhook_alert_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, a.alert_type_id, a.deliveries, a.failures, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_alert_days_of(v.organization_id, d.day_start, d.day_end) a
) r;

create or replace view meraki_store.webhook_network_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.network_key, r.deliveries, r.failures,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.network_key, r.deliveries, r.failures, r.updated_at
  from meraki_store.webhook_network_days r
  where r.organization_id = v.organization_id and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, n.network_key, n.deliveries, n.failures, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.webhook_network_days_of(v.organization_id, d.day_start, d.day_end) n
) r;

create or replace view meraki_store.api_response_hours_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.requests, r.successes_2xx, r.redirects_3xx,
  r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, r.updated_at
from meraki_store.visible_series(current_user) v
cross join lateral (
  select r.bucket_start, r.requests, r.successes_2xx, r.redirects_3xx, r.client_errors_4xx, r.rate_limited_429,
    r.server_errors_5xx, r.peak_per_second, r.updated_at
  from meraki_store.api_response_hours r
  where r.organization_id = v.organization_id and r.series = v.series and not v.stale @> r.bucket_start
  union all
  select h.hour_start, r.requests, r.successes_2xx, r.redirects_3xx, r.client_errors_4xx, r.rate_limited_429,
    r.server_errors_5xx, r.peak_per_second, v.stale_since
  from meraki_store.stale_hours(v.stale) h
  cross join lateral meraki_store.api_response_hours_of(v.organization_id, v.series, h.hour_start, h.hour_end) r
) r;

create or replace view meraki_store.api_response_days_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.bucket_end, r.requests, r.successes_2xx,
  r.redirects_3xx, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, r.updated_at
from meraki_store.visible_series(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.requests, r.successes_2xx, r.redirects_3xx, r.client_errors_4xx,
    r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, r.updated_at
  from meraki_store.api_response_days r
  where r.organization_id = v.organization_id and r.series = v.series and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, r.requests, r.successes_2xx, r.redirects_3xx, r.client_errors_4xx,
    r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.api_response_days_of(v.organization_id, v.series, d.day_start, d.day_end) r
) r;

create or replace view meraki_store.api_code_days_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.bucket_end, r.response_code, r.requests,
  r.updated_at
from meraki_store.visible_series(current_user) v
cross join lateral (
  select r.bucket_start, r.bucket_end, r.response_code, r.requests, r.updated_at
  from meraki_store.api_code_days r
  where r.organization_id = v.organization_id and r.series = v.series and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
  union all
  select d.day_start, d.day_end, c.response_code, c.requests, v.stale_since
  from meraki_store.stale_days(v.time_zone, v.stale) d
  cross join lateral meraki_store.api_code_days_of(v.organization_id, v.series, d.day_start, d.day_end) c
) r;

-- The branch without rows keeps the planner from making a join of the other one, which it could turn round.
create or replace view meraki.webhook_deliveries with (security_barrier) as
select f.organization_id, n.network_id, a.name as alert_type, e.shown_url as url,
  e.url_host, f.endpoint_id::text as endpoint_id, f.sent_at, f.logged_at,
  case when f.response_code > 0 then f.response_code end as response_code,
  meraki_store.status_class(f.response_code) as status_class,
  f.response_code between 200 and 299 as is_success,
  f.response_duration_ms::bigint as response_duration_ms,
  f.occurrence, f.loaded_at, f.extra, o.name as organization_name, coalesce(n.name, n.network_id) as network_name,
  n.member_key as network_key,
  coalesce(a.member_key, f.organization_id || '/' || f.alert_type_id) as alert_type_key,
  coalesce(e.member_key, f.organization_id || '/' || f.endpoint_id) as endpoint_key,
  (f.sent_at at time zone v.time_zone)::date as date
from meraki_store.visible_webhooks(current_user) v
cross join lateral (
  select * from meraki_store.webhook_deliveries stored where stored.organization_id = v.organization_id
  union all
  select * from meraki_store.webhook_deliveries where false
) f
left join meraki_store.organizations_seen o on o.organization_id = f.organization_id
left join meraki_store.networks_seen n on n.organization_id = f.organization_id and n.network_key = f.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = f.organization_id and a.alert_type_id = f.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = f.organization_id and e.endpoint_id = f.endpoint_id;

-- As the view by hour: keys and URLs once for each member, lengths of time only where a day is not covered wholly.
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
left join meraki_store.networks_seen n on n.organization_id = r.organization_id and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.endpoint_id = r.endpoint_id;

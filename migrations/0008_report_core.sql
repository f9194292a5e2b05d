-- Report views on rollups. Views that read tables are security barriers: otherwise a reader of one organization could
-- put a condition into a query that fails, or tells, on rows of another before they are left out.

-- Rollups as they would be if they were made from the facts at this moment.

create view meraki_store.webhook_hours_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_start + interval '1 hour' as bucket_end, r.endpoint_id,
  r.network_key, r.alert_type_id, r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms,
  r.p95_ms, r.p99_ms, r.updated_at, v.covered, v.final
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_hours r on r.organization_id = v.organization_id
where not v.stale @> r.bucket_start
union all
select v.organization_id, v.time_zone, h.hour_start, h.hour_end, g.endpoint_id, g.network_key, g.alert_type_id,
  g.status_class, g.deliveries, g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
  v.covered, v.final
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_hours(v.stale) h
cross join lateral meraki_store.webhook_groups_within(v.organization_id, h.hour_start, h.hour_end) g;

create view meraki_store.webhook_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.network_key, r.alert_type_id,
  r.status_class, r.deliveries, r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.updated_at,
  v.covered, v.final
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_days r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, g.endpoint_id, g.network_key, g.alert_type_id,
  g.status_class, g.deliveries, g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms, v.stale_since,
  v.covered, v.final
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_groups_within(v.organization_id, d.day_start, d.day_end) g;

create view meraki_store.webhook_endpoint_hours_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_start + interval '1 hour' as bucket_end, r.endpoint_id,
  r.deliveries, r.successes, r.no_response, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.first_success_at, r.last_success_at,
  r.last_failure_at, r.latency_buckets, r.latency_counts, r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_endpoint_hours r on r.organization_id = v.organization_id
where not v.stale @> r.bucket_start
union all
select v.organization_id, v.time_zone, h.hour_start, h.hour_end, e.endpoint_id,
  e.deliveries, e.successes, e.no_response, e.client_errors_4xx, e.rate_limited_429, e.server_errors_5xx,
  e.duration_ms_sum, e.duration_ms_max, e.p50_ms, e.p95_ms, e.p99_ms, e.first_success_at, e.last_success_at,
  e.last_failure_at, e.latency_buckets, e.latency_counts, v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_hours(v.stale) h
cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, h.hour_start, h.hour_end) e;

create view meraki_store.webhook_endpoint_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id,
  r.deliveries, r.successes, r.no_response, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms, r.first_success_at, r.last_success_at,
  r.last_failure_at, r.latency_buckets, r.latency_counts, r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_endpoint_days r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, e.endpoint_id,
  e.deliveries, e.successes, e.no_response, e.client_errors_4xx, e.rate_limited_429, e.server_errors_5xx,
  e.duration_ms_sum, e.duration_ms_max, e.p50_ms, e.p95_ms, e.p99_ms, e.first_success_at, e.last_success_at,
  e.last_failure_at, e.latency_buckets, e.latency_counts, v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, d.day_start, d.day_end) e;

create view meraki_store.webhook_code_days_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.response_code, r.deliveries,
  r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_code_days r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, c.endpoint_id, c.response_code, c.deliveries,
  v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_code_days_of(v.organization_id, d.day_start, d.day_end) c;

create view meraki_store.webhook_failure_runs_exact as
select v.organization_id, v.time_zone, r.bucket_start, r.bucket_end, r.endpoint_id, r.successes_before, r.started_at,
  r.last_failure_at, r.ended_at, r.failures, r.last_response_code, r.updated_at
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_failure_runs r on r.organization_id = v.organization_id
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.time_zone, d.day_start, d.day_end, r.endpoint_id, r.successes_before, r.started_at,
  r.last_failure_at, r.ended_at, r.failures, r.last_response_code, v.stale_since
from meraki_store.visible_webhooks(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.webhook_failure_runs_of(v.organization_id, d.day_start, d.day_end) r;

create view meraki_store.api_response_hours_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.requests, r.successes_2xx, r.redirects_3xx,
  r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, r.updated_at
from meraki_store.visible_series(current_user) v
join meraki_store.api_response_hours r on r.organization_id = v.organization_id and r.series = v.series
where not v.stale @> r.bucket_start
union all
select v.organization_id, v.series, v.time_zone, h.hour_start, r.requests, r.successes_2xx, r.redirects_3xx,
  r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, v.stale_since
from meraki_store.visible_series(current_user) v
cross join lateral meraki_store.stale_hours(v.stale) h
cross join lateral meraki_store.api_response_hours_of(v.organization_id, v.series, h.hour_start, h.hour_end) r;

create view meraki_store.api_response_days_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.bucket_end, r.requests, r.successes_2xx,
  r.redirects_3xx, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, r.updated_at
from meraki_store.visible_series(current_user) v
join meraki_store.api_response_days r on r.organization_id = v.organization_id and r.series = v.series
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.series, v.time_zone, d.day_start, d.day_end, r.requests, r.successes_2xx,
  r.redirects_3xx, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx, r.peak_per_second, v.stale_since
from meraki_store.visible_series(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.api_response_days_of(v.organization_id, v.series, d.day_start, d.day_end) r;

create view meraki_store.api_code_days_exact as
select v.organization_id, v.series, v.time_zone, r.bucket_start, r.bucket_end, r.response_code, r.requests,
  r.updated_at
from meraki_store.visible_series(current_user) v
join meraki_store.api_code_days r on r.organization_id = v.organization_id and r.series = v.series
where not v.stale && tstzrange(r.bucket_start, r.bucket_end)
union all
select v.organization_id, v.series, v.time_zone, d.day_start, d.day_end, c.response_code, c.requests, v.stale_since
from meraki_store.visible_series(current_user) v
cross join lateral meraki_store.stale_days(v.time_zone, v.stale) d
cross join lateral meraki_store.api_code_days_of(v.organization_id, v.series, d.day_start, d.day_end) c;

-- Per series and bucket width, the time in which buckets of that width count; one row with nulls where nothing was read.
create view meraki_store.counted_series as
select v.organization_id, v.series, v.time_zone, v.wanted_from, v.wanted_to, c.interval_seconds,
  coalesce(c.interval_seconds, 1) * interval '1 second' as bucket_width, c.counted + '{}' as counted,
  c.counted * c.final as final
from meraki_store.visible_series(current_user) v
left join meraki_ingest.coverage c
  on c.organization_id = v.organization_id and c.stream = 'api_responses' and c.series = v.series
offset 0;

-- Dimensions.

create or replace view meraki.organizations with (security_barrier) as
select o.organization_id as id, o.name, o.region, o.state, o.first_seen_at, o.last_seen_at, o.url, o.time_zone
from meraki_store.visible_organizations(current_user) v
join meraki_store.organizations_seen o on o.organization_id = v.organization_id;

create or replace view meraki.networks with (security_barrier) as
select n.organization_id, n.network_id as id, coalesce(n.name, n.network_id) as name,
  n.first_seen_at, n.last_seen_at, n.product_types, n.tags, n.time_zone,
  n.organization_id || '/' || n.network_id as network_key
from meraki_store.visible_organizations(current_user) v
join meraki_store.networks n on n.organization_id = v.organization_id;

create or replace view meraki.webhook_endpoints with (security_barrier) as
select e.organization_id, e.endpoint_id::text as id,
  case when s.value = 'full' then e.url else e.url_masked end as name,
  e.first_seen_at, e.last_seen_at, e.url_host, e.organization_id || '/' || e.endpoint_id as endpoint_key
from meraki_store.visible_organizations(current_user) v
join meraki_store.webhook_endpoints_seen e on e.organization_id = v.organization_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create or replace view meraki.alert_types with (security_barrier) as
select a.organization_id, a.alert_type_id::text as id, a.name, a.first_seen_at, a.last_seen_at,
  a.organization_id || '/' || a.alert_type_id as alert_type_key
from meraki_store.visible_organizations(current_user) v
join meraki_store.alert_types a on a.organization_id = v.organization_id;

create view meraki.hours as
select to_char(hour_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"') as id,
  to_char(hour_start at time zone 'UTC', 'YYYY-MM-DD HH24:00') as name,
  hour_start, (hour_start at time zone 'UTC')::date as date,
  extract(hour from hour_start at time zone 'UTC')::integer as hour_of_day,
  extract(isodow from hour_start at time zone 'UTC')::integer as iso_weekday,
  to_char(hour_start at time zone 'UTC', 'YYYY-MM-DD') as date_id
from meraki_store.calendar_hours;

-- Webhook deliveries.

create or replace view meraki.webhook_deliveries with (security_barrier) as
select f.organization_id, n.network_id, a.name as alert_type,
  case when s.value = 'full' then e.url else e.url_masked end as url,
  e.url_host, f.endpoint_id::text as endpoint_id, f.sent_at, f.logged_at,
  case when f.response_code > 0 then f.response_code end as response_code,
  meraki_store.status_class(f.response_code) as status_class,
  f.response_code between 200 and 299 as is_success,
  f.response_duration_ms::bigint as response_duration_ms,
  f.occurrence, f.loaded_at, f.extra, o.name as organization_name, coalesce(n.name, n.network_id) as network_name,
  f.organization_id || '/' || n.network_id as network_key,
  f.organization_id || '/' || f.alert_type_id as alert_type_key,
  f.organization_id || '/' || f.endpoint_id as endpoint_key,
  (f.sent_at at time zone v.time_zone)::date as date
from meraki_store.visible_webhooks(current_user) v
join meraki_store.webhook_deliveries f on f.organization_id = v.organization_id
left join meraki_store.organizations_seen o on o.organization_id = f.organization_id
left join meraki_store.networks_seen n on n.organization_id = f.organization_id and n.network_key = f.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = f.organization_id and a.alert_type_id = f.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = f.organization_id and e.endpoint_id = f.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create or replace view meraki.webhook_deliveries_hourly with (security_barrier) as
select r.organization_id, r.endpoint_id::text as endpoint_id, n.network_id, a.name as alert_type, r.status_class,
  r.bucket_start, r.deliveries, case when r.status_class = '2xx' then r.deliveries else 0 end as successes,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms,
  r.final @> tstzrange(r.bucket_start, r.bucket_end) as is_final,
  meraki_store.covered_seconds(r.covered, r.bucket_start, r.bucket_end) / 3600 as coverage_ratio,
  (r.bucket_start at time zone r.time_zone)::date as date, r.updated_at,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  coalesce(n.name, n.network_id) as network_name, o.name as organization_name,
  r.organization_id || '/' || n.network_id as network_key,
  r.organization_id || '/' || r.alert_type_id as alert_type_key,
  r.organization_id || '/' || r.endpoint_id as endpoint_key
from meraki_store.webhook_hours_exact r
left join meraki_store.organizations_seen o on o.organization_id = r.organization_id
left join meraki_store.networks_seen n on n.organization_id = r.organization_id and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.endpoint_id = r.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create or replace view meraki.webhook_deliveries_daily with (security_barrier) as
select r.organization_id, r.endpoint_id::text as endpoint_id, n.network_id, a.name as alert_type, r.status_class,
  r.bucket_start, r.deliveries, case when r.status_class = '2xx' then r.deliveries else 0 end as successes,
  r.duration_ms_sum, r.duration_ms_max, r.p50_ms, r.p95_ms, r.p99_ms,
  r.final @> tstzrange(r.bucket_start, r.bucket_end) as is_final,
  meraki_store.covered_seconds(r.covered, r.bucket_start, r.bucket_end)
    / extract(epoch from r.bucket_end - r.bucket_start)::double precision as coverage_ratio,
  (r.bucket_start at time zone r.time_zone)::date as date, r.updated_at,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  coalesce(n.name, n.network_id) as network_name, o.name as organization_name,
  r.organization_id || '/' || n.network_id as network_key,
  r.organization_id || '/' || r.alert_type_id as alert_type_key,
  r.organization_id || '/' || r.endpoint_id as endpoint_key
from meraki_store.webhook_days_exact r
left join meraki_store.organizations_seen o on o.organization_id = r.organization_id
left join meraki_store.networks_seen n on n.organization_id = r.organization_id and n.network_key = r.network_key
left join meraki_store.alert_types_seen a
  on a.organization_id = r.organization_id and a.alert_type_id = r.alert_type_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = r.organization_id and e.endpoint_id = r.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

-- Dense series: every hour or day has a row that adds nothing but says what is covered, and rollups add their figures.
-- Joining rollups to the calendar instead would keep conditions on time from reaching them. Where at most one of the rows
-- of a group has figures, max finds them: a sum of bigint keeps a kilobyte for each group.

create view meraki.webhook_receivers_hourly with (security_barrier) as
select b.organization_id, b.endpoint_id::text as endpoint_id, b.bucket_start,
  case when b.is_known then b.deliveries end as deliveries,
  case when b.is_known then b.successes end as successes,
  case when b.is_known then b.deliveries - b.successes end as failures,
  case when b.is_known then b.no_response end as no_response,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes::double precision / nullif(b.deliveries, 0) as success_ratio,
  case when b.is_known then b.duration_ms_sum end as duration_ms_sum, b.duration_ms_max,
  b.duration_ms_sum::double precision / nullif(b.deliveries, 0) as mean_ms, b.p50_ms, b.p95_ms, b.p99_ms,
  b.coverage_ratio, b.is_final, (b.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date, b.updated_at,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  b.organization_id || '/' || b.endpoint_id as endpoint_key, o.name as organization_name
from (
  select organization_id, endpoint_id, bucket_start, max(deliveries) as deliveries, max(successes) as successes,
    max(no_response) as no_response, max(client_errors_4xx) as client_errors_4xx,
    max(rate_limited_429) as rate_limited_429, max(server_errors_5xx) as server_errors_5xx,
    coalesce(max(duration_ms_sum), 0) as duration_ms_sum,
    max(duration_ms_max) as duration_ms_max, max(p50_ms) as p50_ms, max(p95_ms) as p95_ms, max(p99_ms) as p99_ms,
    sum(covered_seconds) / 3600 as coverage_ratio, bool_or(is_final) as is_final, max(updated_at) as updated_at,
    max(deliveries) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, endpoint_id, bucket_start, deliveries, successes, no_response,
      client_errors_4xx, rate_limited_429, server_errors_5xx, duration_ms_sum, duration_ms_max, p50_ms, p95_ms,
      p99_ms, 0::double precision as covered_seconds, false as is_final, updated_at
    from meraki_store.webhook_endpoint_hours_exact
    union all
    select v.organization_id, e.endpoint_id, h.hour_start, 0, 0, 0, 0, 0, 0, null, null, null, null, null,
      meraki_store.covered_seconds(v.covered, h.hour_start, h.hour_start + interval '1 hour'),
      v.final @> tstzrange(h.hour_start, h.hour_start + interval '1 hour'), null
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.webhook_endpoints_seen e on e.organization_id = v.organization_id
    join meraki_store.calendar_hours h
      on h.hour_start > greatest(e.first_seen_at, v.wanted_from) - interval '1 hour' and h.hour_start < v.wanted_to
  ) rows_and_calendar
  group by organization_id, endpoint_id, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = b.organization_id and e.endpoint_id = b.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create view meraki.webhook_receivers_daily with (security_barrier) as
select b.organization_id, b.endpoint_id::text as endpoint_id, b.bucket_start,
  case when b.is_known then b.deliveries end as deliveries,
  case when b.is_known then b.successes end as successes,
  case when b.is_known then b.deliveries - b.successes end as failures,
  case when b.is_known then b.no_response end as no_response,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes::double precision / nullif(b.deliveries, 0) as success_ratio,
  case when b.is_known then b.duration_ms_sum end as duration_ms_sum, b.duration_ms_max,
  b.duration_ms_sum::double precision / nullif(b.deliveries, 0) as mean_ms, b.p50_ms, b.p95_ms, b.p99_ms,
  b.coverage_ratio, b.is_final, (b.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date, b.updated_at,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  b.organization_id || '/' || b.endpoint_id as endpoint_key, o.name as organization_name
from (
  select organization_id, endpoint_id, bucket_start, max(deliveries) as deliveries, max(successes) as successes,
    max(no_response) as no_response, max(client_errors_4xx) as client_errors_4xx,
    max(rate_limited_429) as rate_limited_429, max(server_errors_5xx) as server_errors_5xx,
    coalesce(max(duration_ms_sum), 0) as duration_ms_sum,
    max(duration_ms_max) as duration_ms_max, max(p50_ms) as p50_ms, max(p95_ms) as p95_ms, max(p99_ms) as p99_ms,
    sum(covered_seconds) / extract(epoch from max(bucket_end) - bucket_start)::double precision as coverage_ratio,
    bool_or(is_final) as is_final, max(updated_at) as updated_at,
    max(deliveries) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, endpoint_id, bucket_start, bucket_end, deliveries, successes, no_response,
      client_errors_4xx, rate_limited_429, server_errors_5xx, duration_ms_sum, duration_ms_max, p50_ms, p95_ms,
      p99_ms, 0::double precision as covered_seconds, false as is_final, updated_at
    from meraki_store.webhook_endpoint_days_exact
    union all
    select v.organization_id, e.endpoint_id, d.day_start, d.day_end, 0, 0, 0, 0, 0, 0, null, null, null, null,
      null, meraki_store.covered_seconds(v.covered, d.day_start, d.day_end),
      v.final @> tstzrange(d.day_start, d.day_end), null
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.webhook_endpoints_seen e on e.organization_id = v.organization_id
    join meraki_store.calendar_days d
      on d.time_zone = v.time_zone and d.day_end > greatest(e.first_seen_at, v.wanted_from)
      and d.day_start > greatest(e.first_seen_at, v.wanted_from) - interval '2 days' and d.day_start < v.wanted_to
  ) rows_and_calendar
  group by organization_id, endpoint_id, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = b.organization_id and e.endpoint_id = b.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

-- Percentiles of a month are read off the merged histogram, as percentile_cont would interpolate: between the values
-- that stand for the buckets of the two nearest deliveries. Figures and percentiles are added as rows, not joined, so
-- that a condition on time reaches both.
create view meraki.webhook_receivers_monthly with (security_barrier) as
select m.organization_id, m.endpoint_id, m.bucket_start, m.deliveries, m.successes, m.failures, m.no_response,
  m.client_errors_4xx, m.rate_limited_429, m.server_errors_5xx,
  m.successes::double precision / nullif(m.deliveries, 0) as success_ratio, m.duration_ms_sum, m.duration_ms_max,
  m.duration_ms_sum::double precision / nullif(m.deliveries, 0) as mean_ms, m.p50_ms, m.p95_ms, m.p99_ms,
  m.coverage_ratio, m.is_final, (m.bucket_start at time zone m.time_zone)::date as date, m.updated_at,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  m.organization_id || '/' || m.endpoint_id as endpoint_key, o.name as organization_name
from (
  select organization_id, endpoint_id, bucket_start, max(time_zone) as time_zone,
    sum(deliveries)::bigint as deliveries, sum(successes)::bigint as successes, sum(failures)::bigint as failures,
    sum(no_response)::bigint as no_response, sum(client_errors_4xx)::bigint as client_errors_4xx,
    sum(rate_limited_429)::bigint as rate_limited_429, sum(server_errors_5xx)::bigint as server_errors_5xx,
    sum(duration_ms_sum)::bigint as duration_ms_sum, max(duration_ms_max) as duration_ms_max,
    max(p50_ms) as p50_ms, max(p95_ms) as p95_ms, max(p99_ms) as p99_ms,
    avg(coverage_ratio::numeric)::double precision as coverage_ratio,
    bool_and(is_final) as is_final, max(updated_at) as updated_at
  from (
    select r.organization_id, r.endpoint_id, o.time_zone,
      meraki_store.day_start(date_trunc('month', r.bucket_start at time zone o.time_zone), o.time_zone)
        as bucket_start,
      r.deliveries, r.successes, r.failures, r.no_response, r.client_errors_4xx, r.rate_limited_429,
      r.server_errors_5xx, r.duration_ms_sum, r.duration_ms_max, null::double precision as p50_ms,
      null::double precision as p95_ms, null::double precision as p99_ms, r.coverage_ratio, r.is_final, r.updated_at
    from meraki.webhook_receivers_daily r
    join meraki_store.organizations_seen o on o.organization_id = r.organization_id
    union all
    select organization_id, endpoint_id, time_zone, bucket_start, null, null, null, null, null, null, null, null, null,
      low[1] + (0.50 * (n - 1) - floor(0.50 * (n - 1))) * (high[1] - low[1]),
      low[2] + (0.95 * (n - 1) - floor(0.95 * (n - 1))) * (high[2] - low[2]),
      low[3] + (0.99 * (n - 1) - floor(0.99 * (n - 1))) * (high[3] - low[3]), null, null, null
    from (
      select organization_id, endpoint_id, time_zone, bucket_start, max(n) as n,
        array[min(value_ms) filter (where upto > floor(0.50 * (n - 1))),
          min(value_ms) filter (where upto > floor(0.95 * (n - 1))),
          min(value_ms) filter (where upto > floor(0.99 * (n - 1)))] as low,
        array[min(value_ms) filter (where upto > ceil(0.50 * (n - 1))),
          min(value_ms) filter (where upto > ceil(0.95 * (n - 1))),
          min(value_ms) filter (where upto > ceil(0.99 * (n - 1)))] as high
      from (
        select organization_id, endpoint_id, time_zone, bucket_start, value_ms,
          sum(deliveries) over (partition by organization_id, endpoint_id, time_zone, bucket_start
            order by value_ms)::double precision as upto,
          sum(deliveries) over (partition by organization_id, endpoint_id, time_zone, bucket_start)
            ::double precision as n
        from (
          select r.organization_id, r.endpoint_id::text as endpoint_id, r.time_zone,
            meraki_store.day_start(date_trunc('month', r.bucket_start at time zone r.time_zone), r.time_zone)
              as bucket_start,
            l.value_ms, sum(h.deliveries) as deliveries
          from meraki_store.webhook_endpoint_days_exact r
          cross join lateral unnest(r.latency_buckets, r.latency_counts) as h(bucket, deliveries)
          join meraki_store.latency_buckets l on l.bucket = h.bucket
          group by 1, 2, 3, 4, 5
        ) merged
      ) cumulated
      group by organization_id, endpoint_id, time_zone, bucket_start
    ) ranks
  ) figures_and_percentiles
  group by organization_id, endpoint_id, bucket_start
) m
left join meraki_store.organizations_seen o on o.organization_id = m.organization_id
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = m.organization_id and e.endpoint_id = m.endpoint_id::bigint
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create view meraki.webhook_totals_hourly with (security_barrier) as
select b.organization_id, b.bucket_start,
  case when b.is_known then b.deliveries end as deliveries,
  case when b.is_known then b.successes end as successes,
  case when b.is_known then b.deliveries - b.successes end as failures,
  case when b.is_known then b.no_response end as no_response,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes::double precision / nullif(b.deliveries, 0) as success_ratio,
  case when b.is_known then b.duration_ms_sum end as duration_ms_sum, b.duration_ms_max,
  b.duration_ms_sum::double precision / nullif(b.deliveries, 0) as mean_ms,
  b.coverage_ratio, b.is_final, (b.bucket_start at time zone b.time_zone)::date as date, b.updated_at,
  o.name as organization_name
from (
  select organization_id, bucket_start, max(time_zone) as time_zone, sum(deliveries)::bigint as deliveries,
    sum(successes)::bigint as successes, sum(no_response)::bigint as no_response,
    sum(client_errors_4xx)::bigint as client_errors_4xx, sum(rate_limited_429)::bigint as rate_limited_429,
    sum(server_errors_5xx)::bigint as server_errors_5xx, sum(duration_ms_sum)::bigint as duration_ms_sum,
    max(duration_ms_max) as duration_ms_max, sum(covered_seconds) / 3600 as coverage_ratio,
    bool_or(is_final) as is_final, max(updated_at) as updated_at,
    sum(deliveries) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, time_zone, bucket_start, deliveries, successes, no_response, client_errors_4xx,
      rate_limited_429, server_errors_5xx, duration_ms_sum, duration_ms_max, 0::double precision as covered_seconds,
      false as is_final, updated_at
    from meraki_store.webhook_endpoint_hours_exact
    union all
    select v.organization_id, v.time_zone, h.hour_start, 0, 0, 0, 0, 0, 0, 0, null,
      meraki_store.covered_seconds(v.covered, h.hour_start, h.hour_start + interval '1 hour'),
      v.final @> tstzrange(h.hour_start, h.hour_start + interval '1 hour'), null
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.calendar_hours h
      on h.hour_start > v.wanted_from - interval '1 hour' and h.hour_start < v.wanted_to
  ) rows_and_calendar
  group by organization_id, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id;

create view meraki.webhook_totals_daily with (security_barrier) as
select b.organization_id, b.bucket_start,
  case when b.is_known then b.deliveries end as deliveries,
  case when b.is_known then b.successes end as successes,
  case when b.is_known then b.deliveries - b.successes end as failures,
  case when b.is_known then b.no_response end as no_response,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes::double precision / nullif(b.deliveries, 0) as success_ratio,
  case when b.is_known then b.duration_ms_sum end as duration_ms_sum, b.duration_ms_max,
  b.duration_ms_sum::double precision / nullif(b.deliveries, 0) as mean_ms,
  b.coverage_ratio, b.is_final, (b.bucket_start at time zone b.time_zone)::date as date, b.updated_at,
  o.name as organization_name
from (
  select organization_id, bucket_start, max(time_zone) as time_zone, sum(deliveries)::bigint as deliveries,
    sum(successes)::bigint as successes, sum(no_response)::bigint as no_response,
    sum(client_errors_4xx)::bigint as client_errors_4xx, sum(rate_limited_429)::bigint as rate_limited_429,
    sum(server_errors_5xx)::bigint as server_errors_5xx, sum(duration_ms_sum)::bigint as duration_ms_sum,
    max(duration_ms_max) as duration_ms_max,
    sum(covered_seconds) / extract(epoch from max(bucket_end) - bucket_start)::double precision as coverage_ratio,
    bool_or(is_final) as is_final, max(updated_at) as updated_at,
    sum(deliveries) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, time_zone, bucket_start, bucket_end, deliveries, successes, no_response,
      client_errors_4xx, rate_limited_429, server_errors_5xx, duration_ms_sum, duration_ms_max,
      0::double precision as covered_seconds, false as is_final, updated_at
    from meraki_store.webhook_endpoint_days_exact
    union all
    select v.organization_id, v.time_zone, d.day_start, d.day_end, 0, 0, 0, 0, 0, 0, 0, null,
      meraki_store.covered_seconds(v.covered, d.day_start, d.day_end),
      v.final @> tstzrange(d.day_start, d.day_end), null
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.calendar_days d
      on d.time_zone = v.time_zone and d.day_end > v.wanted_from
      and d.day_start > v.wanted_from - interval '2 days' and d.day_start < v.wanted_to
  ) rows_and_calendar
  group by organization_id, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id;

create view meraki.webhook_latency_histogram with (security_barrier) as
select r.organization_id, r.endpoint_id::text as endpoint_id, r.bucket_start, l.from_ms, l.to_ms,
  h.deliveries::bigint as deliveries, (r.bucket_start at time zone r.time_zone)::date as date,
  r.organization_id || '/' || r.endpoint_id as endpoint_key
from meraki_store.webhook_endpoint_days_exact r
cross join lateral unnest(r.latency_buckets, r.latency_counts) as h(bucket, deliveries)
join meraki_store.latency_buckets l on l.bucket = h.bucket;

-- Runs that lie within a day stand as they are. Those at the ends of days are put together over the days: each first
-- success of a day begins a group, the failures up to the next one belong to it, and that one ends their run.
create or replace view meraki.webhook_incidents with (security_barrier) as
select i.organization_id, i.endpoint_id::text as endpoint_id, i.started_at, i.ended_at, i.failures,
  case when i.last_response_code > 0 then i.last_response_code end as last_response_code, i.last_failure_at,
  extract(epoch from coalesce(i.ended_at, i.last_failure_at) - i.started_at)::double precision as duration_seconds,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  i.organization_id || '/' || i.endpoint_id as endpoint_key
from (
  select organization_id, endpoint_id, started_at, ended_at, failures, last_response_code, last_failure_at
  from meraki_store.webhook_failure_runs_exact
  where successes_before > 0 and ended_at is not null
  union all
  select organization_id, endpoint_id, started_at, ended_at, failures, last_response_code, last_failure_at
  from (
    select organization_id, endpoint_id, min(started_at) as started_at,
      lead(min(first_success_at)) over (partition by organization_id, endpoint_id order by success_days) as ended_at,
      sum(failures)::bigint as failures,
      (array_agg(last_response_code order by last_failure_at desc) filter (where failures > 0))[1]
        as last_response_code,
      max(last_failure_at) as last_failure_at
    from (
      select organization_id, endpoint_id, started_at, last_failure_at, failures, last_response_code,
        first_success_at,
        count(first_success_at) over (partition by organization_id, endpoint_id order by bucket_start, place
          rows between unbounded preceding and current row) as success_days
      from (
        select organization_id, endpoint_id, bucket_start, case when successes_before = 0 then 0 else 2 end as place,
          started_at, last_failure_at, failures, last_response_code, null::timestamptz as first_success_at
        from meraki_store.webhook_failure_runs_exact
        where successes_before = 0 or ended_at is null
        union all
        select organization_id, endpoint_id, bucket_start, 1, null, null, 0, null, first_success_at
        from meraki_store.webhook_endpoint_days_exact
        where first_success_at is not null
      ) ends_of_days
    ) ordered
    group by organization_id, endpoint_id, success_days
  ) over_days
  where failures > 0
) i
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = i.organization_id and e.endpoint_id = i.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

-- Four periods that end now. Whole days come from rollups by day, whole hours before the first of them from rollups by
-- hour, and what is left from the facts: the ends of the hours, and what is stale.
create or replace view meraki.webhook_endpoint_health with (security_barrier) as
select e.organization_id, e.endpoint_id::text as endpoint_id,
  case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  coalesce(h.deliveries_1h, 0) as deliveries_1h,
  h.successes_1h::double precision / nullif(h.deliveries_1h, 0) as success_ratio_1h,
  coalesce(h.deliveries_24h, 0) as deliveries_24h,
  h.successes_24h::double precision / nullif(h.deliveries_24h, 0) as success_ratio_24h,
  coalesce(h.deliveries_7d, 0) as deliveries_7d,
  h.successes_7d::double precision / nullif(h.deliveries_7d, 0) as success_ratio_7d,
  coalesce(h.deliveries_30d, 0) as deliveries_30d,
  h.successes_30d::double precision / nullif(h.deliveries_30d, 0) as success_ratio_30d,
  h.last_success_at, h.last_failure_at, coalesce(f.consecutive_failures, 0) as consecutive_failures,
  case
    when coalesce(h.deliveries_30d, 0) = 0 then 'silent'
    when f.consecutive_failures >= 3 then 'failing'
    when h.successes_24h::double precision / nullif(h.deliveries_24h, 0) < 0.99 then 'degraded'
    when h.deliveries_24h = 0 then 'quiet'
    else 'healthy'
  end as state,
  greatest(h.last_success_at, h.last_failure_at) as last_delivery_at,
  e.organization_id || '/' || e.endpoint_id as endpoint_key, o.name as organization_name
from meraki_store.visible_organizations(current_user) v
join meraki_store.webhook_endpoints_seen e on e.organization_id = v.organization_id
left join meraki_store.organizations_seen o on o.organization_id = e.organization_id
left join meraki_ingest.settings s on s.name = 'webhook_urls'
left join (
  select v.organization_id, b.endpoint_id,
    coalesce(sum(b.deliveries) filter (where p.hours = 1), 0)::bigint as deliveries_1h,
    sum(b.successes) filter (where p.hours = 1)::bigint as successes_1h,
    coalesce(sum(b.deliveries) filter (where p.hours = 24), 0)::bigint as deliveries_24h,
    sum(b.successes) filter (where p.hours = 24)::bigint as successes_24h,
    coalesce(sum(b.deliveries) filter (where p.hours = 168), 0)::bigint as deliveries_7d,
    sum(b.successes) filter (where p.hours = 168)::bigint as successes_7d,
    sum(b.deliveries) filter (where p.hours = 720)::bigint as deliveries_30d,
    sum(b.successes) filter (where p.hours = 720)::bigint as successes_30d,
    max(b.last_success_at) as last_success_at, max(b.last_failure_at) as last_failure_at
  from meraki_store.visible_webhooks(current_user) v
  cross join lateral (
    select hours, now() - hours * interval '1 hour' as since,
      date_trunc('hour', now(), 'UTC') - (hours - 1) * interval '1 hour' as hours_from
    from (values (1), (24), (168), (720)) as periods(hours)
  ) p
  cross join lateral (
    select date_trunc('hour', min(day_start), 'UTC') as hours_to, min(day_start) as days_from
    from meraki_store.calendar_days
    where time_zone = v.time_zone and day_start >= p.hours_from
  ) d
  cross join lateral (
    select r.endpoint_id, r.deliveries, r.successes, r.last_success_at, r.last_failure_at
    from meraki_store.webhook_endpoint_hours r
    where r.organization_id = v.organization_id and r.bucket_start >= p.hours_from and r.bucket_start < d.hours_to
      and not v.stale @> r.bucket_start
    union all
    select r.endpoint_id, r.deliveries, r.successes, r.last_success_at, r.last_failure_at
    from meraki_store.webhook_endpoint_days r
    where r.organization_id = v.organization_id and r.bucket_start >= d.days_from
      and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
    union all
    select f.*
    from meraki_store.stretches_of(
      tstzmultirange(tstzrange(p.since, p.hours_from), tstzrange(d.hours_to, d.days_from))
      + v.stale * tstzmultirange(tstzrange(p.hours_from, d.hours_to))
      + coalesce((
        select range_agg(tstzrange(s.day_start, s.day_end)) from meraki_store.stale_days(v.time_zone, v.stale) s
        where s.day_start >= d.days_from
      ), '{}')
    ) t
    cross join lateral (
      select endpoint_id, count(*), count(*) filter (where response_code between 200 and 299),
        max(sent_at) filter (where response_code between 200 and 299),
        max(sent_at) filter (where response_code not between 200 and 299)
      from meraki_store.webhook_deliveries
      where organization_id = v.organization_id and sent_at >= lower(t) and sent_at < upper(t)
      group by endpoint_id
    ) f
  ) b
  group by v.organization_id, b.endpoint_id
) h on h.organization_id = e.organization_id and h.endpoint_id = e.endpoint_id
left join (
  select r.organization_id, r.endpoint_id, sum(r.failures)::bigint as consecutive_failures
  from meraki_store.webhook_failure_runs_exact r
  join (
    select organization_id, endpoint_id, max(last_success_at) as last_success_at
    from meraki_store.webhook_endpoint_days_exact
    where bucket_start > now() - interval '31 days'
    group by organization_id, endpoint_id
  ) d on d.organization_id = r.organization_id and d.endpoint_id = r.endpoint_id
  where r.bucket_start > now() - interval '31 days' and r.ended_at is null
    and r.started_at >= coalesce(d.last_success_at, '-infinity')
  group by r.organization_id, r.endpoint_id
) f on f.organization_id = e.organization_id and f.endpoint_id = e.endpoint_id;

-- API requests by response code.

create or replace view meraki.api_responses with (security_barrier) as
select f.organization_id, f.series, f.bucket_start,
  f.bucket_start + f.interval_seconds * interval '1 second' as bucket_end,
  f.interval_seconds, f.response_code, f.request_count,
  c.final @> f.bucket_start as is_final, f.revision, f.updated_at,
  (f.bucket_start at time zone c.time_zone)::date as date
from (
  select v.organization_id, v.series, v.time_zone, c.interval_seconds, c.final + '{}' as final,
    c.counted + '{}' as counted
  from meraki_store.visible_series(current_user) v
  join meraki_ingest.coverage c
    on c.organization_id = v.organization_id and c.stream = 'api_responses' and c.series = v.series
  offset 0
) c
join meraki_store.api_response_counts f
  on f.organization_id = c.organization_id and f.series = c.series and f.interval_seconds = c.interval_seconds
where c.counted @> f.bucket_start and f.request_count > 0;

create or replace view meraki.api_responses_hourly with (security_barrier) as
select b.organization_id, b.series, b.bucket_start,
  case when b.is_known then b.requests end as requests,
  case when b.is_known then b.successes_2xx end as successes_2xx,
  case when b.is_known then b.redirects_3xx end as redirects_3xx,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes_2xx::double precision / nullif(b.requests, 0) as success_ratio,
  b.coverage_ratio, b.is_final,
  b.rate_limited_429::double precision / nullif(b.requests, 0) as rate_limited_share,
  b.peak_per_second, b.updated_at, (b.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date,
  o.name as organization_name
from (
  select organization_id, series, bucket_start, max(requests) as requests, max(successes_2xx) as successes_2xx,
    max(redirects_3xx) as redirects_3xx, max(client_errors_4xx) as client_errors_4xx,
    max(rate_limited_429) as rate_limited_429, max(server_errors_5xx) as server_errors_5xx,
    max(peak_per_second) as peak_per_second,
    sum(covered_seconds) / 3600 as coverage_ratio, sum(final_seconds) >= 3600 as is_final,
    max(updated_at) as updated_at, max(requests) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, series, bucket_start, requests, successes_2xx, redirects_3xx,
      client_errors_4xx, rate_limited_429, server_errors_5xx, peak_per_second,
      0::double precision as covered_seconds, 0::double precision as final_seconds, updated_at
    from meraki_store.api_response_hours_exact
    union all
    select c.organization_id, c.series, h.hour_start, 0, 0, 0, 0, 0, 0, null,
      case when 3600 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.counted, h.hour_start, h.hour_start + interval '1 hour') else 0 end,
      case when 3600 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.final, h.hour_start, h.hour_start + interval '1 hour') else 0 end, null
    from meraki_store.counted_series c
    join meraki_store.calendar_hours h
      on h.hour_start > c.wanted_from - interval '1 hour' and h.hour_start < c.wanted_to
  ) rows_and_calendar
  group by organization_id, series, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id;

-- Where days do not begin on the edge of a bucket, the bucket across midnight belongs to neither day.
create or replace view meraki.api_responses_daily with (security_barrier) as
select b.organization_id, b.series, b.bucket_start,
  case when b.is_known then b.requests end as requests,
  case when b.is_known then b.successes_2xx end as successes_2xx,
  case when b.is_known then b.redirects_3xx end as redirects_3xx,
  case when b.is_known then b.client_errors_4xx end as client_errors_4xx,
  case when b.is_known then b.rate_limited_429 end as rate_limited_429,
  case when b.is_known then b.server_errors_5xx end as server_errors_5xx,
  b.successes_2xx::double precision / nullif(b.requests, 0) as success_ratio,
  b.covered_seconds / b.seconds as coverage_ratio, b.final_seconds >= b.seconds as is_final,
  b.rate_limited_429::double precision / nullif(b.requests, 0) as rate_limited_share,
  b.peak_per_second, b.updated_at, (b.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date,
  o.name as organization_name
from (
  select organization_id, series, bucket_start, max(requests) as requests, max(successes_2xx) as successes_2xx,
    max(redirects_3xx) as redirects_3xx, max(client_errors_4xx) as client_errors_4xx,
    max(rate_limited_429) as rate_limited_429, max(server_errors_5xx) as server_errors_5xx,
    max(peak_per_second) as peak_per_second,
    sum(covered_seconds) as covered_seconds, sum(final_seconds) as final_seconds,
    extract(epoch from max(bucket_end) - bucket_start)::double precision as seconds,
    max(updated_at) as updated_at, max(requests) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select organization_id, series, bucket_start, bucket_end, requests, successes_2xx, redirects_3xx,
      client_errors_4xx, rate_limited_429, server_errors_5xx, peak_per_second,
      0::double precision as covered_seconds, 0::double precision as final_seconds, updated_at
    from meraki_store.api_response_days_exact
    union all
    select c.organization_id, c.series, d.day_start, d.day_end, 0, 0, 0, 0, 0, 0, null,
      case when 86400 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.counted, whole_from, whole_to) else 0 end,
      case when 86400 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.final, whole_from, whole_to) else 0 end, null
    from meraki_store.counted_series c
    join meraki_store.calendar_days d
      on d.time_zone = c.time_zone and d.day_end > c.wanted_from
      and d.day_start > c.wanted_from - interval '2 days' and d.day_start < c.wanted_to
    cross join lateral (
      select date_bin(c.bucket_width, d.day_start + c.bucket_width - interval '1 microsecond',
        timestamptz '1970-01-01 00:00:00+00') as whole_from
    ) w_from
    cross join lateral (
      select greatest(whole_from, date_bin(c.bucket_width, d.day_end, timestamptz '1970-01-01 00:00:00+00'))
        as whole_to
    ) w_to
  ) rows_and_calendar
  group by organization_id, series, bucket_start
) b
left join meraki_store.organizations_seen o on o.organization_id = b.organization_id;

create view meraki.api_codes_daily with (security_barrier) as
select organization_id, series, bucket_start, response_code, requests,
  requests::double precision
    / nullif(sum(requests) over (partition by organization_id, series, bucket_start), 0)::double precision
    as request_share,
  meraki_store.status_class(response_code) as status_class, (bucket_start at time zone time_zone)::date as date
from meraki_store.api_code_days_exact;

create or replace view meraki.api_budget_hourly as
select organization_id, bucket_start, requests,
  requests / (36000 * nullif(coverage_ratio, 0)) as mean_share,
  peak_per_second / 10 as peak_share, rate_limited_429, coverage_ratio, is_final, date, organization_name
from meraki.api_responses_hourly
where series = 'all';

create view meraki.api_budget_daily as
select d.organization_id, d.bucket_start, d.requests,
  d.requests / (10 * extract(epoch from
    meraki_store.day_start((d.date + 1)::timestamp, o.time_zone) - d.bucket_start
  )::double precision * nullif(d.coverage_ratio, 0)) as mean_share,
  d.peak_per_second / 10 as peak_share, d.rate_limited_429, d.coverage_ratio, d.is_final, d.date,
  d.organization_name
from meraki.api_responses_daily d
join meraki.organizations o on o.id = d.organization_id
where d.series = 'all';

-- The ledger: every view keeps its definition, and is joined with what the reader may see.

do $$
declare
  ledger record;
begin
  for ledger in
    select c.relname as name, rtrim(pg_get_viewdef(c.oid), ';') as definition
    from pg_class c
    where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
      and c.relname in ('audits', 'coverage', 'gaps', 'lateness', 'lost_time', 'organization_states', 'quarantine',
        'schema_drift', 'sync_runs', 'verified')
  loop
    execute format(
      'create or replace view meraki.%I with (security_barrier) as
       select b.* from meraki_store.visible_organizations(current_user) v
       join (%s) b on b.organization_id = v.organization_id',
      ledger.name, ledger.definition);
  end loop;
end
$$;

create or replace view meraki.freshness with (security_barrier) as
select s.organization_id, s.stream, s.series, c.covered_until, s.last_success_at,
  extract(epoch from now() - c.covered_until)::double precision as lag_seconds,
  g.next_deadline, s.last_error, s.last_error_at, o.state as organization_state,
  (s.clock_skew_ms::double precision / 1000) as clock_skew_seconds,
  s.lookback_seconds::double precision as lookback_seconds,
  w.covered_ratio, s.retired_at, coalesce(meraki_store.seconds_of(t.stale) / 3600, 0)::bigint as stale_rollup_hours
from meraki_store.visible_organizations(current_user) v
join meraki_ingest.streams s on s.organization_id = v.organization_id
left join meraki_store.organizations_seen o on o.organization_id = s.organization_id
left join meraki_store.rollup_stale t
  on t.organization_id = s.organization_id and t.stream = s.stream and t.series = s.series
left join (
  select organization_id, stream, series, max(upper(final + provisional)) as covered_until
  from meraki_ingest.coverage group by organization_id, stream, series
) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
left join (
  select organization_id, stream, series, min(deadline) as next_deadline
  from meraki.gaps group by organization_id, stream, series
) g on g.organization_id = s.organization_id and g.stream = s.stream and g.series = s.series
left join (
  select organization_id, stream, series,
    1 - meraki_store.seconds_of(missing) / nullif(meraki_store.seconds_of(wanted), 0) as covered_ratio
  from meraki_ingest.missing_time
) w on w.organization_id = s.organization_id and w.stream = s.stream and w.series = s.series;

-- Readers of one organization.

do $$
declare
  grants constant text := format(
    'grant usage on schema meraki to meraki_organization_reader; '
    'grant select on all tables in schema meraki to meraki_organization_reader; '
    'alter default privileges for role %I in schema meraki grant select on tables to meraki_organization_reader;',
    current_user);
begin
  if not exists (select from pg_roles where rolname = 'meraki_organization_reader') then
    begin
      create role meraki_organization_reader nologin;
    exception
      when duplicate_object or unique_violation then
        null;
      when insufficient_privilege then
        raise warning 'The role meraki_organization_reader does not exist and % may not create roles, so nobody can be given the report views of single organizations. An administrator has to run, in this database: create role meraki_organization_reader nologin; %',
          current_user, grants;
        return;
    end;
  end if;
  execute grants;
end
$$;

-- Comments.

comment on column meraki.organizations.time_zone is
  'Time zone of the organization''s days in reports (REPORT_TIME_ZONE).';

comment on column meraki.networks.network_key is
  'Key of the network over all organizations; network_key in the other views.';

comment on column meraki.webhook_endpoints.endpoint_key is
  'Key of the receiver over all organizations; endpoint_key in the other views.';

comment on column meraki.alert_types.alert_type_key is
  'Key of the alert type over all organizations; alert_type_key in the other views.';

comment on view meraki.hours is
  'Calendar, one row per hour in UTC without holes, over all years the archive may hold.';
comment on column meraki.hours.id is 'The hour, written YYYY-MM-DDTHH:00Z.';
comment on column meraki.hours.name is 'The hour, written YYYY-MM-DD HH:00.';
comment on column meraki.hours.hour_start is 'First instant of the hour; joins bucket_start of the hourly views.';
comment on column meraki.hours.date is 'UTC date of the hour.';
comment on column meraki.hours.hour_of_day is 'Hour of the UTC day, 0 to 23.';
comment on column meraki.hours.iso_weekday is 'Day of the week in UTC, 1 (Monday) to 7 (Sunday).';
comment on column meraki.hours.date_id is 'UTC date, written YYYY-MM-DD; joins dates.id.';

comment on column meraki.webhook_deliveries.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_deliveries.network_name is
  'Name of the network when it was last listed; its id while it was never listed.';
comment on column meraki.webhook_deliveries.network_key is
  'Key of the network over all organizations; joins networks.network_key.';
comment on column meraki.webhook_deliveries.alert_type_key is
  'Key of the alert type over all organizations; joins alert_types.alert_type_key.';
comment on column meraki.webhook_deliveries.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_deliveries.date is
  'Local date of sent_at in the organization''s time zone; joins dates.date.';

comment on view meraki.webhook_deliveries_hourly is
  'Webhook deliveries per organization, endpoint, network, alert type, status class and UTC hour. Hours without deliveries have no row; webhook_receivers_hourly and webhook_totals_hourly have.';
comment on column meraki.webhook_deliveries_hourly.coverage_ratio is 'Share of the hour that was read, 0 to 1.';
comment on column meraki.webhook_deliveries_hourly.is_final is
  'Whether coverage of the whole hour is final: the figures will not change.';
comment on column meraki.webhook_deliveries_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_deliveries_hourly.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_deliveries_hourly.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_deliveries_hourly.network_name is
  'Name of the network when it was last listed; its id while it was never listed.';
comment on column meraki.webhook_deliveries_hourly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_deliveries_hourly.network_key is
  'Key of the network over all organizations; joins networks.network_key.';
comment on column meraki.webhook_deliveries_hourly.alert_type_key is
  'Key of the alert type over all organizations; joins alert_types.alert_type_key.';
comment on column meraki.webhook_deliveries_hourly.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_deliveries_hourly.updated_at is
  'When the figures were last found changed. For incremental refreshes.';
comment on column meraki.webhook_deliveries_hourly.bucket_start is 'Start of the UTC hour; by sent_at.';

comment on view meraki.webhook_deliveries_daily is
  'Webhook deliveries per organization, endpoint, network, alert type, status class and day in the organization''s time zone. Days without deliveries have no row; webhook_receivers_daily and webhook_totals_daily have.';
comment on column meraki.webhook_deliveries_daily.coverage_ratio is 'Share of the day that was read, 0 to 1.';
comment on column meraki.webhook_deliveries_daily.is_final is
  'Whether coverage of the whole day is final: the figures will not change.';
comment on column meraki.webhook_deliveries_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_deliveries_daily.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_deliveries_daily.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_deliveries_daily.network_name is
  'Name of the network when it was last listed; its id while it was never listed.';
comment on column meraki.webhook_deliveries_daily.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_deliveries_daily.network_key is
  'Key of the network over all organizations; joins networks.network_key.';
comment on column meraki.webhook_deliveries_daily.alert_type_key is
  'Key of the alert type over all organizations; joins alert_types.alert_type_key.';
comment on column meraki.webhook_deliveries_daily.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_deliveries_daily.updated_at is
  'When the figures were last found changed. For incremental refreshes.';
comment on column meraki.webhook_deliveries_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';

comment on view meraki.webhook_receivers_hourly is
  'Webhook deliveries per receiver and UTC hour. Dense: one row for every hour from the receiver''s first delivery to now.';
comment on column meraki.webhook_receivers_hourly.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_receivers_hourly.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_receivers_hourly.bucket_start is 'Start of the UTC hour; by sent_at.';
comment on column meraki.webhook_receivers_hourly.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the hour was read.';
comment on column meraki.webhook_receivers_hourly.successes is
  'Of these, answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.failures is 'Of these, all others; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.no_response is
  'Of the failures, those without an HTTP answer; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.client_errors_4xx is
  'Of the failures, those answered with a code from 400 to 499, 429 among them; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.rate_limited_429 is
  'Of the failures, those answered with 429; also counted in client_errors_4xx; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.server_errors_5xx is
  'Of the failures, those answered with a code from 500 to 599; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.success_ratio is
  'successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';
comment on column meraki.webhook_receivers_hourly.duration_ms_sum is
  'Sum of response_duration_ms, in milliseconds; null like deliveries.';
comment on column meraki.webhook_receivers_hourly.duration_ms_max is
  'Largest response_duration_ms, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_hourly.mean_ms is
  'duration_ms_sum / deliveries, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_hourly.coverage_ratio is
  'Share of the hour that was read, 0 to 1. Below 1 the figures may lack deliveries.';
comment on column meraki.webhook_receivers_hourly.is_final is
  'Whether coverage of the whole hour is final. If not, the figures are provisional and may still grow.';
comment on column meraki.webhook_receivers_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_receivers_hourly.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.webhook_receivers_hourly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_receivers_hourly.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_receivers_hourly.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_receivers_hourly.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_receivers_hourly.p50_ms is
  'Median of response_duration_ms in the hour, in milliseconds, interpolated; exact. For other stretches of time see webhook_latency_histogram.';
comment on column meraki.webhook_receivers_hourly.p95_ms is
  '95th percentile of response_duration_ms in the hour, in milliseconds, interpolated; exact.';
comment on column meraki.webhook_receivers_hourly.p99_ms is
  '99th percentile of response_duration_ms in the hour, in milliseconds, interpolated; exact.';

comment on view meraki.webhook_totals_hourly is
  'Webhook deliveries per organization and UTC hour. Dense: one row for every hour since the log is archived.';
comment on column meraki.webhook_totals_hourly.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_totals_hourly.bucket_start is 'Start of the UTC hour; by sent_at.';
comment on column meraki.webhook_totals_hourly.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the hour was read.';
comment on column meraki.webhook_totals_hourly.successes is
  'Of these, answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_totals_hourly.failures is 'Of these, all others; null like deliveries.';
comment on column meraki.webhook_totals_hourly.no_response is
  'Of the failures, those without an HTTP answer; null like deliveries.';
comment on column meraki.webhook_totals_hourly.client_errors_4xx is
  'Of the failures, those answered with a code from 400 to 499, 429 among them; null like deliveries.';
comment on column meraki.webhook_totals_hourly.rate_limited_429 is
  'Of the failures, those answered with 429; also counted in client_errors_4xx; null like deliveries.';
comment on column meraki.webhook_totals_hourly.server_errors_5xx is
  'Of the failures, those answered with a code from 500 to 599; null like deliveries.';
comment on column meraki.webhook_totals_hourly.success_ratio is
  'successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';
comment on column meraki.webhook_totals_hourly.duration_ms_sum is
  'Sum of response_duration_ms, in milliseconds; null like deliveries.';
comment on column meraki.webhook_totals_hourly.duration_ms_max is
  'Largest response_duration_ms, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_totals_hourly.mean_ms is
  'duration_ms_sum / deliveries, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_totals_hourly.coverage_ratio is
  'Share of the hour that was read, 0 to 1. Below 1 the figures may lack deliveries.';
comment on column meraki.webhook_totals_hourly.is_final is
  'Whether coverage of the whole hour is final. If not, the figures are provisional and may still grow.';
comment on column meraki.webhook_totals_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_totals_hourly.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.webhook_totals_hourly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on view meraki.webhook_receivers_daily is
  'Webhook deliveries per receiver and day in the organization''s time zone. Dense: one row for every day from the receiver''s first delivery to now.';
comment on column meraki.webhook_receivers_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_receivers_daily.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_receivers_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_receivers_daily.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the day was read.';
comment on column meraki.webhook_receivers_daily.successes is
  'Of these, answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_receivers_daily.failures is 'Of these, all others; null like deliveries.';
comment on column meraki.webhook_receivers_daily.no_response is
  'Of the failures, those without an HTTP answer; null like deliveries.';
comment on column meraki.webhook_receivers_daily.client_errors_4xx is
  'Of the failures, those answered with a code from 400 to 499, 429 among them; null like deliveries.';
comment on column meraki.webhook_receivers_daily.rate_limited_429 is
  'Of the failures, those answered with 429; also counted in client_errors_4xx; null like deliveries.';
comment on column meraki.webhook_receivers_daily.server_errors_5xx is
  'Of the failures, those answered with a code from 500 to 599; null like deliveries.';
comment on column meraki.webhook_receivers_daily.success_ratio is
  'successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';
comment on column meraki.webhook_receivers_daily.duration_ms_sum is
  'Sum of response_duration_ms, in milliseconds; null like deliveries.';
comment on column meraki.webhook_receivers_daily.duration_ms_max is
  'Largest response_duration_ms, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_daily.mean_ms is
  'duration_ms_sum / deliveries, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_daily.coverage_ratio is
  'Share of the day that was read, 0 to 1. Below 1 the figures may lack deliveries.';
comment on column meraki.webhook_receivers_daily.is_final is
  'Whether coverage of the whole day is final. If not, the figures are provisional and may still grow.';
comment on column meraki.webhook_receivers_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_receivers_daily.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.webhook_receivers_daily.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_receivers_daily.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_receivers_daily.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_receivers_daily.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_receivers_daily.p50_ms is
  'Median of response_duration_ms in the day, in milliseconds, interpolated; exact. For other stretches of time see webhook_latency_histogram.';
comment on column meraki.webhook_receivers_daily.p95_ms is
  '95th percentile of response_duration_ms in the day, in milliseconds, interpolated; exact.';
comment on column meraki.webhook_receivers_daily.p99_ms is
  '99th percentile of response_duration_ms in the day, in milliseconds, interpolated; exact.';

comment on view meraki.webhook_totals_daily is
  'Webhook deliveries per organization and day in the organization''s time zone. Dense: one row for every day since the log is archived.';
comment on column meraki.webhook_totals_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_totals_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_totals_daily.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the day was read.';
comment on column meraki.webhook_totals_daily.successes is
  'Of these, answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_totals_daily.failures is 'Of these, all others; null like deliveries.';
comment on column meraki.webhook_totals_daily.no_response is
  'Of the failures, those without an HTTP answer; null like deliveries.';
comment on column meraki.webhook_totals_daily.client_errors_4xx is
  'Of the failures, those answered with a code from 400 to 499, 429 among them; null like deliveries.';
comment on column meraki.webhook_totals_daily.rate_limited_429 is
  'Of the failures, those answered with 429; also counted in client_errors_4xx; null like deliveries.';
comment on column meraki.webhook_totals_daily.server_errors_5xx is
  'Of the failures, those answered with a code from 500 to 599; null like deliveries.';
comment on column meraki.webhook_totals_daily.success_ratio is
  'successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';
comment on column meraki.webhook_totals_daily.duration_ms_sum is
  'Sum of response_duration_ms, in milliseconds; null like deliveries.';
comment on column meraki.webhook_totals_daily.duration_ms_max is
  'Largest response_duration_ms, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_totals_daily.mean_ms is
  'duration_ms_sum / deliveries, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_totals_daily.coverage_ratio is
  'Share of the day that was read, 0 to 1. Below 1 the figures may lack deliveries.';
comment on column meraki.webhook_totals_daily.is_final is
  'Whether coverage of the whole day is final. If not, the figures are provisional and may still grow.';
comment on column meraki.webhook_totals_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_totals_daily.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.webhook_totals_daily.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on view meraki.webhook_receivers_monthly is
  'Webhook deliveries per receiver and month in the organization''s time zone. Dense: one row for every month from the receiver''s first delivery to now.';
comment on column meraki.webhook_receivers_monthly.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_receivers_monthly.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_receivers_monthly.bucket_start is
  'Start of the month in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_receivers_monthly.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the month was read.';
comment on column meraki.webhook_receivers_monthly.successes is
  'Of these, answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.failures is 'Of these, all others; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.no_response is
  'Of the failures, those without an HTTP answer; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.client_errors_4xx is
  'Of the failures, those answered with a code from 400 to 499, 429 among them; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.rate_limited_429 is
  'Of the failures, those answered with 429; also counted in client_errors_4xx; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.server_errors_5xx is
  'Of the failures, those answered with a code from 500 to 599; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.success_ratio is
  'successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';
comment on column meraki.webhook_receivers_monthly.duration_ms_sum is
  'Sum of response_duration_ms, in milliseconds; null like deliveries.';
comment on column meraki.webhook_receivers_monthly.duration_ms_max is
  'Largest response_duration_ms, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_monthly.mean_ms is
  'duration_ms_sum / deliveries, in milliseconds; null when there were no deliveries.';
comment on column meraki.webhook_receivers_monthly.coverage_ratio is
  'Mean share of the month''s days, up to now and since the receiver was first seen, that was read, 0 to 1.';
comment on column meraki.webhook_receivers_monthly.is_final is 'Whether coverage of all those days is final.';
comment on column meraki.webhook_receivers_monthly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_receivers_monthly.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.webhook_receivers_monthly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_receivers_monthly.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_receivers_monthly.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_receivers_monthly.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_receivers_monthly.p50_ms is
  'Median of response_duration_ms in the month, in milliseconds, read off histograms: within 4.5 percent of the interpolated value.';
comment on column meraki.webhook_receivers_monthly.p95_ms is
  '95th percentile of response_duration_ms in the month, in milliseconds, read off histograms: within 4.5 percent of the interpolated value.';
comment on column meraki.webhook_receivers_monthly.p99_ms is
  '99th percentile of response_duration_ms in the month, in milliseconds, read off histograms: within 4.5 percent of the interpolated value.';

comment on view meraki.webhook_latency_histogram is
  'How many deliveries of a receiver and day took how long. Mergeable: add deliveries of equal from_ms over receivers and days; a percentile read off the sums is within 4.5 percent.';
comment on column meraki.webhook_latency_histogram.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_latency_histogram.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_latency_histogram.bucket_start is
  'Start of the day in the organization''s time zone.';
comment on column meraki.webhook_latency_histogram.from_ms is
  'Least response_duration_ms that is counted here, in milliseconds.';
comment on column meraki.webhook_latency_histogram.to_ms is
  'First response_duration_ms beyond what is counted here, in milliseconds.';
comment on column meraki.webhook_latency_histogram.deliveries is 'Number of deliveries in this range.';
comment on column meraki.webhook_latency_histogram.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_latency_histogram.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';

comment on column meraki.webhook_incidents.duration_seconds is
  'Seconds from started_at to ended_at, or to last_failure_at while no success followed.';
comment on column meraki.webhook_incidents.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_incidents.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_incidents.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';

comment on column meraki.webhook_endpoint_health.last_delivery_at is
  'sent_at of the latest delivery in the last 30 days; null when there was none.';
comment on column meraki.webhook_endpoint_health.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';
comment on column meraki.webhook_endpoint_health.organization_name is
  'Name of the organization in the dashboard when it was last listed.';
comment on column meraki.webhook_endpoint_health.consecutive_failures is
  'Number of failures sent after the latest success, as far back as 31 days.';

comment on column meraki.api_responses.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.api_responses_hourly is
  'API requests per organization, series and UTC hour. Dense: one row for every hour since the series is archived.';
comment on column meraki.api_responses_hourly.bucket_start is 'Start of the UTC hour.';
comment on column meraki.api_responses_hourly.requests is
  'Number of requests in what was read; 0: none; null: nothing of the hour was read in buckets of an hour or less.';
comment on column meraki.api_responses_hourly.successes_2xx is
  'Of these, answered with a code from 200 to 299; null like requests.';
comment on column meraki.api_responses_hourly.redirects_3xx is
  'Of these, answered with a code from 300 to 399; null like requests.';
comment on column meraki.api_responses_hourly.client_errors_4xx is
  'Of these, answered with a code from 400 to 499, 429 among them; null like requests.';
comment on column meraki.api_responses_hourly.rate_limited_429 is
  'Of these, answered with 429; also counted in client_errors_4xx; null like requests.';
comment on column meraki.api_responses_hourly.server_errors_5xx is
  'Of these, answered with a code from 500 to 599; null like requests.';
comment on column meraki.api_responses_hourly.coverage_ratio is
  'Share of the hour that was read, 0 to 1, the open bucket taken as a whole.';
comment on column meraki.api_responses_hourly.rate_limited_share is
  'rate_limited_429 / requests, 0 to 1; null when there were no requests.';
comment on column meraki.api_responses_hourly.peak_per_second is
  'Requests a second in the busiest bucket of the hour; a bucket is 2 minutes wide where the finest width is stored. Null when there were no requests.';
comment on column meraki.api_responses_hourly.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.api_responses_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.api_responses_hourly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on view meraki.api_responses_daily is
  'API requests per organization, series and day in the organization''s time zone. Dense: one row for every day since the series is archived.';
comment on column meraki.api_responses_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_responses_daily.requests is
  'Number of requests in what was read; 0: none; null: nothing of the day was read in buckets that fit into a day.';
comment on column meraki.api_responses_daily.successes_2xx is
  'Of these, answered with a code from 200 to 299; null like requests.';
comment on column meraki.api_responses_daily.redirects_3xx is
  'Of these, answered with a code from 300 to 399; null like requests.';
comment on column meraki.api_responses_daily.client_errors_4xx is
  'Of these, answered with a code from 400 to 499, 429 among them; null like requests.';
comment on column meraki.api_responses_daily.rate_limited_429 is
  'Of these, answered with 429; also counted in client_errors_4xx; null like requests.';
comment on column meraki.api_responses_daily.server_errors_5xx is
  'Of these, answered with a code from 500 to 599; null like requests.';
comment on column meraki.api_responses_daily.coverage_ratio is
  'Share of the day that was read, 0 to 1, the open bucket taken as a whole. Where midnight is not on the edge of a bucket, the bucket across it is left out.';
comment on column meraki.api_responses_daily.rate_limited_share is
  'rate_limited_429 / requests, 0 to 1; null when there were no requests.';
comment on column meraki.api_responses_daily.peak_per_second is
  'Requests a second in the busiest bucket of the day; a bucket is 2 minutes wide where the finest width is stored. Null when there were no requests.';
comment on column meraki.api_responses_daily.updated_at is
  'When the figures were last found changed; null where there are none. For incremental refreshes.';
comment on column meraki.api_responses_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.api_responses_daily.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on view meraki.api_codes_daily is
  'API requests per organization, series, response code and day in the organization''s time zone.';
comment on column meraki.api_codes_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_codes_daily.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_codes_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_codes_daily.response_code is 'HTTP response code that Meraki answered with.';
comment on column meraki.api_codes_daily.requests is 'Number of requests; never 0.';
comment on column meraki.api_codes_daily.request_share is 'Share of the series'' requests of that day, 0 to 1.';
comment on column meraki.api_codes_daily.status_class is '2xx, 3xx, 4xx, 429, 5xx or other.';
comment on column meraki.api_codes_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on column meraki.api_budget_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.api_budget_hourly.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on view meraki.api_budget_daily is
  'How much of Meraki''s limit of 10 requests a second each organization used, per day, by all its applications. Series all only.';
comment on column meraki.api_budget_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_budget_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_budget_daily.requests is 'As in api_responses_daily.';
comment on column meraki.api_budget_daily.mean_share is
  'Requests as a share of those allowed in the covered part of the day, 1 for all of them; null when nothing is covered.';
comment on column meraki.api_budget_daily.peak_share is
  'Largest such share of a single bucket of the day; null when there were no requests.';
comment on column meraki.api_budget_daily.rate_limited_429 is
  'Number of requests answered with 429; null like requests.';
comment on column meraki.api_budget_daily.coverage_ratio is 'As in api_responses_daily.';
comment on column meraki.api_budget_daily.is_final is 'As in api_responses_daily.';
comment on column meraki.api_budget_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.api_budget_daily.organization_name is
  'Name of the organization in the dashboard when it was last listed.';

comment on column meraki.freshness.stale_rollup_hours is
  'Hours whose rollups are waiting to be made anew; until then views compute these hours from the facts.';

comment on view meraki_store.webhook_hours_exact is 'webhook_hours of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_days_exact is 'webhook_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_endpoint_hours_exact is 'webhook_endpoint_hours of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_endpoint_days_exact is 'webhook_endpoint_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_code_days_exact is 'webhook_code_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.webhook_failure_runs_exact is 'webhook_failure_runs of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.api_response_hours_exact is 'api_response_hours of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.api_response_days_exact is 'api_response_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.api_code_days_exact is 'api_code_days of what the reader may see, made from the facts where it is stale.';
comment on view meraki_store.counted_series is 'Per series and bucket width, the time that counts in reports.';

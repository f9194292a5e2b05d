-- The report schema: views only. Names and columns are a promise to readers; columns may be appended.

create view meraki.organizations as
select organization_id as id, name, region, state, first_seen_at, last_seen_at, url
from meraki_store.organizations;

create view meraki.networks as
select organization_id, network_id as id, coalesce(name, network_id) as name,
  first_seen_at, last_seen_at, product_types, tags, time_zone
from meraki_store.networks;

create view meraki.webhook_endpoints as
select e.organization_id, e.endpoint_id::text as id,
  case when s.value = 'full' then e.url else e.url_masked end as name,
  e.first_seen_at, e.last_seen_at, e.url_host
from meraki_store.webhook_endpoints e
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create view meraki.alert_types as
select organization_id, alert_type_id::text as id, name, first_seen_at, last_seen_at
from meraki_store.alert_types;

create view meraki.response_codes as
select response_code::text as id, reason as name, null::timestamptz as first_seen_at,
  null::timestamptz as last_seen_at, status_class, response_code
from meraki_store.response_codes;

create view meraki.dates as
select to_char(d, 'YYYY-MM-DD') as id, to_char(d, 'YYYY-MM-DD') as name,
  null::timestamptz as first_seen_at, null::timestamptz as last_seen_at, d::date as date,
  extract(year from d)::integer as year, extract(quarter from d)::integer as quarter,
  extract(month from d)::integer as month, extract(day from d)::integer as day,
  extract(isodow from d)::integer as iso_weekday, extract(week from d)::integer as iso_week,
  extract(isoyear from d)::integer as iso_year,
  to_char(d, 'FMMonth') as month_name, to_char(d, 'FMDay') as weekday_name
from generate_series(
  timestamp '2015-01-01',
  date_trunc('year', (now() at time zone 'UTC')) + interval '2 years' - interval '1 day',
  interval '1 day'
) as d;

-- Webhook deliveries.

create view meraki.webhook_deliveries as
select f.organization_id, n.network_id, a.name as alert_type,
  case when s.value = 'full' then e.url else e.url_masked end as url,
  e.url_host, f.endpoint_id::text as endpoint_id, f.sent_at, f.logged_at,
  case when f.response_code > 0 then f.response_code end as response_code,
  case
    when f.response_code <= 0 then 'no_response'
    when f.response_code = 429 then '429'
    when f.response_code between 100 and 599 then (f.response_code / 100)::text || 'xx'
    else 'other'
  end as status_class,
  f.response_code between 200 and 299 as is_success,
  f.response_duration_ms::bigint as response_duration_ms,
  f.occurrence, f.loaded_at, f.extra
from meraki_store.webhook_deliveries f
left join meraki_store.networks n on n.organization_id = f.organization_id and n.network_key = f.network_key
left join meraki_store.alert_types a
  on a.organization_id = f.organization_id and a.alert_type_id = f.alert_type_id
left join meraki_store.webhook_endpoints e
  on e.organization_id = f.organization_id and e.endpoint_id = f.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls';

create view meraki.webhook_deliveries_hourly as
select b.organization_id, b.endpoint_id, b.network_id, b.alert_type, b.status_class, b.bucket_start,
  b.deliveries, b.successes, b.duration_ms_sum, b.duration_ms_max, b.p50_ms, b.p95_ms, b.p99_ms,
  coalesce(c.final @> tstzrange(b.bucket_start, b.bucket_start + interval '1 hour'), false) as is_final
from (
  select organization_id, endpoint_id, network_id, alert_type, status_class,
    date_trunc('hour', sent_at, 'UTC') as bucket_start,
    count(*) as deliveries, count(*) filter (where is_success) as successes,
    sum(response_duration_ms)::bigint as duration_ms_sum, max(response_duration_ms) as duration_ms_max,
    percentile_cont(0.5) within group (order by response_duration_ms) as p50_ms,
    percentile_cont(0.95) within group (order by response_duration_ms) as p95_ms,
    percentile_cont(0.99) within group (order by response_duration_ms) as p99_ms
  from meraki.webhook_deliveries
  group by 1, 2, 3, 4, 5, 6
) b
left join meraki_ingest.coverage c
  on c.organization_id = b.organization_id and c.stream = 'webhook_logs' and c.series = 'all'
  and c.interval_seconds = 0;

create view meraki.webhook_deliveries_daily as
select b.organization_id, b.endpoint_id, b.network_id, b.alert_type, b.status_class, b.bucket_start,
  b.deliveries, b.successes, b.duration_ms_sum, b.duration_ms_max, b.p50_ms, b.p95_ms, b.p99_ms,
  coalesce(c.final @> tstzrange(b.bucket_start, b.bucket_start + interval '1 day'), false) as is_final
from (
  select organization_id, endpoint_id, network_id, alert_type, status_class,
    date_trunc('day', sent_at, 'UTC') as bucket_start,
    count(*) as deliveries, count(*) filter (where is_success) as successes,
    sum(response_duration_ms)::bigint as duration_ms_sum, max(response_duration_ms) as duration_ms_max,
    percentile_cont(0.5) within group (order by response_duration_ms) as p50_ms,
    percentile_cont(0.95) within group (order by response_duration_ms) as p95_ms,
    percentile_cont(0.99) within group (order by response_duration_ms) as p99_ms
  from meraki.webhook_deliveries
  group by 1, 2, 3, 4, 5, 6
) b
left join meraki_ingest.coverage c
  on c.organization_id = b.organization_id and c.stream = 'webhook_logs' and c.series = 'all'
  and c.interval_seconds = 0;

-- Deliveries of an endpoint in order fall into groups: each success begins one, and the failures up to the next
-- success belong to it. A group's failures are one incident, which the success of the next group ends.
create view meraki.webhook_incidents as
select organization_id, endpoint_id::text as endpoint_id, started_at, ended_at, failures,
  case when last_response_code > 0 then last_response_code end as last_response_code, last_failure_at
from (
  select organization_id, endpoint_id,
    min(sent_at) filter (where not is_success) as started_at,
    lead(min(sent_at) filter (where is_success)) over (
      partition by organization_id, endpoint_id order by successes_so_far) as ended_at,
    count(*) filter (where not is_success) as failures,
    (array_agg(response_code order by sent_at desc, fingerprint desc, occurrence desc)
      filter (where not is_success))[1] as last_response_code,
    max(sent_at) filter (where not is_success) as last_failure_at
  from (
    select organization_id, endpoint_id, sent_at, fingerprint, occurrence, response_code,
      response_code between 200 and 299 as is_success,
      count(*) filter (where response_code between 200 and 299) over (
        partition by organization_id, endpoint_id order by sent_at, fingerprint, occurrence
        rows between unbounded preceding and current row) as successes_so_far
    from meraki_store.webhook_deliveries
  ) deliveries
  group by organization_id, endpoint_id, successes_so_far
) groups
where failures > 0;

create view meraki.webhook_endpoint_health as
select e.organization_id, e.id as endpoint_id, e.name as url, e.url_host,
  h.deliveries_1h, h.success_ratio_1h, h.deliveries_24h, h.success_ratio_24h,
  h.deliveries_7d, h.success_ratio_7d, h.deliveries_30d, h.success_ratio_30d,
  h.last_success_at, h.last_failure_at, h.consecutive_failures,
  case
    when h.deliveries_30d = 0 then 'silent'
    when h.consecutive_failures >= 3 then 'failing'
    when h.success_ratio_24h < 0.99 then 'degraded'
    when h.deliveries_24h = 0 then 'quiet'
    else 'healthy'
  end as state
from meraki.webhook_endpoints e
cross join lateral (
  select
    count(*) filter (where sent_at >= now() - interval '1 hour') as deliveries_1h,
    avg(is_success) filter (where sent_at >= now() - interval '1 hour') as success_ratio_1h,
    count(*) filter (where sent_at >= now() - interval '24 hours') as deliveries_24h,
    avg(is_success) filter (where sent_at >= now() - interval '24 hours') as success_ratio_24h,
    count(*) filter (where sent_at >= now() - interval '7 days') as deliveries_7d,
    avg(is_success) filter (where sent_at >= now() - interval '7 days') as success_ratio_7d,
    count(*) as deliveries_30d,
    avg(is_success) as success_ratio_30d,
    max(sent_at) filter (where is_success = 1) as last_success_at,
    max(sent_at) filter (where is_success = 0) as last_failure_at,
    count(*) filter (where is_success = 0 and sent_at > last_success) as consecutive_failures
  from (
    select f.sent_at,
      (f.response_code between 200 and 299)::integer::double precision as is_success,
      coalesce(max(f.sent_at) filter (where f.response_code between 200 and 299) over (), '-infinity')
        as last_success
    from meraki_store.webhook_deliveries f
    where f.organization_id = e.organization_id and f.endpoint_id = e.id::bigint
      and f.sent_at >= now() - interval '30 days'
  ) recent
) h;

-- API requests by response code.

create view meraki.api_responses as
select f.organization_id, f.series, f.bucket_start,
  f.bucket_start + f.interval_seconds * interval '1 second' as bucket_end,
  f.interval_seconds, f.response_code, f.request_count,
  c.final @> f.bucket_start as is_final, f.revision, f.updated_at
from meraki_store.api_response_counts f
join meraki_ingest.coverage c
  on c.organization_id = f.organization_id and c.stream = 'api_responses' and c.series = f.series
  and c.interval_seconds = f.interval_seconds
where c.counted @> f.bucket_start and f.request_count > 0;

create view meraki.api_responses_hourly as
select h.organization_id, h.series, h.bucket_start,
  case when h.coverage_ratio > 0 then coalesce(f.requests, 0) end as requests,
  case when h.coverage_ratio > 0 then coalesce(f.successes_2xx, 0) end as successes_2xx,
  case when h.coverage_ratio > 0 then coalesce(f.redirects_3xx, 0) end as redirects_3xx,
  case when h.coverage_ratio > 0 then coalesce(f.client_errors_4xx, 0) end as client_errors_4xx,
  case when h.coverage_ratio > 0 then coalesce(f.rate_limited_429, 0) end as rate_limited_429,
  case when h.coverage_ratio > 0 then coalesce(f.server_errors_5xx, 0) end as server_errors_5xx,
  f.successes_2xx::double precision / nullif(f.requests, 0) as success_ratio,
  h.coverage_ratio, h.is_final
from (
  select c.organization_id, c.series, t.bucket_start,
    coalesce((select sum(extract(epoch from upper(r) - lower(r)))
      from unnest(c.counted * tstzmultirange(t.bucket)) r), 0)::double precision / 3600 as coverage_ratio,
    coalesce(c.final @> t.bucket, false) as is_final
  from (
    select organization_id, series, range_agg(counted) as any_width,
      coalesce(range_agg(counted) filter (where interval_seconds <= 3600), '{}') as counted,
      range_agg(final * counted) filter (where interval_seconds <= 3600) as final
    from meraki_ingest.coverage where stream = 'api_responses' group by organization_id, series
  ) c
  cross join lateral (
    select distinct g as bucket_start, tstzrange(g, g + interval '1 hour') as bucket
    from unnest(c.any_width) r
    cross join lateral generate_series(
      date_trunc('hour', lower(r), 'UTC'), upper(r) - interval '1 microsecond', interval '1 hour') g
  ) t
) h
left join (
  select organization_id, series, date_trunc('hour', bucket_start, 'UTC') as bucket_start,
    sum(request_count)::bigint as requests,
    coalesce(sum(request_count) filter (where response_code between 200 and 299), 0)::bigint as successes_2xx,
    coalesce(sum(request_count) filter (where response_code between 300 and 399), 0)::bigint as redirects_3xx,
    coalesce(sum(request_count) filter (where response_code between 400 and 499), 0)::bigint as client_errors_4xx,
    coalesce(sum(request_count) filter (where response_code = 429), 0)::bigint as rate_limited_429,
    coalesce(sum(request_count) filter (where response_code between 500 and 599), 0)::bigint as server_errors_5xx
  from meraki.api_responses where interval_seconds <= 3600
  group by 1, 2, 3
) f using (organization_id, series, bucket_start);

create view meraki.api_responses_daily as
select h.organization_id, h.series, h.bucket_start,
  coalesce(f.requests, 0) as requests,
  coalesce(f.successes_2xx, 0) as successes_2xx,
  coalesce(f.redirects_3xx, 0) as redirects_3xx,
  coalesce(f.client_errors_4xx, 0) as client_errors_4xx,
  coalesce(f.rate_limited_429, 0) as rate_limited_429,
  coalesce(f.server_errors_5xx, 0) as server_errors_5xx,
  f.successes_2xx::double precision / nullif(f.requests, 0) as success_ratio,
  h.coverage_ratio, h.is_final
from (
  select c.organization_id, c.series, t.bucket_start,
    coalesce((select sum(extract(epoch from upper(r) - lower(r)))
      from unnest(c.counted * tstzmultirange(t.bucket)) r), 0)::double precision / 86400 as coverage_ratio,
    coalesce(c.final @> t.bucket, false) as is_final
  from (
    select organization_id, series, range_agg(counted) as counted, range_agg(final * counted) as final
    from meraki_ingest.coverage
    where stream = 'api_responses' and 86400 % interval_seconds = 0
    group by organization_id, series
  ) c
  cross join lateral (
    select distinct g as bucket_start, tstzrange(g, g + interval '1 day') as bucket
    from unnest(c.counted) r
    cross join lateral generate_series(
      date_trunc('day', lower(r), 'UTC'), upper(r) - interval '1 microsecond', interval '1 day') g
  ) t
) h
left join (
  select organization_id, series, date_trunc('day', bucket_start, 'UTC') as bucket_start,
    sum(request_count)::bigint as requests,
    coalesce(sum(request_count) filter (where response_code between 200 and 299), 0)::bigint as successes_2xx,
    coalesce(sum(request_count) filter (where response_code between 300 and 399), 0)::bigint as redirects_3xx,
    coalesce(sum(request_count) filter (where response_code between 400 and 499), 0)::bigint as client_errors_4xx,
    coalesce(sum(request_count) filter (where response_code = 429), 0)::bigint as rate_limited_429,
    coalesce(sum(request_count) filter (where response_code between 500 and 599), 0)::bigint as server_errors_5xx
  from meraki.api_responses where 86400 % interval_seconds = 0
  group by 1, 2, 3
) f using (organization_id, series, bucket_start);

create view meraki.api_budget_hourly as
select h.organization_id, h.bucket_start, h.requests,
  h.requests / (36000 * nullif(h.coverage_ratio, 0)) as mean_share,
  p.peak_share, h.rate_limited_429, h.coverage_ratio, h.is_final
from meraki.api_responses_hourly h
left join (
  select organization_id, date_trunc('hour', bucket_start, 'UTC') as bucket_start,
    max(requests::double precision / (10 * interval_seconds)) as peak_share
  from (
    select organization_id, bucket_start, interval_seconds, sum(request_count) as requests
    from meraki.api_responses where series = 'all' and interval_seconds <= 3600
    group by organization_id, bucket_start, interval_seconds
  ) buckets
  group by 1, 2
) p using (organization_id, bucket_start)
where h.series = 'all';

-- The ledger, as readers see it.

create view meraki_ingest.missing_time as
select s.organization_id, s.stream, s.series,
  s.lookback_seconds * interval '1 second' as lookback,
  now() - s.lookback_seconds * interval '1 second' as horizon,
  tstzmultirange(tstzrange(
    s.wanted_from, greatest(s.wanted_from, now() - s.expected_lag_seconds * interval '1 second')
  )) - coalesce(c.covered, '{}') as missing
from meraki_ingest.streams s
left join (
  select organization_id, stream, series, range_agg(final + provisional) as covered
  from meraki_ingest.coverage group by organization_id, stream, series
) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series;

comment on view meraki_ingest.missing_time is
  'Per stream: the time that is wanted and not covered, and since when the source has forgotten.';

create view meraki.coverage as
select organization_id, stream, series, nullif(interval_seconds, 0) as interval_seconds,
  lower(r) as covered_from, upper(r) as covered_to, state
from (
  select organization_id, stream, series, interval_seconds, 'final' as state, unnest(final) as r
  from meraki_ingest.coverage
  union all
  select organization_id, stream, series, interval_seconds, 'provisional', unnest(provisional - final)
  from meraki_ingest.coverage
) stretches;

create view meraki.gaps as
select organization_id, stream, series, lower(r) as gap_from, upper(r) as gap_to, state,
  case when state = 'pending' then lower(r) + lookback end as deadline
from (
  select organization_id, stream, series, lookback, 'lost' as state,
    unnest(missing * tstzmultirange(tstzrange(null, horizon))) as r
  from meraki_ingest.missing_time
  union all
  select organization_id, stream, series, lookback, 'pending',
    unnest(missing * tstzmultirange(tstzrange(horizon, null)))
  from meraki_ingest.missing_time
) stretches;

create view meraki.freshness as
select s.organization_id, s.stream, s.series, c.covered_until, s.last_success_at,
  extract(epoch from now() - c.covered_until)::double precision as lag_seconds,
  g.next_deadline, s.last_error, s.last_error_at, o.state as organization_state,
  (s.clock_skew_ms::double precision / 1000) as clock_skew_seconds
from meraki_ingest.streams s
left join meraki_store.organizations o on o.organization_id = s.organization_id
left join (
  select organization_id, stream, series, max(upper(final + provisional)) as covered_until
  from meraki_ingest.coverage group by organization_id, stream, series
) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
left join (
  select organization_id, stream, series, min(deadline) as next_deadline
  from meraki.gaps group by organization_id, stream, series
) g on g.organization_id = s.organization_id and g.stream = s.stream and g.series = s.series;

create view meraki.sync_runs as
select organization_id, run_id, stream, series, started_at, finished_at, lane, pages, requests,
  rows_new, rows_known, rows_quarantined, waited_ms, outcome, error
from meraki_ingest.sync_runs;

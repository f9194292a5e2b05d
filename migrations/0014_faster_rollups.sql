-- Rollups of webhook deliveries take less time to make. What they hold stays the same.

create function meraki_store.hour_starts(since timestamptz, until timestamptz) returns timestamptz[]
language sql immutable parallel safe set search_path = pg_catalog as $$
  select array_agg(hour_start order by hour_start) from meraki_store.hours_within(since, until)
$$;

comment on function meraki_store.hour_starts is
  'Beginnings of the hours from one instant, which begins an hour, up to another.';

-- Many buckets in one pass: each begins with one of `starts` and ends with the next, the last one with `until`. Rows are
-- gathered by hashing and sorted only where there are more than two of a kind, which few groups of an hour have.
create function meraki_store.webhook_groups_of(organization text, starts timestamptz[], until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, network_key bigint, alert_type_id bigint,
  status_class text, deliveries bigint, duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision,
  p95_ms double precision, p99_ms double precision)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select starts[bucket], endpoint_id, network_key, alert_type_id, meraki_store.status_class(some_code), deliveries,
    duration_ms_sum, duration_ms_max,
    coalesce(sorted[1], duration_ms_min + 0.5::double precision * (duration_ms_max - duration_ms_min)),
    coalesce(sorted[2], duration_ms_min + 0.95::double precision * (duration_ms_max - duration_ms_min)),
    coalesce(sorted[3], duration_ms_min + 0.99::double precision * (duration_ms_max - duration_ms_min))
  from (
    select bucket, endpoint_id, network_key, alert_type_id, kind, min(response_code) as some_code,
      count(*) as deliveries, sum(response_duration_ms)::bigint as duration_ms_sum,
      min(response_duration_ms)::bigint as duration_ms_min, max(response_duration_ms)::bigint as duration_ms_max,
      array_agg(response_duration_ms) as durations
    from (
      select width_bucket(sent_at, starts) as bucket, endpoint_id, network_key, alert_type_id, response_code,
        response_duration_ms,
        -- One number for each status class: they are hashed faster than texts.
        case
          when response_code <= 0 then 0
          when response_code = 429 then 429
          when response_code between 100 and 599 then response_code / 100
          else 6
        end as kind
      from meraki_store.webhook_deliveries
      where organization_id = organization and sent_at >= starts[1] and sent_at < until
    ) facts
    group by bucket, endpoint_id, network_key, alert_type_id, kind
  ) groups
  left join lateral (
    select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration) as sorted
    from unnest(durations) duration
  ) percentiles on deliveries > 2
$$;

comment on function meraki_store.webhook_groups_of is
  'Deliveries by bucket, endpoint, network, alert type and status class, for buckets that begin at the given instants.';

create or replace function meraki_store.webhook_hours_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, network_key bigint, alert_type_id bigint,
  status_class text, deliveries bigint, duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision,
  p95_ms double precision, p99_ms double precision)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select * from meraki_store.webhook_groups_of(organization, meraki_store.hour_starts(since, until), until)
$$;

create or replace function meraki_store.webhook_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, network_key bigint, alert_type_id bigint,
  status_class text, bucket_end timestamptz, deliveries bigint, duration_ms_sum bigint, duration_ms_max bigint,
  p50_ms double precision, p95_ms double precision, p99_ms double precision)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  with days as materialized (
    select * from meraki_store.organization_days(organization, since, until)
  )
  select g.bucket_start, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, d.day_end, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms
  from (select array_agg(day_start order by day_start) as starts, max(day_end) as until from days) all_days
  cross join lateral meraki_store.webhook_groups_of(organization, all_days.starts, all_days.until) g
  join days d on d.day_start = g.bucket_start
$$;

-- The window functions of one sort tell where a run of failures ends, so that only failures are grouped.
create or replace function meraki_store.webhook_failure_runs_of(
  organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, successes_before bigint, bucket_end timestamptz,
  started_at timestamptz, last_failure_at timestamptz, ended_at timestamptz, failures bigint,
  last_response_code integer)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, endpoint_id, successes_before, d.day_end, started_at, last_failure_at, ended_at, failures,
    last_response_code
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select endpoint_id, successes_before, min(sent_at) as started_at, max(sent_at) as last_failure_at,
      max(next_at) filter (where next_is_success) as ended_at, count(*) as failures,
      max(response_code) filter (where next_is_success is distinct from false) as last_response_code
    from (
      select endpoint_id, sent_at, response_code, is_success,
        count(*) filter (where is_success) over so_far as successes_before,
        lead(is_success) over in_order as next_is_success, lead(sent_at) over in_order as next_at
      from (
        select endpoint_id, sent_at, fingerprint, occurrence, response_code,
          response_code between 200 and 299 as is_success
        from meraki_store.webhook_deliveries
        where organization_id = organization and sent_at >= d.day_start and sent_at < d.day_end
      ) facts
      window in_order as (partition by endpoint_id order by sent_at, fingerprint, occurrence),
        so_far as (in_order rows between unbounded preceding and current row)
    ) deliveries
    where not is_success
    group by endpoint_id, successes_before
  ) runs
$$;

create or replace view meraki_store.webhook_hours_exact as
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
cross join lateral meraki_store.webhook_hours_of(v.organization_id, h.hour_start, h.hour_end) g;

create or replace view meraki_store.webhook_days_exact as
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
cross join lateral meraki_store.webhook_groups_of(v.organization_id, array[d.day_start], d.day_end) g;

drop function meraki_store.webhook_groups_within;

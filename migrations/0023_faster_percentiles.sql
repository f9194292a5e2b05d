-- Percentiles of webhook deliveries take less time to compute. What they are stays the same.

-- Many buckets in one pass: each begins with one of `starts` and ends with the next, the last one with `until`. Rows are
-- gathered by hashing and sorted only where there are more than two of a kind, which few groups of an hour have. A subquery for
-- each of these is cheaper than a join, and values unnested in its select list are not stored before they are sorted.
create or replace function meraki_store.webhook_groups_of(organization text, starts timestamptz[], until timestamptz)
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
    select *,
      case when deliveries > 2 then (
        select percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration)
        from (select unnest(durations) as duration) one_by_one
      ) end as sorted
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
    -- Kept apart, or the percentiles would be computed for each of the columns that take one of them.
    offset 0
  ) of_each
$$;

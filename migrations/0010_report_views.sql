-- More report views: shares, comparisons, heat maps, error budgets, and receivers to look at.
--
-- A condition on a view's time must reach the rollups. Where one row reads rollups of other times than its own, the
-- rows' times are taken from the calendar and rollups are looked up for each of them, in a lateral query that
-- aggregates: so the planner cannot read all of a rollup instead, and it is seen which partitions are not needed.

create view meraki_store.calendar_months as
select time_zone, day_start as month_start, meraki_store.day_start(date + interval '1 month', time_zone) as month_end
from meraki_store.calendar_days
where extract(day from date) = 1;

comment on view meraki_store.calendar_months is
  'Months of each time zone: from the first instant up to the next month''s.';

-- Webhook deliveries.

create view meraki.webhook_failure_reasons_daily with (security_barrier) as
select f.organization_id, f.endpoint_id::text as endpoint_id, f.bucket_start, f.response_code,
  case when f.response_code is null then 'no answer' else coalesce(c.reason, 'HTTP ' || f.response_code) end as reason,
  f.failures, f.failures::double precision / f.all_failures as failure_share,
  f.failures::double precision / f.all_deliveries as delivery_share,
  (f.bucket_start at time zone f.time_zone)::date as date,
  f.organization_id || '/' || f.endpoint_id as endpoint_key
from (
  select organization_id, time_zone, endpoint_id, bucket_start, response_code, failures,
    sum(failures) over day::double precision as all_failures,
    sum(deliveries) over day::double precision as all_deliveries
  from (
    select organization_id, time_zone, endpoint_id, bucket_start,
      case when response_code > 0 then response_code end as response_code, sum(deliveries)::bigint as deliveries,
      coalesce(sum(deliveries) filter (where response_code not between 200 and 299), 0)::bigint as failures
    from meraki_store.webhook_code_days_exact
    group by 1, 2, 3, 4, 5
  ) codes
  window day as (partition by organization_id, endpoint_id, bucket_start)
) f
left join meraki_store.response_codes c on c.response_code = f.response_code
where f.failures > 0;

-- Counts are added as doubles, which are exact here: sums of bigint keep a kilobyte for each group.
create view meraki.webhook_alert_mix_daily with (security_barrier) as
select m.organization_id, m.bucket_start, a.name as alert_type, m.deliveries::bigint as deliveries,
  m.failures::bigint as failures, m.deliveries / m.all_deliveries as delivery_share,
  (m.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date,
  m.organization_id || '/' || m.alert_type_id as alert_type_key
from (
  select organization_id, bucket_start, alert_type_id, sum(deliveries::double precision) as deliveries,
    coalesce(sum(deliveries::double precision) filter (where status_class <> '2xx'), 0) as failures,
    sum(sum(deliveries::double precision)) over (partition by organization_id, bucket_start) as all_deliveries
  from meraki_store.webhook_days_exact
  group by organization_id, bucket_start, alert_type_id
) m
left join meraki_store.organizations_seen o on o.organization_id = m.organization_id
left join meraki_store.alert_types_seen a
  on a.organization_id = m.organization_id and a.alert_type_id = m.alert_type_id;

create view meraki.webhook_network_mix_daily with (security_barrier) as
select m.organization_id, m.bucket_start, n.network_id, coalesce(n.name, n.network_id) as network_name,
  m.deliveries::bigint as deliveries, m.failures::bigint as failures,
  m.deliveries / m.all_deliveries as delivery_share,
  (m.bucket_start at time zone coalesce(o.time_zone, 'UTC'))::date as date,
  m.organization_id || '/' || n.network_id as network_key
from (
  select organization_id, bucket_start, network_key, sum(deliveries::double precision) as deliveries,
    coalesce(sum(deliveries::double precision) filter (where status_class <> '2xx'), 0) as failures,
    sum(sum(deliveries::double precision)) over (partition by organization_id, bucket_start) as all_deliveries
  from meraki_store.webhook_days_exact
  group by organization_id, bucket_start, network_key
) m
left join meraki_store.organizations_seen o on o.organization_id = m.organization_id
left join meraki_store.networks_seen n
  on n.organization_id = m.organization_id and n.network_key = m.network_key;

create view meraki.webhook_week_over_week with (security_barrier) as
select organization_id, bucket_start, case when is_known then deliveries end as deliveries,
  case when is_known then failures end as failures,
  case when is_known_before then deliveries_before end as deliveries_week_before,
  case when is_known_before then failures_before end as failures_week_before,
  case when is_known then deliveries::double precision / nullif(deliveries_before, 0) - 1 end as change_ratio,
  coverage_ratio, coverage_ratio_before as coverage_ratio_week_before, is_final,
  (bucket_start at time zone time_zone)::date as date
from (
  select organization_id, bucket_start, max(time_zone) as time_zone, sum(deliveries)::bigint as deliveries,
    sum(failures)::bigint as failures, sum(deliveries_before)::bigint as deliveries_before,
    sum(failures_before)::bigint as failures_before, sum(covered_seconds) / 3600 as coverage_ratio,
    sum(covered_seconds_before) / 3600 as coverage_ratio_before, bool_or(is_final) as is_final,
    sum(deliveries) > 0 or sum(covered_seconds) > 0 as is_known,
    sum(deliveries_before) > 0 or sum(covered_seconds_before) > 0 as is_known_before
  from (
    select organization_id, time_zone, bucket_start, deliveries, deliveries - successes as failures,
      0 as deliveries_before, 0 as failures_before, 0::double precision as covered_seconds,
      0::double precision as covered_seconds_before, false as is_final
    from meraki_store.webhook_endpoint_hours_exact
    union all
    select v.organization_id, v.time_zone, h.hour_start, 0, 0, coalesce(b.deliveries, 0), coalesce(b.failures, 0),
      meraki_store.covered_seconds(v.covered, h.hour_start, h.hour_start + interval '1 hour'),
      meraki_store.covered_seconds(
        v.covered, h.hour_start - interval '168 hours', h.hour_start - interval '167 hours'),
      v.final @> tstzrange(h.hour_start, h.hour_start + interval '1 hour')
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.calendar_hours h
      on h.hour_start > v.wanted_from - interval '1 hour' and h.hour_start < v.wanted_to
    cross join lateral (
      select sum(r.deliveries) as deliveries, sum(r.deliveries - r.successes) as failures
      from meraki_store.webhook_endpoint_hours r
      where r.organization_id = v.organization_id and r.bucket_start = h.hour_start - interval '168 hours'
        and not v.stale @> r.bucket_start
    ) b
    union all
    select v.organization_id, v.time_zone, h.hour_start + interval '168 hours', 0, 0, e.deliveries,
      e.deliveries - e.successes, 0, 0, false
    from meraki_store.visible_webhooks(current_user) v
    cross join lateral meraki_store.stale_hours(v.stale) h
    cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, h.hour_start, h.hour_end) e
    where h.hour_start + interval '169 hours' > v.wanted_from
      and h.hour_start + interval '168 hours' < v.wanted_to
  ) weeks_and_calendar
  group by organization_id, bucket_start
) w;

create view meraki.webhook_heat_map with (security_barrier) as
select organization_id, month_start, iso_weekday, hour_of_day, case when is_known then deliveries end as deliveries,
  case when is_known then deliveries - successes end as failures, covered_seconds / 3600 as covered_hours,
  deliveries / (nullif(covered_seconds, 0) / 3600) as deliveries_per_covered_hour,
  successes::double precision / nullif(deliveries, 0) as success_ratio
from (
  select organization_id, month_start, iso_weekday, hour_of_day, sum(deliveries)::bigint as deliveries,
    sum(successes)::bigint as successes, sum(covered_seconds) as covered_seconds,
    sum(deliveries) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select v.organization_id, m.month_start, r.iso_weekday, r.hour_of_day, r.deliveries, r.successes,
      0::double precision as covered_seconds
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.calendar_months m on m.time_zone = v.time_zone and m.month_start < now()
    cross join lateral (
      select extract(isodow from h.bucket_start at time zone v.time_zone)::integer as iso_weekday,
        extract(hour from h.bucket_start at time zone v.time_zone)::integer as hour_of_day,
        sum(h.deliveries) as deliveries, sum(h.successes) as successes
      from meraki_store.webhook_endpoint_hours h
      where h.organization_id = v.organization_id and h.bucket_start >= m.month_start
        and h.bucket_start < m.month_end and not v.stale @> h.bucket_start
      group by 1, 2
    ) r
    union all
    select v.organization_id,
      meraki_store.day_start(date_trunc('month', h.hour_start at time zone v.time_zone), v.time_zone),
      extract(isodow from h.hour_start at time zone v.time_zone)::integer,
      extract(hour from h.hour_start at time zone v.time_zone)::integer, e.deliveries, e.successes, 0
    from meraki_store.visible_webhooks(current_user) v
    cross join lateral meraki_store.stale_hours(v.stale) h
    cross join lateral meraki_store.webhook_endpoints_within(v.organization_id, h.hour_start, h.hour_end) e
    union all
    select v.organization_id, m.month_start, c.iso_weekday, c.hour_of_day, 0, 0, c.covered_seconds
    from meraki_store.visible_webhooks(current_user) v
    join meraki_store.calendar_months m
      on m.time_zone = v.time_zone and m.month_end > v.wanted_from and m.month_start < v.wanted_to
    cross join lateral (
      select extract(isodow from h.hour_start at time zone v.time_zone)::integer as iso_weekday,
        extract(hour from h.hour_start at time zone v.time_zone)::integer as hour_of_day,
        sum(meraki_store.covered_seconds(v.covered, h.hour_start, h.hour_start + interval '1 hour'))
          as covered_seconds
      from meraki_store.calendar_hours h
      where h.hour_start >= m.month_start and h.hour_start < m.month_end
        and h.hour_start > v.wanted_from - interval '1 hour' and h.hour_start < v.wanted_to
      group by 1, 2
    ) c
  ) hours_and_calendar
  group by organization_id, month_start, iso_weekday, hour_of_day
) cells;

-- Runs of failures go back to the latest success, and what is usual is seen from the 28 local days before. Where the
-- log was not read up to now, nobody can know that a receiver is silent; the newest hour may still be on its way. A
-- receiver that rests at night or at weekends is silent only when that takes longer than any such rest.
create view meraki.webhook_receiver_alerts with (security_barrier) as
select a.organization_id, a.endpoint_id::text as endpoint_id, a.kind, a.since,
  a.deliveries_before * 86400 / nullif(a.covered_seconds_before, 0) as deliveries_per_day_before, a.failures,
  a.last_success_at, a.last_delivery_at, case when s.value = 'full' then e.url else e.url_masked end as url, e.url_host,
  a.organization_id || '/' || a.endpoint_id as endpoint_key
from (
  select k.organization_id, k.endpoint_id, k.kind, k.since, k.failures, k.last_success_at, k.last_delivery_at,
    k.covered_seconds_before, coalesce(sum(d.deliveries), 0)::double precision as deliveries_before,
    count(d.deliveries) as days_before, max(d.rest) as longest_rest
  from (
    select r.organization_id, r.endpoint_id, k.kind, k.since, r.failures, r.last_success_at, r.last_delivery_at,
      b.before_from, b.before_to, meraki_store.covered_seconds(v.covered, b.before_from, b.before_to)
        as covered_seconds_before
    from meraki_store.visible_webhooks(current_user) v
    join meraki_ingest.streams t
      on t.organization_id = v.organization_id and t.stream = 'webhook_logs' and t.series = 'all'
    join (
      select l.organization_id, l.endpoint_id, l.last_success_at, l.last_delivery_at,
        min(f.started_at) as failing_since, coalesce(sum(f.failures), 0)::bigint as failures
      from (
        select organization_id, endpoint_id, max(last_success_at) as last_success_at,
          max(greatest(last_success_at, last_failure_at)) as last_delivery_at
        from meraki_store.webhook_endpoint_days_exact
        where bucket_start > now() - interval '90 days'
        group by organization_id, endpoint_id
      ) l
      left join meraki_store.webhook_failure_runs_exact f
        on f.organization_id = l.organization_id and f.endpoint_id = l.endpoint_id and f.ended_at is null
        and f.started_at >= coalesce(l.last_success_at, '-infinity') and f.bucket_start > now() - interval '90 days'
      group by l.organization_id, l.endpoint_id, l.last_success_at, l.last_delivery_at
    ) r on r.organization_id = v.organization_id
    cross join lateral (
      values ('began_to_fail', r.failing_since), ('went_silent', r.last_delivery_at)
    ) k (kind, since)
    cross join lateral (
      select meraki_store.day_start(
          date_trunc('day', k.since at time zone v.time_zone) - interval '28 days', v.time_zone) as before_from,
        meraki_store.day_start(date_trunc('day', k.since at time zone v.time_zone), v.time_zone) as before_to,
        now() - greatest(interval '1 hour', t.expected_lag_seconds * interval '1 second') as read_until
    ) b
    where k.since > now() - interval '60 days'
      and case k.kind
        when 'began_to_fail' then r.failures >= 3 and r.last_success_at >= k.since - interval '30 days'
        else k.since < now() - interval '24 hours'
          and v.covered @> tstzrange(least(k.since, b.read_until), b.read_until)
      end
  ) k
  left join (
    select organization_id, endpoint_id, bucket_start, deliveries,
      lead(coalesce(first_success_at, bucket_end)) over (
        partition by organization_id, endpoint_id order by bucket_start
      ) - greatest(last_success_at, last_failure_at) as rest
    from meraki_store.webhook_endpoint_days_exact
    where bucket_start > now() - interval '90 days'
  ) d
    on d.organization_id = k.organization_id and d.endpoint_id = k.endpoint_id and d.bucket_start >= k.before_from
    and d.bucket_start < k.before_to
  group by k.organization_id, k.endpoint_id, k.kind, k.since, k.failures, k.last_success_at, k.last_delivery_at,
    k.covered_seconds_before
) a
left join meraki_store.webhook_endpoints_seen e
  on e.organization_id = a.organization_id and e.endpoint_id = a.endpoint_id
left join meraki_ingest.settings s on s.name = 'webhook_urls'
where a.kind = 'began_to_fail'
  or a.days_before >= 5 and now() - a.since > a.longest_rest
    and extract(epoch from now() - a.since) > 4 * a.covered_seconds_before / nullif(a.deliveries_before, 0);

-- API requests by response code.

create view meraki.api_error_budget_hourly with (security_barrier) as
select h.organization_id, h.series, h.bucket_start, o.objective, h.requests,
  h.rate_limited_429 + h.server_errors_5xx as bad_requests,
  (h.rate_limited_429 + h.server_errors_5xx)::double precision / nullif(h.requests, 0) as bad_ratio,
  (h.rate_limited_429 + h.server_errors_5xx)::double precision / nullif(h.requests, 0)
    / nullif(1 - o.objective, 0) as burn_rate,
  h.coverage_ratio, h.is_final, h.date
from meraki.api_responses_hourly h
left join meraki_ingest.settings s on s.name = 'api_objective'
cross join lateral (select coalesce(s.value::double precision, 0.999) as objective) o;

-- The 30 days of a day are added up from the rollups of those days, so that a condition on time reaches them. Only
-- where they hold no requests at all, coverage decides whether there were none or nothing is known. The share that may
-- fail is computed in decimals: (1 - 0.9) * 10 must be 1.
create view meraki.api_error_budget_daily with (security_barrier) as
select b.organization_id, b.series, b.bucket_start, o.objective::double precision as objective, b.requests,
  b.bad_requests, b.bad_requests::double precision / nullif(b.requests, 0) as bad_ratio,
  b.bad_requests::double precision / nullif(b.requests, 0) / nullif(1 - o.objective, 0)::double precision
    as burn_rate,
  b.coverage_ratio, b.is_final, b.date,
  case when b.is_known_30d then b.requests_30d end as requests_30d,
  case when b.is_known_30d then b.bad_requests_30d end as bad_requests_30d,
  case when b.is_known_30d then floor((1 - o.objective) * b.requests_30d)::bigint end as budget_requests_30d,
  1 - b.bad_requests_30d::double precision / nullif((1 - o.objective) * b.requests_30d, 0)::double precision
    as budget_left_ratio_30d
from (
  select organization_id, series, bucket_start, sum(requests)::bigint as requests,
    sum(bad_requests)::bigint as bad_requests, max(coverage_ratio) as coverage_ratio, bool_or(is_final) as is_final,
    max(date) as date, sum(requests_30d)::bigint as requests_30d, sum(bad_requests_30d)::bigint as bad_requests_30d,
    bool_or(is_known_30d) as is_known_30d
  from (
    select organization_id, series, bucket_start, requests, rate_limited_429 + server_errors_5xx as bad_requests,
      coverage_ratio, is_final, date, 0 as requests_30d, 0 as bad_requests_30d, false as is_known_30d
    from meraki.api_responses_daily
    union all
    select v.organization_id, v.series, d.day_start, null, null, null, null, null, coalesce(r.requests, 0),
      coalesce(r.bad_requests, 0),
      case when r.requests > 0 then true else exists (
        select from meraki_ingest.coverage c
        join meraki_store.calendar_days e on e.time_zone = v.time_zone and e.date between d.date - 29 and d.date
        cross join lateral (
          select c.interval_seconds * interval '1 second' as width, timestamptz '1970-01-01 00:00:00+00' as epoch
        ) w
        where c.organization_id = v.organization_id and c.stream = 'api_responses' and c.series = v.series
          and 86400 % c.interval_seconds = 0
          and meraki_store.covered_seconds(c.counted,
            date_bin(w.width, e.day_start + w.width - interval '1 microsecond', w.epoch),
            greatest(date_bin(w.width, e.day_start + w.width - interval '1 microsecond', w.epoch),
              date_bin(w.width, e.day_end, w.epoch))) > 0
      ) end
    from meraki_store.visible_series(current_user) v
    join meraki_store.calendar_days d
      on d.time_zone = v.time_zone and d.day_end > v.wanted_from
      and d.day_start > v.wanted_from - interval '2 days' and d.day_start < v.wanted_to
    cross join lateral (
      select sum(r.requests) as requests, sum(r.rate_limited_429 + r.server_errors_5xx) as bad_requests
      from meraki_store.api_response_days r
      where r.organization_id = v.organization_id and r.series = v.series and r.bucket_start <= d.day_start
        and r.bucket_start >= meraki_store.day_start((d.date - 29)::timestamp, v.time_zone)
        and not v.stale && tstzrange(r.bucket_start, r.bucket_end)
    ) r
    union all
    select v.organization_id, v.series, d.day_start, null, null, null, null, null, r.requests,
      r.rate_limited_429 + r.server_errors_5xx, true
    from meraki_store.visible_series(current_user) v
    cross join lateral meraki_store.stale_days(v.time_zone, v.stale) t
    cross join lateral meraki_store.api_response_days_of(v.organization_id, v.series, t.day_start, t.day_end) r
    join meraki_store.calendar_days d
      on d.time_zone = v.time_zone and d.date between t.date and t.date + 29
      and d.day_end > v.wanted_from and d.day_start > v.wanted_from - interval '2 days'
      and d.day_start < v.wanted_to
  ) days_and_30_days
  group by organization_id, series, bucket_start
) b
left join meraki_ingest.settings s on s.name = 'api_objective'
cross join lateral (select coalesce(s.value::numeric, 0.999) as objective) o;

create view meraki.api_week_over_week with (security_barrier) as
select organization_id, series, bucket_start, case when is_known then requests end as requests,
  case when is_known then rate_limited end as rate_limited_429,
  case when is_known_before then requests_before end as requests_week_before,
  case when is_known_before then rate_limited_before end as rate_limited_429_week_before,
  case when is_known then requests::double precision / nullif(requests_before, 0) - 1 end as change_ratio,
  coverage_ratio, coverage_ratio_before as coverage_ratio_week_before, is_final,
  (bucket_start at time zone time_zone)::date as date
from (
  select organization_id, series, bucket_start, max(time_zone) as time_zone, sum(requests)::bigint as requests,
    sum(rate_limited)::bigint as rate_limited, sum(requests_before)::bigint as requests_before,
    sum(rate_limited_before)::bigint as rate_limited_before, sum(covered_seconds) / 3600 as coverage_ratio,
    sum(covered_seconds_before) / 3600 as coverage_ratio_before, sum(final_seconds) >= 3600 as is_final,
    sum(requests) > 0 or sum(covered_seconds) > 0 as is_known,
    sum(requests_before) > 0 or sum(covered_seconds_before) > 0 as is_known_before
  from (
    select organization_id, series, time_zone, bucket_start, requests, rate_limited_429 as rate_limited,
      0 as requests_before, 0 as rate_limited_before, 0::double precision as covered_seconds,
      0::double precision as covered_seconds_before, 0::double precision as final_seconds
    from meraki_store.api_response_hours_exact
    union all
    select c.organization_id, c.series, c.time_zone, h.hour_start, 0, 0, 0, 0,
      case when 3600 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.counted, h.hour_start, h.hour_start + interval '1 hour') else 0 end,
      case when 3600 % c.interval_seconds = 0
        then meraki_store.covered_seconds(
          c.counted, h.hour_start - interval '168 hours', h.hour_start - interval '167 hours') else 0 end,
      case when 3600 % c.interval_seconds = 0
        then meraki_store.covered_seconds(c.final, h.hour_start, h.hour_start + interval '1 hour') else 0 end
    from meraki_store.counted_series c
    join meraki_store.calendar_hours h
      on h.hour_start > c.wanted_from - interval '1 hour' and h.hour_start < c.wanted_to
    union all
    select v.organization_id, v.series, v.time_zone, h.hour_start, 0, 0, coalesce(b.requests, 0),
      coalesce(b.rate_limited, 0), 0, 0, 0
    from meraki_store.visible_series(current_user) v
    join meraki_store.calendar_hours h
      on h.hour_start > v.wanted_from - interval '1 hour' and h.hour_start < v.wanted_to
    cross join lateral (
      select sum(r.requests) as requests, sum(r.rate_limited_429) as rate_limited
      from meraki_store.api_response_hours r
      where r.organization_id = v.organization_id and r.series = v.series
        and r.bucket_start = h.hour_start - interval '168 hours' and not v.stale @> r.bucket_start
    ) b
    union all
    select v.organization_id, v.series, v.time_zone, h.hour_start + interval '168 hours', 0, 0, r.requests,
      r.rate_limited_429, 0, 0, 0
    from meraki_store.visible_series(current_user) v
    cross join lateral meraki_store.stale_hours(v.stale) h
    cross join lateral meraki_store.api_response_hours_of(v.organization_id, v.series, h.hour_start, h.hour_end) r
    where h.hour_start + interval '169 hours' > v.wanted_from
      and h.hour_start + interval '168 hours' < v.wanted_to
  ) weeks_and_calendar
  group by organization_id, series, bucket_start
) w;

create view meraki.api_heat_map with (security_barrier) as
select organization_id, series, month_start, iso_weekday, hour_of_day, case when is_known then requests end as requests,
  case when is_known then rate_limited end as rate_limited_429, covered_seconds / 3600 as covered_hours,
  requests / (nullif(covered_seconds, 0) / 3600) as requests_per_covered_hour
from (
  select organization_id, series, month_start, iso_weekday, hour_of_day, sum(requests)::bigint as requests,
    sum(rate_limited)::bigint as rate_limited, sum(covered_seconds) as covered_seconds,
    sum(requests) > 0 or sum(covered_seconds) > 0 as is_known
  from (
    select v.organization_id, v.series, m.month_start, r.iso_weekday, r.hour_of_day, r.requests, r.rate_limited,
      0::double precision as covered_seconds
    from meraki_store.visible_series(current_user) v
    join meraki_store.calendar_months m on m.time_zone = v.time_zone and m.month_start < now()
    cross join lateral (
      select extract(isodow from h.bucket_start at time zone v.time_zone)::integer as iso_weekday,
        extract(hour from h.bucket_start at time zone v.time_zone)::integer as hour_of_day,
        sum(h.requests) as requests, sum(h.rate_limited_429) as rate_limited
      from meraki_store.api_response_hours h
      where h.organization_id = v.organization_id and h.series = v.series and h.bucket_start >= m.month_start
        and h.bucket_start < m.month_end and not v.stale @> h.bucket_start
      group by 1, 2
    ) r
    union all
    select v.organization_id, v.series,
      meraki_store.day_start(date_trunc('month', h.hour_start at time zone v.time_zone), v.time_zone),
      extract(isodow from h.hour_start at time zone v.time_zone)::integer,
      extract(hour from h.hour_start at time zone v.time_zone)::integer, r.requests, r.rate_limited_429, 0
    from meraki_store.visible_series(current_user) v
    cross join lateral meraki_store.stale_hours(v.stale) h
    cross join lateral meraki_store.api_response_hours_of(v.organization_id, v.series, h.hour_start, h.hour_end) r
    union all
    select c.organization_id, c.series, m.month_start, k.iso_weekday, k.hour_of_day, 0, 0, k.covered_seconds
    from meraki_store.counted_series c
    join meraki_store.calendar_months m
      on m.time_zone = c.time_zone and m.month_end > c.wanted_from and m.month_start < c.wanted_to
    cross join lateral (
      select extract(isodow from h.hour_start at time zone c.time_zone)::integer as iso_weekday,
        extract(hour from h.hour_start at time zone c.time_zone)::integer as hour_of_day,
        coalesce(sum(case when 3600 % c.interval_seconds = 0
          then meraki_store.covered_seconds(c.counted, h.hour_start, h.hour_start + interval '1 hour') end), 0)
          as covered_seconds
      from meraki_store.calendar_hours h
      where h.hour_start >= m.month_start and h.hour_start < m.month_end
        and h.hour_start > c.wanted_from - interval '1 hour' and h.hour_start < c.wanted_to
      group by 1, 2
    ) k
  ) hours_and_calendar
  group by organization_id, series, month_start, iso_weekday, hour_of_day
) cells;

create view meraki.api_series_daily as
select organization_id, bucket_start, series, requests,
  requests::double precision / nullif(max(requests) filter (where series = 'all') over day, 0) as share_of_all,
  rate_limited_429,
  rate_limited_429::double precision / nullif(max(rate_limited_429) filter (where series = 'all') over day, 0)
    as rate_limited_share_of_all,
  coverage_ratio, is_final, date
from meraki.api_responses_daily
window day as (partition by organization_id, bucket_start);

create view meraki.api_own_share_daily with (security_barrier) as
select d.organization_id, d.bucket_start, d.series, d.requests as own_requests, d.all_requests,
  d.requests::double precision / nullif(d.all_requests, 0) as own_share, d.coverage_ratio, d.date
from (
  select organization_id, bucket_start, series, requests, coverage_ratio, date,
    max(requests) filter (where series = 'all') over (partition by organization_id, bucket_start) as all_requests
  from meraki.api_responses_daily
) d
join meraki_ingest.settings s on s.name = 'own_series' and s.value::jsonb ? d.series;

create view meraki.api_busiest_hours with (security_barrier) as
select r.organization_id, r.series, r.month_start, r.rank::integer as rank, r.bucket_start, r.requests,
  r.requests / (10 * nullif(c.covered_seconds, 0)) as mean_share, r.peak_per_second
from (
  select organization_id, series, month_start, bucket_start, requests, peak_per_second,
    row_number() over (
      partition by organization_id, series, month_start order by requests desc, bucket_start) as rank
  from (
    select v.organization_id, v.series, m.month_start, h.bucket_start, h.requests, h.peak_per_second
    from meraki_store.visible_series(current_user) v
    join meraki_store.calendar_months m on m.time_zone = v.time_zone and m.month_start < now()
    cross join lateral (
      select r.bucket_start, r.requests, r.peak_per_second
      from meraki_store.api_response_hours r
      where r.organization_id = v.organization_id and r.series = v.series and r.bucket_start >= m.month_start
        and r.bucket_start < m.month_end and not v.stale @> r.bucket_start
      order by r.requests desc, r.bucket_start
      limit 24
    ) h
    union all
    select v.organization_id, v.series,
      meraki_store.day_start(date_trunc('month', h.hour_start at time zone v.time_zone), v.time_zone), h.hour_start,
      r.requests, r.peak_per_second
    from meraki_store.visible_series(current_user) v
    cross join lateral meraki_store.stale_hours(v.stale) h
    cross join lateral meraki_store.api_response_hours_of(v.organization_id, v.series, h.hour_start, h.hour_end) r
  ) candidates
) r
cross join lateral (
  select sum(meraki_store.covered_seconds(c.counted, r.bucket_start, r.bucket_start + interval '1 hour'))
    as covered_seconds
  from meraki_ingest.coverage c
  where c.organization_id = r.organization_id and c.stream = 'api_responses' and c.series = r.series
    and 3600 % c.interval_seconds = 0
) c
where r.rank <= 24;

-- Comments.

comment on view meraki.webhook_failure_reasons_daily is
  'Failed webhook deliveries per receiver, day in the organization''s time zone, and response code. Days without failures have no row.';
comment on column meraki.webhook_failure_reasons_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_failure_reasons_daily.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_failure_reasons_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_failure_reasons_daily.response_code is
  'Response code of the receiver; null: no answer came.';
comment on column meraki.webhook_failure_reasons_daily.reason is
  'Reason phrase of the code, HTTP and the code where it has none, or no answer.';
comment on column meraki.webhook_failure_reasons_daily.failures is 'Number of deliveries that failed so; never 0.';
comment on column meraki.webhook_failure_reasons_daily.failure_share is
  'failures as a share of the receiver''s failures of that day, 0 to 1.';
comment on column meraki.webhook_failure_reasons_daily.delivery_share is
  'failures as a share of the receiver''s deliveries of that day, 0 to 1.';
comment on column meraki.webhook_failure_reasons_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_failure_reasons_daily.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';

comment on view meraki.webhook_alert_mix_daily is
  'Webhook deliveries per organization, day in its time zone, and alert type. Days without deliveries have no row; webhook_totals_daily has.';
comment on column meraki.webhook_alert_mix_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_alert_mix_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_alert_mix_daily.alert_type is 'Type of the alert, as Meraki names it.';
comment on column meraki.webhook_alert_mix_daily.deliveries is 'Number of deliveries; never 0.';
comment on column meraki.webhook_alert_mix_daily.failures is 'Of these, not answered with a code from 200 to 299.';
comment on column meraki.webhook_alert_mix_daily.delivery_share is
  'deliveries as a share of the organization''s deliveries of that day, 0 to 1.';
comment on column meraki.webhook_alert_mix_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_alert_mix_daily.alert_type_key is
  'Key of the alert type over all organizations; joins alert_types.alert_type_key.';

comment on view meraki.webhook_network_mix_daily is
  'Webhook deliveries per organization, day in its time zone, and network. Days without deliveries have no row; webhook_totals_daily has.';
comment on column meraki.webhook_network_mix_daily.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_network_mix_daily.bucket_start is
  'Start of the day in the organization''s time zone; by sent_at.';
comment on column meraki.webhook_network_mix_daily.network_id is 'Network the alerts came from.';
comment on column meraki.webhook_network_mix_daily.network_name is
  'Name of the network when it was last listed; its id while it was never listed.';
comment on column meraki.webhook_network_mix_daily.deliveries is 'Number of deliveries; never 0.';
comment on column meraki.webhook_network_mix_daily.failures is 'Of these, not answered with a code from 200 to 299.';
comment on column meraki.webhook_network_mix_daily.delivery_share is
  'deliveries as a share of the organization''s deliveries of that day, 0 to 1.';
comment on column meraki.webhook_network_mix_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.webhook_network_mix_daily.network_key is
  'Key of the network over all organizations; joins networks.network_key.';

comment on view meraki.webhook_week_over_week is
  'Webhook deliveries per organization and UTC hour, beside those of the same hour a week (168 hours) before. Dense: one row for every hour since the log is archived.';
comment on column meraki.webhook_week_over_week.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_week_over_week.bucket_start is 'Start of the UTC hour; by sent_at.';
comment on column meraki.webhook_week_over_week.deliveries is
  'Number of deliveries; 0: none in what was read; null: nothing of the hour was read.';
comment on column meraki.webhook_week_over_week.failures is
  'Of these, not answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_week_over_week.deliveries_week_before is
  'deliveries of the hour a week before; null: nothing of that hour was read.';
comment on column meraki.webhook_week_over_week.failures_week_before is
  'failures of the hour a week before; null like deliveries_week_before.';
comment on column meraki.webhook_week_over_week.change_ratio is
  'deliveries / deliveries_week_before - 1: 0 for no change, -1 for none left, above 1 for more than twice as many. Null where either is null, or 0 before.';
comment on column meraki.webhook_week_over_week.coverage_ratio is 'Share of the hour that was read, 0 to 1.';
comment on column meraki.webhook_week_over_week.coverage_ratio_week_before is
  'Share of the hour a week before that was read, 0 to 1. Compare sums over hours where both are 1.';
comment on column meraki.webhook_week_over_week.is_final is
  'Whether coverage of the whole hour is final. If not, the figures are provisional and may still grow.';
comment on column meraki.webhook_week_over_week.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.webhook_heat_map is
  'Webhook deliveries per organization, month, weekday and hour of the day, all in the organization''s time zone. For averages over months divide the sum of deliveries by the sum of covered_hours.';
comment on column meraki.webhook_heat_map.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_heat_map.month_start is 'Start of the month in the organization''s time zone.';
comment on column meraki.webhook_heat_map.iso_weekday is
  'Day of the week in the organization''s time zone, 1 (Monday) to 7 (Sunday).';
comment on column meraki.webhook_heat_map.hour_of_day is
  'Hour of the day in the organization''s time zone, 0 to 23, in which the UTC hour begins.';
comment on column meraki.webhook_heat_map.deliveries is
  'Number of deliveries in these hours of the month; 0: none in what was read; null: nothing of these hours was read.';
comment on column meraki.webhook_heat_map.failures is
  'Of these, not answered with a code from 200 to 299; null like deliveries.';
comment on column meraki.webhook_heat_map.covered_hours is
  'How many such hours of the month were read, an hour read in part as that part.';
comment on column meraki.webhook_heat_map.deliveries_per_covered_hour is
  'deliveries / covered_hours; null when nothing was read.';
comment on column meraki.webhook_heat_map.success_ratio is
  'Successes / deliveries, 0 to 1; null when there were no deliveries. Of several rows: divide the sums.';

comment on view meraki.webhook_receiver_alerts is
  'Receivers to look at now: those that worked and fail since, and those that got deliveries and get none any more. What began more than 60 days ago is no longer here; see webhook_endpoint_health.';
comment on column meraki.webhook_receiver_alerts.organization_id is 'Organization the deliveries belong to.';
comment on column meraki.webhook_receiver_alerts.endpoint_id is
  'Hash of the whole receiver URL; see webhook_endpoints.';
comment on column meraki.webhook_receiver_alerts.kind is
  'began_to_fail: the latest 3 deliveries or more failed, and one succeeded in the 30 days before. went_silent: there were deliveries on 5 or more of the 28 days before the latest one, and then none for 24 hours, for 4 times the mean interval and for longer than any rest in those days, with the log read all that time.';
comment on column meraki.webhook_receiver_alerts.since is
  'sent_at of the first failure after the latest success, or of the latest delivery.';
comment on column meraki.webhook_receiver_alerts.deliveries_per_day_before is
  'Mean number of deliveries a day, as far as the log was read, over the 28 days in the organization''s time zone before the day of since; null when nothing of them was read.';
comment on column meraki.webhook_receiver_alerts.failures is
  'Number of failures after the latest success, as far as 90 days back; 0: the latest delivery succeeded.';
comment on column meraki.webhook_receiver_alerts.last_success_at is
  'sent_at of the latest success in about the last 90 days; null when there was none.';
comment on column meraki.webhook_receiver_alerts.last_delivery_at is 'sent_at of the latest delivery.';
comment on column meraki.webhook_receiver_alerts.url is
  'Receiver URL; scheme and host only, unless WEBHOOK_URLS is full, since the rest can hold a secret.';
comment on column meraki.webhook_receiver_alerts.url_host is
  'Host, and port if there is one, of the URL; null when the URL names none.';
comment on column meraki.webhook_receiver_alerts.endpoint_key is
  'Key of the receiver over all organizations; joins webhook_endpoints.endpoint_key.';

comment on view meraki.api_error_budget_hourly is
  'How fast requests use up what the objective lets fail, per organization, series and UTC hour. Dense: one row for every hour since the series is archived.';
comment on column meraki.api_error_budget_hourly.organization_id is 'Organization whose API was called.';
comment on column meraki.api_error_budget_hourly.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_error_budget_hourly.bucket_start is 'Start of the UTC hour.';
comment on column meraki.api_error_budget_hourly.objective is
  'Share of requests that should not fail, 0 to 1 (API_OBJECTIVE; 0.999 if not set).';
comment on column meraki.api_error_budget_hourly.requests is 'As in api_responses_hourly.';
comment on column meraki.api_error_budget_hourly.bad_requests is
  'Of these, answered with 429 or with a code from 500 to 599; null like requests.';
comment on column meraki.api_error_budget_hourly.bad_ratio is
  'bad_requests / requests, 0 to 1; null when there were no requests. Of several rows: divide the sums.';
comment on column meraki.api_error_budget_hourly.burn_rate is
  'bad_ratio / (1 - objective): at 1 exactly as much fails as may; above, the budget is used up early. Null when there were no requests, or objective is 1.';
comment on column meraki.api_error_budget_hourly.coverage_ratio is 'As in api_responses_hourly.';
comment on column meraki.api_error_budget_hourly.is_final is 'As in api_responses_hourly.';
comment on column meraki.api_error_budget_hourly.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.api_error_budget_daily is
  'How fast requests use up what the objective lets fail, and what is left of it for 30 days, per organization, series and day in the organization''s time zone. Dense: one row for every day since the series is archived.';
comment on column meraki.api_error_budget_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_error_budget_daily.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_error_budget_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_error_budget_daily.objective is
  'Share of requests that should not fail, 0 to 1 (API_OBJECTIVE; 0.999 if not set).';
comment on column meraki.api_error_budget_daily.requests is 'As in api_responses_daily.';
comment on column meraki.api_error_budget_daily.bad_requests is
  'Of these, answered with 429 or with a code from 500 to 599; null like requests.';
comment on column meraki.api_error_budget_daily.bad_ratio is
  'bad_requests / requests, 0 to 1; null when there were no requests. Of several rows: divide the sums.';
comment on column meraki.api_error_budget_daily.burn_rate is
  'bad_ratio / (1 - objective): at 1 exactly as much fails as may; above, the budget is used up early. Null when there were no requests, or objective is 1.';
comment on column meraki.api_error_budget_daily.coverage_ratio is 'As in api_responses_daily.';
comment on column meraki.api_error_budget_daily.is_final is 'As in api_responses_daily.';
comment on column meraki.api_error_budget_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';
comment on column meraki.api_error_budget_daily.requests_30d is
  'Requests of this day and the 29 before, as far as they were read; null: nothing of them was read.';
comment on column meraki.api_error_budget_daily.bad_requests_30d is
  'Of these, answered with 429 or with a code from 500 to 599; null like requests_30d.';
comment on column meraki.api_error_budget_daily.budget_requests_30d is
  'How many of requests_30d may fail, (1 - objective) * requests_30d, whole ones only; null like requests_30d.';
comment on column meraki.api_error_budget_daily.budget_left_ratio_30d is
  'Share of what may fail in the 30 days that has not failed: 1 for all of it, 0 for none, below 0 when more failed than may. Null when there were no requests, or objective is 1.';

comment on view meraki.api_week_over_week is
  'API requests per organization, series and UTC hour, beside those of the same hour a week (168 hours) before. Dense: one row for every hour since the series is archived.';
comment on column meraki.api_week_over_week.organization_id is 'Organization whose API was called.';
comment on column meraki.api_week_over_week.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_week_over_week.bucket_start is 'Start of the UTC hour.';
comment on column meraki.api_week_over_week.requests is
  'Number of requests in what was read; 0: none; null: nothing of the hour was read in buckets of an hour or less.';
comment on column meraki.api_week_over_week.rate_limited_429 is 'Of these, answered with 429; null like requests.';
comment on column meraki.api_week_over_week.requests_week_before is
  'requests of the hour a week before; null: nothing of that hour was read.';
comment on column meraki.api_week_over_week.rate_limited_429_week_before is
  'rate_limited_429 of the hour a week before; null like requests_week_before.';
comment on column meraki.api_week_over_week.change_ratio is
  'requests / requests_week_before - 1: 0 for no change, -1 for none left, above 1 for more than twice as many. Null where either is null, or 0 before.';
comment on column meraki.api_week_over_week.coverage_ratio is
  'Share of the hour that was read, 0 to 1, the open bucket taken as a whole.';
comment on column meraki.api_week_over_week.coverage_ratio_week_before is
  'Share of the hour a week before that was read, 0 to 1. Compare sums over hours where both are 1.';
comment on column meraki.api_week_over_week.is_final is
  'Whether coverage of the whole hour is final. If not, the figures are provisional and may still grow.';
comment on column meraki.api_week_over_week.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.api_heat_map is
  'API requests per organization, series, month, weekday and hour of the day, the last three in the organization''s time zone. For averages over months divide the sum of requests by the sum of covered_hours.';
comment on column meraki.api_heat_map.organization_id is 'Organization whose API was called.';
comment on column meraki.api_heat_map.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_heat_map.month_start is 'Start of the month in the organization''s time zone.';
comment on column meraki.api_heat_map.iso_weekday is
  'Day of the week in the organization''s time zone, 1 (Monday) to 7 (Sunday).';
comment on column meraki.api_heat_map.hour_of_day is
  'Hour of the day in the organization''s time zone, 0 to 23, in which the UTC hour begins.';
comment on column meraki.api_heat_map.requests is
  'Number of requests in these hours of the month; 0: none in what was read; null: nothing of these hours was read in buckets of an hour or less.';
comment on column meraki.api_heat_map.rate_limited_429 is 'Of these, answered with 429; null like requests.';
comment on column meraki.api_heat_map.covered_hours is
  'How many such hours of the month were read, an hour read in part as that part.';
comment on column meraki.api_heat_map.requests_per_covered_hour is
  'requests / covered_hours; null when nothing was read.';

comment on view meraki.api_series_daily is
  'Series side by side: requests of each series, and its share of series all, per day in the organization''s time zone. Series may overlap, so shares need not add up to 1.';
comment on column meraki.api_series_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_series_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_series_daily.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_series_daily.requests is 'As in api_responses_daily.';
comment on column meraki.api_series_daily.share_of_all is
  'requests as a share of those of series all on that day; null where either is null, or all had none. Where the two were not read for the same part of the day, it is off.';
comment on column meraki.api_series_daily.rate_limited_429 is 'Of requests, answered with 429; null like requests.';
comment on column meraki.api_series_daily.rate_limited_share_of_all is
  'rate_limited_429 as a share of that of series all on that day; null where either is null, or all had none.';
comment on column meraki.api_series_daily.coverage_ratio is 'As in api_responses_daily.';
comment on column meraki.api_series_daily.is_final is 'As in api_responses_daily.';
comment on column meraki.api_series_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.api_own_share_daily is
  'How much of an organization''s API use is the archive''s own, per day in the organization''s time zone. Only series that count this program''s own requests: those with its user agent and no other filter; without one there are no rows.';
comment on column meraki.api_own_share_daily.organization_id is 'Organization whose API was called.';
comment on column meraki.api_own_share_daily.bucket_start is 'Start of the day in the organization''s time zone.';
comment on column meraki.api_own_share_daily.series is 'Filter set that counts the archive''s own requests.';
comment on column meraki.api_own_share_daily.own_requests is
  'Requests of that series; 0: none; null: nothing of the day was read.';
comment on column meraki.api_own_share_daily.all_requests is
  'Requests of series all on that day; null: nothing of it was read.';
comment on column meraki.api_own_share_daily.own_share is
  'own_requests / all_requests; null where either is null, or there were none at all.';
comment on column meraki.api_own_share_daily.coverage_ratio is
  'Share of the day that was read of the archive''s own series, 0 to 1.';
comment on column meraki.api_own_share_daily.date is
  'Local date of bucket_start in the organization''s time zone; joins dates.date.';

comment on view meraki.api_busiest_hours is
  'The 24 UTC hours with the most requests of each month in the organization''s time zone, per organization and series. Fewer where fewer hours had any.';
comment on column meraki.api_busiest_hours.organization_id is 'Organization whose API was called.';
comment on column meraki.api_busiest_hours.series is 'Filter set the requests were counted with; all: no filter.';
comment on column meraki.api_busiest_hours.month_start is 'Start of the month in the organization''s time zone.';
comment on column meraki.api_busiest_hours.rank is
  'Place within the month, 1 to 24; of equal hours the earlier comes first.';
comment on column meraki.api_busiest_hours.bucket_start is 'Start of the UTC hour.';
comment on column meraki.api_busiest_hours.requests is 'Number of requests; never 0.';
comment on column meraki.api_busiest_hours.mean_share is
  'Requests as a share of the 10 a second that Meraki allows an organization, over the part of the hour that was read; null when that is not known.';
comment on column meraki.api_busiest_hours.peak_per_second is
  'Requests a second in the busiest bucket of the hour; a bucket is 2 minutes wide where the finest width is stored.';

-- Rollups: what report views read in place of the facts. Whoever changes facts marks the hours it touched as stale in
-- the same transaction; the worker makes stale time anew, from the facts. Views leave stale rollups out and compute
-- that time on the fly, so they are exact at every moment. Each rollup is defined once, by a function named after it.

-- Calendar. Hours are UTC's; days are those of a time zone, each as long as it really was.

create table meraki_store.calendar_hours (
  hour_start timestamptz not null,
  constraint calendar_hours_pkey primary key (hour_start)
);

create table meraki_store.calendar_days (
  time_zone text not null,
  date date not null,
  day_start timestamptz not null,
  day_end timestamptz not null,
  constraint calendar_days_pkey primary key (time_zone, date)
);

create unique index calendar_days_day_start_idx on meraki_store.calendar_days (time_zone, day_start);

comment on table meraki_store.calendar_hours is 'Every hour of the years the archive may hold, without holes.';
comment on table meraki_store.calendar_days is
  'Every day of those years in each time zone in use: from its first instant up to the next day''s.';

-- Where midnight comes twice, the day begins with the first; where it is skipped, with what comes in its place.
create function meraki_store.day_start(day timestamp, zone text) returns timestamptz
language sql stable parallel safe
return case
  when ((day at time zone zone) - interval '1 hour') at time zone zone = day
    then (day at time zone zone) - interval '1 hour'
  else day at time zone zone
end;

comment on function meraki_store.day_start is 'First instant of a date in a time zone.';

-- A day begins where the one before ends.
create function meraki_store.extend_calendar(zone text, first_day date, last_day date) returns void
language sql set search_path = pg_catalog as $$
  insert into meraki_store.calendar_hours (hour_start)
  select h from generate_series(
    first_day::timestamp at time zone 'UTC', (last_day + 1)::timestamp at time zone 'UTC', interval '1 hour') h
  on conflict (hour_start) do nothing;
  insert into meraki_store.calendar_days (time_zone, date, day_start, day_end)
  select zone, d::date, meraki_store.day_start(d, zone), meraki_store.day_start(d + interval '1 day', zone)
  from generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') d
  where meraki_store.day_start(d, zone) < meraki_store.day_start(d + interval '1 day', zone)
  on conflict (time_zone, date) do nothing;
$$;

comment on function meraki_store.extend_calendar is 'Adds the days of a time zone, and the hours of these days.';

select meraki_store.extend_calendar('UTC', '2024-01-01', '2031-12-31');

alter table meraki_store.organizations add column time_zone text not null default 'UTC';
comment on column meraki_store.organizations.time_zone is 'Time zone of the days in reports.';

-- What is stale.

create table meraki_store.rollup_stale (
  organization_id text not null,
  stream text not null,
  series text not null,
  stale tstzmultirange not null default '{}',
  updated_at timestamptz not null,
  constraint rollup_stale_pkey primary key (organization_id, stream, series)
);

comment on table meraki_store.rollup_stale is
  'Per stream, the whole hours whose facts changed after they were rolled up. Writers lock their row, so that the worker cannot miss what they have not committed yet.';
comment on column meraki_store.rollup_stale.updated_at is 'When stale time was last added.';

insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
select organization_id, 'webhook_logs', 'all', tstzmultirange(tstzrange(
    date_trunc('hour', min(sent_at), 'UTC'), date_trunc('hour', max(sent_at), 'UTC') + interval '1 hour')), now()
from meraki_store.webhook_deliveries group by organization_id
union all
select organization_id, 'api_responses', series, tstzmultirange(tstzrange(
    date_trunc('hour', min(bucket_start), 'UTC'),
    date_trunc('hour', max(bucket_start + interval_seconds * interval '1 second'), 'UTC') + interval '1 hour')), now()
from meraki_store.api_response_counts group by organization_id, series;

-- Latencies fall into buckets whose bounds grow by 2^(1/8), rounded to whole milliseconds. value_ms stands for all of a
-- bucket; it is off by 4.33 percent of the true value at most. Less than nothing counts as nothing.

create function meraki_store.latency_bucket(ms integer) returns smallint
language sql immutable parallel safe as $$
  select width_bucket(greatest(ms, 0), array[
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 19, 21, 23, 25, 27, 29, 32, 35, 38, 41, 45, 49,
    54, 59, 64, 70, 76, 83, 91, 99, 108, 117, 128, 140, 152, 166, 181, 197, 215, 235, 256, 279, 304, 332, 362,
    395, 431, 470, 512, 558, 609, 664, 724, 790, 861, 939, 1024, 1117, 1218, 1328, 1448, 1579, 1722, 1878, 2048,
    2233, 2435, 2656, 2896, 3158, 3444, 3756, 4096, 4467, 4871, 5312, 5793, 6317, 6889, 7512, 8192, 8933, 9742,
    10624, 11585, 12634, 13777, 15024, 16384, 17867, 19484, 21247, 23170, 25268, 27554, 30048, 32768, 35734,
    38968, 42495, 46341, 50535, 55109, 60097, 65536, 71468, 77936, 84990, 92682, 101070, 110218, 120194, 131072,
    142935, 155872, 169979, 185364, 202141, 220436, 240387, 262144, 285870, 311744, 339959, 370728, 404281,
    440872, 480774, 524288, 571740, 623487, 679917, 741455, 808563, 881744, 961548, 1048576, 1143480, 1246974,
    1359835, 1482910, 1617125, 1763488, 1923097, 2097152, 2286960, 2493948, 2719670, 2965821, 3234251, 3526975,
    3846194, 4194304, 4573921, 4987896, 5439339, 5931642, 6468501, 7053950, 7692387, 8388608, 9147842, 9975792,
    10878679, 11863283, 12937002, 14107901, 15384775, 16777216, 18295684, 19951585, 21757357, 23726566,
    25874004, 28215802, 30769550, 33554432, 36591368, 39903169, 43514715, 47453133, 51748008, 56431603,
    61539100, 67108864, 73182735, 79806339, 87029429, 94906266, 103496017, 112863206, 123078199, 134217728,
    146365470, 159612677, 174058859, 189812531, 206992033, 225726413, 246156398, 268435456, 292730940,
    319225354, 348117717, 379625062, 413984066, 451452825, 492312797, 536870912, 585461881, 638450708,
    696235434, 759250125, 827968132, 902905651, 984625594, 1073741824, 1170923762, 1276901417, 1392470869,
    1518500250, 1655936265, 1805811301, 1969251188
  ])::smallint
$$;

comment on function meraki_store.latency_bucket is 'Number of the latency bucket that holds so many milliseconds.';

create table meraki_store.latency_buckets (
  bucket smallint not null,
  from_ms bigint not null,
  to_ms bigint not null,
  value_ms double precision not null,
  constraint latency_buckets_pkey primary key (bucket)
);

comment on table meraki_store.latency_buckets is 'What latency each bucket of a histogram holds: from_ms up to, not including, to_ms.';

insert into meraki_store.latency_buckets (bucket, from_ms, to_ms, value_ms)
select bucket, from_ms, to_ms,
  case when from_ms = 0 then 0 else 2.0 * from_ms * (to_ms - 1) / (from_ms + to_ms - 1) end::double precision
from (
  select meraki_store.latency_bucket(ms) as bucket, ms::bigint as from_ms,
    lead(ms::bigint, 1, 2147483648) over (order by ms) as to_ms
  from (
    select distinct round(power(2, k / 8.0))::bigint::integer as ms from generate_series(0, 247) k
    union select 0
  ) bounds
) steps;

create function meraki_store.status_class(code integer) returns text
language sql immutable parallel safe as $$
  select case
    when code <= 0 then 'no_response'
    when code = 429 then '429'
    when code between 100 and 599 then (code / 100)::text || 'xx'
    else 'other'
  end
$$;

comment on function meraki_store.status_class is 'Class of a response code as report views name it.';

create function meraki_store.organization_days(organization text, since timestamptz, until timestamptz)
returns table (date date, day_start timestamptz, day_end timestamptz)
language sql stable parallel safe security definer rows 10 set search_path = pg_catalog as $$
  select date, day_start, day_end from meraki_store.calendar_days
  where time_zone = coalesce(
      (select time_zone from meraki_store.organizations where organization_id = organization), 'UTC')
    and day_start < until and day_end > since and day_start > since - interval '2 days'
$$;

-- rows 2: nearly always nothing is stale, or the newest hours are. Postgres would expect thousands, and plan for them.
create function meraki_store.stale_hours(stale tstzmultirange)
returns table (hour_start timestamptz, hour_end timestamptz)
language sql immutable parallel safe security definer rows 2 set search_path = pg_catalog as $$
  select h, h + interval '1 hour'
  from unnest(stale) s
  cross join lateral generate_series(lower(s), upper(s) - interval '1 microsecond', interval '1 hour') h
$$;

create function meraki_store.stretches_of(stretches tstzmultirange) returns setof tstzrange
language sql immutable parallel safe security definer rows 2 set search_path = pg_catalog as $$
  select unnest(stretches)
$$;

comment on function meraki_store.stale_hours is 'Hours of a set of time that begins and ends with hours.';
comment on function meraki_store.stretches_of is 'Ranges of a set of time.';

create function meraki_store.stale_days(zone text, stale tstzmultirange)
returns table (date date, day_start timestamptz, day_end timestamptz)
language sql stable parallel safe security definer rows 2 set search_path = pg_catalog as $$
  select distinct d.date, d.day_start, d.day_end
  from unnest(stale) s
  join meraki_store.calendar_days d on d.time_zone = zone and d.day_start < upper(s) and d.day_end > lower(s)
    and d.day_start > lower(s) - interval '2 days'
$$;

comment on function meraki_store.stale_days is 'Days of a time zone that a set of time touches.';
comment on function meraki_store.organization_days is
  'Days in the organization''s time zone that a stretch of time touches.';

-- What is counted in one stretch of time. The rollups by hour and by day are made of these.

create function meraki_store.webhook_groups_within(organization text, since timestamptz, until timestamptz)
returns table (endpoint_id bigint, network_key bigint, alert_type_id bigint, status_class text, deliveries bigint,
  duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision, p95_ms double precision,
  p99_ms double precision)
language sql stable parallel safe security definer rows 20 set search_path = pg_catalog as $$
  select endpoint_id, network_key, alert_type_id, status_class, deliveries, duration_ms_sum, duration_ms_max,
    percentiles[1], percentiles[2], percentiles[3]
  from (
    select endpoint_id, network_key, alert_type_id, meraki_store.status_class(response_code) as status_class,
      count(*) as deliveries, sum(response_duration_ms)::bigint as duration_ms_sum,
      max(response_duration_ms)::bigint as duration_ms_max,
      percentile_cont(array[0.5, 0.95, 0.99]) within group (order by response_duration_ms) as percentiles
    from meraki_store.webhook_deliveries
    where organization_id = organization and sent_at >= since and sent_at < until
    group by 1, 2, 3, 4
  ) groups
$$;

create function meraki_store.webhook_endpoints_within(organization text, since timestamptz, until timestamptz)
returns table (endpoint_id bigint, deliveries bigint, successes bigint, no_response bigint,
  client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint, duration_ms_sum bigint,
  duration_ms_max bigint, p50_ms double precision, p95_ms double precision, p99_ms double precision,
  first_success_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
  latency_buckets smallint[], latency_counts integer[])
language sql stable parallel safe security definer rows 5 set search_path = pg_catalog as $$
  select endpoint_id, deliveries, successes, no_response, client_errors_4xx, rate_limited_429, server_errors_5xx,
    duration_ms_sum, duration_ms_max, percentiles[1], percentiles[2], percentiles[3], first_success_at,
    last_success_at, last_failure_at, h.latency_buckets, h.latency_counts
  from (
    select endpoint_id, count(*) as deliveries,
      count(*) filter (where response_code between 200 and 299) as successes,
      count(*) filter (where response_code <= 0) as no_response,
      count(*) filter (where response_code between 400 and 499) as client_errors_4xx,
      count(*) filter (where response_code = 429) as rate_limited_429,
      count(*) filter (where response_code between 500 and 599) as server_errors_5xx,
      sum(response_duration_ms)::bigint as duration_ms_sum, max(response_duration_ms)::bigint as duration_ms_max,
      percentile_cont(array[0.5, 0.95, 0.99]) within group (order by response_duration_ms) as percentiles,
      min(sent_at) filter (where response_code between 200 and 299) as first_success_at,
      max(sent_at) filter (where response_code between 200 and 299) as last_success_at,
      max(sent_at) filter (where response_code not between 200 and 299) as last_failure_at,
      array_agg(meraki_store.latency_bucket(response_duration_ms)) as fallen_into
    from meraki_store.webhook_deliveries
    where organization_id = organization and sent_at >= since and sent_at < until
    group by endpoint_id
  ) groups
  cross join lateral (
    select array_agg(bucket order by bucket) as latency_buckets, array_agg(n order by bucket) as latency_counts
    from (select bucket, count(*)::integer as n from unnest(fallen_into) bucket group by bucket) counts
  ) h
$$;

-- Of the buckets that count in reports (invariant I6), those that lie wholly in the stretch. A width that does not
-- divide a day could lie wholly in some days and not in others, and is left out as a whole.
create function meraki_store.api_buckets_within(
  organization text, of_series text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, interval_seconds integer, response_code integer, request_count bigint)
language sql stable parallel safe security definer rows 1000 set search_path = pg_catalog as $$
  with widths as materialized (
    select interval_seconds, counted + '{}'::tstzmultirange as counted from meraki_ingest.coverage
    where organization_id = organization and stream = 'api_responses' and series = of_series
      and 86400 % interval_seconds = 0
  )
  select f.bucket_start, w.interval_seconds, f.response_code, f.request_count
  from widths w
  -- Not flattened, so that each width is looked up by the whole of the primary key.
  cross join lateral (
    select c.bucket_start, c.response_code, c.request_count
    from meraki_store.api_response_counts c
    where c.organization_id = organization and c.series = of_series and c.interval_seconds = w.interval_seconds
      and c.bucket_start >= since and c.bucket_start < until and c.request_count > 0
      and c.bucket_start + w.interval_seconds * interval '1 second' <= until
    offset 0
  ) f
  where w.counted @> f.bucket_start
$$;

create function meraki_store.api_bucket_sums(
  organization text, of_series text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, interval_seconds integer, requests bigint, successes_2xx bigint,
  redirects_3xx bigint, client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint)
language sql stable parallel safe security definer rows 700 set search_path = pg_catalog as $$
  select bucket_start, interval_seconds, sum(request_count)::bigint,
    coalesce(sum(request_count) filter (where response_code between 200 and 299), 0)::bigint,
    coalesce(sum(request_count) filter (where response_code between 300 and 399), 0)::bigint,
    coalesce(sum(request_count) filter (where response_code between 400 and 499), 0)::bigint,
    coalesce(sum(request_count) filter (where response_code = 429), 0)::bigint,
    coalesce(sum(request_count) filter (where response_code between 500 and 599), 0)::bigint
  from meraki_store.api_buckets_within(organization, of_series, since, until)
  group by bucket_start, interval_seconds
$$;

create function meraki_store.hours_within(since timestamptz, until timestamptz)
returns table (hour_start timestamptz, hour_end timestamptz)
language sql immutable parallel safe rows 24 as $$
  select h, h + interval '1 hour'
  from generate_series(since, until - interval '1 microsecond', interval '1 hour') h
$$;

comment on function meraki_store.webhook_groups_within is
  'Deliveries of a stretch of time by endpoint, network, alert type and status class.';
comment on function meraki_store.webhook_endpoints_within is
  'Deliveries of a stretch of time by endpoint, with a histogram of latencies.';
comment on function meraki_store.api_buckets_within is 'Buckets that count in reports and lie wholly in a stretch of time.';
comment on function meraki_store.api_bucket_sums is 'Requests of those buckets by kind of answer.';
comment on function meraki_store.hours_within is 'Whole hours from one instant, which begins an hour, up to another.';

-- Rollups of webhook deliveries.

create table meraki_store.webhook_hours (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  network_key bigint not null,
  alert_type_id bigint not null,
  status_class text not null,
  deliveries bigint not null,
  duration_ms_sum bigint not null,
  duration_ms_max bigint not null,
  p50_ms double precision not null,
  p95_ms double precision not null,
  p99_ms double precision not null,
  updated_at timestamptz not null,
  constraint webhook_hours_pkey
    primary key (organization_id, bucket_start, endpoint_id, network_key, alert_type_id, status_class)
) partition by range (bucket_start);

create function meraki_store.webhook_hours_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, network_key bigint, alert_type_id bigint,
  status_class text, deliveries bigint, duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision,
  p95_ms double precision, p99_ms double precision)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select h.hour_start, g.*
  from meraki_store.hours_within(since, until) h
  cross join lateral meraki_store.webhook_groups_within(organization, h.hour_start, h.hour_end) g
$$;

create table meraki_store.webhook_days (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  network_key bigint not null,
  alert_type_id bigint not null,
  status_class text not null,
  bucket_end timestamptz not null,
  deliveries bigint not null,
  duration_ms_sum bigint not null,
  duration_ms_max bigint not null,
  p50_ms double precision not null,
  p95_ms double precision not null,
  p99_ms double precision not null,
  updated_at timestamptz not null,
  constraint webhook_days_pkey
    primary key (organization_id, bucket_start, endpoint_id, network_key, alert_type_id, status_class)
);

create function meraki_store.webhook_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, network_key bigint, alert_type_id bigint,
  status_class text, bucket_end timestamptz, deliveries bigint, duration_ms_sum bigint, duration_ms_max bigint,
  p50_ms double precision, p95_ms double precision, p99_ms double precision)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, g.endpoint_id, g.network_key, g.alert_type_id, g.status_class, d.day_end, g.deliveries,
    g.duration_ms_sum, g.duration_ms_max, g.p50_ms, g.p95_ms, g.p99_ms
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral meraki_store.webhook_groups_within(organization, d.day_start, d.day_end) g
$$;

create table meraki_store.webhook_endpoint_hours (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  deliveries bigint not null,
  successes bigint not null,
  no_response bigint not null,
  client_errors_4xx bigint not null,
  rate_limited_429 bigint not null,
  server_errors_5xx bigint not null,
  duration_ms_sum bigint not null,
  duration_ms_max bigint not null,
  p50_ms double precision not null,
  p95_ms double precision not null,
  p99_ms double precision not null,
  first_success_at timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  latency_buckets smallint[] not null,
  latency_counts integer[] not null,
  updated_at timestamptz not null,
  constraint webhook_endpoint_hours_pkey primary key (organization_id, bucket_start, endpoint_id)
) partition by range (bucket_start);

create function meraki_store.webhook_endpoint_hours_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, deliveries bigint, successes bigint,
  no_response bigint, client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint,
  duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision, p95_ms double precision,
  p99_ms double precision, first_success_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
  latency_buckets smallint[], latency_counts integer[])
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select h.hour_start, e.*
  from meraki_store.hours_within(since, until) h
  cross join lateral meraki_store.webhook_endpoints_within(organization, h.hour_start, h.hour_end) e
$$;

create table meraki_store.webhook_endpoint_days (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  bucket_end timestamptz not null,
  deliveries bigint not null,
  successes bigint not null,
  no_response bigint not null,
  client_errors_4xx bigint not null,
  rate_limited_429 bigint not null,
  server_errors_5xx bigint not null,
  duration_ms_sum bigint not null,
  duration_ms_max bigint not null,
  p50_ms double precision not null,
  p95_ms double precision not null,
  p99_ms double precision not null,
  first_success_at timestamptz,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  latency_buckets smallint[] not null,
  latency_counts integer[] not null,
  updated_at timestamptz not null,
  constraint webhook_endpoint_days_pkey primary key (organization_id, bucket_start, endpoint_id)
);

create function meraki_store.webhook_endpoint_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, bucket_end timestamptz, deliveries bigint,
  successes bigint, no_response bigint, client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint,
  duration_ms_sum bigint, duration_ms_max bigint, p50_ms double precision, p95_ms double precision,
  p99_ms double precision, first_success_at timestamptz, last_success_at timestamptz, last_failure_at timestamptz,
  latency_buckets smallint[], latency_counts integer[])
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, e.endpoint_id, d.day_end, e.deliveries, e.successes, e.no_response, e.client_errors_4xx,
    e.rate_limited_429, e.server_errors_5xx, e.duration_ms_sum, e.duration_ms_max, e.p50_ms, e.p95_ms, e.p99_ms,
    e.first_success_at, e.last_success_at, e.last_failure_at, e.latency_buckets, e.latency_counts
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral meraki_store.webhook_endpoints_within(organization, d.day_start, d.day_end) e
$$;

create table meraki_store.webhook_code_days (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  response_code integer not null,
  bucket_end timestamptz not null,
  deliveries bigint not null,
  updated_at timestamptz not null,
  constraint webhook_code_days_pkey primary key (organization_id, bucket_start, endpoint_id, response_code)
);

create function meraki_store.webhook_code_days_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, response_code integer, bucket_end timestamptz,
  deliveries bigint)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, endpoint_id, response_code, d.day_end, deliveries
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select endpoint_id, response_code, count(*) as deliveries
    from meraki_store.webhook_deliveries
    where organization_id = organization and sent_at >= d.day_start and sent_at < d.day_end
    group by endpoint_id, response_code
  ) groups
$$;

-- Deliveries of an endpoint in order fall into runs: each success begins one, and the failures up to the next success
-- belong to it. Only runs with failures are kept. Those at the ends of a day go on in the days beside it.
create table meraki_store.webhook_failure_runs (
  organization_id text not null,
  bucket_start timestamptz not null,
  endpoint_id bigint not null,
  successes_before bigint not null,
  bucket_end timestamptz not null,
  started_at timestamptz not null,
  last_failure_at timestamptz not null,
  ended_at timestamptz,
  failures bigint not null,
  last_response_code integer not null,
  updated_at timestamptz not null,
  constraint webhook_failure_runs_pkey primary key (organization_id, bucket_start, endpoint_id, successes_before)
);

create index webhook_failure_runs_started_at_idx on meraki_store.webhook_failure_runs (organization_id, started_at);

create function meraki_store.webhook_failure_runs_of(organization text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, endpoint_id bigint, successes_before bigint, bucket_end timestamptz,
  started_at timestamptz, last_failure_at timestamptz, ended_at timestamptz, failures bigint,
  last_response_code integer)
language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as $$
  select d.day_start, endpoint_id, successes_before, d.day_end, started_at, last_failure_at, ended_at, failures,
    last_response_code
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select endpoint_id, successes_so_far as successes_before,
      min(sent_at) filter (where not is_success) as started_at,
      max(sent_at) filter (where not is_success) as last_failure_at,
      lead(min(sent_at) filter (where is_success)) over (partition by endpoint_id order by successes_so_far)
        as ended_at,
      count(*) filter (where not is_success) as failures,
      (array_agg(response_code order by place desc) filter (where not is_success))[1] as last_response_code
    from (
      select endpoint_id, sent_at, response_code, response_code between 200 and 299 as is_success,
        row_number() over in_order as place,
        count(*) filter (where response_code between 200 and 299) over in_order as successes_so_far
      from meraki_store.webhook_deliveries
      where organization_id = organization and sent_at >= d.day_start and sent_at < d.day_end
      window in_order as (partition by endpoint_id order by sent_at, fingerprint, occurrence
        rows between unbounded preceding and current row)
    ) deliveries
    group by endpoint_id, successes_so_far
  ) runs
  where failures > 0
$$;

-- Rollups of API requests.

create table meraki_store.api_response_hours (
  organization_id text not null,
  series text not null,
  bucket_start timestamptz not null,
  requests bigint not null,
  successes_2xx bigint not null,
  redirects_3xx bigint not null,
  client_errors_4xx bigint not null,
  rate_limited_429 bigint not null,
  server_errors_5xx bigint not null,
  peak_per_second double precision not null,
  updated_at timestamptz not null,
  constraint api_response_hours_pkey primary key (organization_id, series, bucket_start)
) partition by range (bucket_start);

create function meraki_store.api_response_hours_of(
  organization text, of_series text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, requests bigint, successes_2xx bigint, redirects_3xx bigint,
  client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint, peak_per_second double precision)
language sql stable parallel safe security definer rows 24 set search_path = pg_catalog as $$
  select date_bin(interval '1 hour', bucket_start, timestamptz '1970-01-01 00:00:00+00'), sum(requests)::bigint, sum(successes_2xx)::bigint, sum(redirects_3xx)::bigint, sum(client_errors_4xx)::bigint,
    sum(rate_limited_429)::bigint, sum(server_errors_5xx)::bigint,
    max(requests::double precision / interval_seconds)
  from meraki_store.api_bucket_sums(organization, of_series, since, until)
  where 3600 % interval_seconds = 0
  group by 1
$$;

create table meraki_store.api_response_days (
  organization_id text not null,
  series text not null,
  bucket_start timestamptz not null,
  bucket_end timestamptz not null,
  requests bigint not null,
  successes_2xx bigint not null,
  redirects_3xx bigint not null,
  client_errors_4xx bigint not null,
  rate_limited_429 bigint not null,
  server_errors_5xx bigint not null,
  peak_per_second double precision not null,
  updated_at timestamptz not null,
  constraint api_response_days_pkey primary key (organization_id, series, bucket_start)
);

create function meraki_store.api_response_days_of(
  organization text, of_series text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, bucket_end timestamptz, requests bigint, successes_2xx bigint,
  redirects_3xx bigint, client_errors_4xx bigint, rate_limited_429 bigint, server_errors_5xx bigint,
  peak_per_second double precision)
language sql stable parallel safe security definer rows 10 set search_path = pg_catalog as $$
  select d.day_start, d.day_end, sum(requests)::bigint, sum(successes_2xx)::bigint, sum(redirects_3xx)::bigint, sum(client_errors_4xx)::bigint,
    sum(rate_limited_429)::bigint, sum(server_errors_5xx)::bigint,
    max(requests::double precision / interval_seconds)
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral meraki_store.api_bucket_sums(organization, of_series, d.day_start, d.day_end) b
  group by d.day_start, d.day_end
$$;

create table meraki_store.api_code_days (
  organization_id text not null,
  series text not null,
  bucket_start timestamptz not null,
  response_code integer not null,
  bucket_end timestamptz not null,
  requests bigint not null,
  updated_at timestamptz not null,
  constraint api_code_days_pkey primary key (organization_id, series, bucket_start, response_code)
);

create function meraki_store.api_code_days_of(
  organization text, of_series text, since timestamptz, until timestamptz)
returns table (bucket_start timestamptz, response_code integer, bucket_end timestamptz, requests bigint)
language sql stable parallel safe security definer rows 50 set search_path = pg_catalog as $$
  select d.day_start, c.response_code, d.day_end, c.requests
  from meraki_store.organization_days(organization, since, until) d
  cross join lateral (
    select response_code, sum(request_count)::bigint as requests
    from meraki_store.api_buckets_within(organization, of_series, d.day_start, d.day_end)
    group by response_code
  ) c
$$;

-- The newest rollups change every few minutes: room in their pages keeps those changes out of the indexes.
alter table meraki_store.webhook_days set (fillfactor = 80);
alter table meraki_store.webhook_endpoint_days set (fillfactor = 80);
alter table meraki_store.webhook_code_days set (fillfactor = 80);
alter table meraki_store.api_response_days set (fillfactor = 80);
alter table meraki_store.api_code_days set (fillfactor = 80);

comment on table meraki_store.webhook_hours is
  'Deliveries by endpoint, network, alert type, status class and UTC hour. Monthly partitions, made by the program.';
comment on table meraki_store.webhook_days is
  'Deliveries by endpoint, network, alert type, status class and day in the organization''s time zone.';
comment on table meraki_store.webhook_endpoint_hours is
  'Deliveries by endpoint and UTC hour, with a histogram of latencies. Monthly partitions, made by the program.';
comment on table meraki_store.webhook_endpoint_days is
  'Deliveries by endpoint and day in the organization''s time zone, with a histogram of latencies.';
comment on table meraki_store.webhook_code_days is
  'Deliveries by endpoint, response code and day in the organization''s time zone.';
comment on table meraki_store.webhook_failure_runs is
  'Unbroken runs of failures within a day of the organization''s time zone, by endpoint.';
comment on column meraki_store.webhook_failure_runs.successes_before is
  'Successes of the endpoint on that day before the run; 0 where the run may have begun the day before.';
comment on column meraki_store.webhook_failure_runs.ended_at is
  'sent_at of the success that ended the run; null where it may go on the next day.';
comment on table meraki_store.api_response_hours is
  'Requests by series and UTC hour. Monthly partitions, made by the program.';
comment on table meraki_store.api_response_days is
  'Requests by series and day in the organization''s time zone.';
comment on table meraki_store.api_code_days is
  'Requests by series, response code and day in the organization''s time zone.';

-- Who may see what. A role that has the rights of meraki_organization_reader sees the organizations listed for it, all
-- others see all. The reader comes in as an argument, since a function of the owner's would see the owner.

create table meraki_ingest.reader_organizations (
  role_name text not null,
  organization_id text not null,
  constraint reader_organizations_pkey primary key (role_name, organization_id)
);

comment on table meraki_ingest.reader_organizations is
  'Organizations that a role with the rights of meraki_organization_reader may see.';

-- Whatever has facts was marked as stale once, so none is left out because it was never listed.
create function meraki_store.visible_organizations(reader name)
returns table (organization_id text, time_zone text)
language sql stable parallel safe security definer rows 50 set search_path = pg_catalog as $$
  select o.organization_id, coalesce(s.time_zone, 'UTC')
  from (
    select organization_id from meraki_store.organizations
    union select organization_id from meraki_ingest.streams
    union select organization_id from meraki_store.rollup_stale
  ) o
  left join meraki_store.organizations s on s.organization_id = o.organization_id
  where not exists (
      select from pg_roles g join pg_roles r on r.rolname = reader
      where g.rolname = 'meraki_organization_reader' and not r.rolsuper and pg_has_role(r.oid, g.oid, 'usage')
    )
    or o.organization_id in (
      select l.organization_id from meraki_ingest.reader_organizations l where l.role_name = reader
    )
$$;

-- rows 1 makes the planner look facts and rollups up organization by organization. Readers ask for one organization or
-- for a stretch of time of all, and a customer's query must not read the rows of other customers.
-- Multiranges are united with nothing: that unpacks them once instead of for every row they are compared with.
create function meraki_store.visible_webhooks(reader name)
returns table (organization_id text, time_zone text, stale tstzmultirange, stale_since timestamptz,
  covered tstzmultirange, final tstzmultirange, wanted_from timestamptz, wanted_to timestamptz)
language sql stable parallel safe security definer rows 1 set search_path = pg_catalog as $$
  select v.organization_id, v.time_zone, coalesce(t.stale, '{}') + '{}', t.updated_at,
    coalesce(c.final, '{}') + coalesce(c.provisional, '{}'), coalesce(c.final, '{}') + '{}',
    s.wanted_from, least(now(), s.retired_at)
  from meraki_store.visible_organizations(reader) v
  left join meraki_ingest.streams s
    on s.organization_id = v.organization_id and s.stream = 'webhook_logs' and s.series = 'all'
  left join meraki_store.rollup_stale t
    on t.organization_id = v.organization_id and t.stream = 'webhook_logs' and t.series = 'all'
  left join meraki_ingest.coverage c
    on c.organization_id = v.organization_id and c.stream = 'webhook_logs' and c.series = 'all'
    and c.interval_seconds = 0
$$;

create function meraki_store.visible_series(reader name)
returns table (organization_id text, series text, time_zone text, stale tstzmultirange, stale_since timestamptz,
  wanted_from timestamptz, wanted_to timestamptz)
language sql stable parallel safe security definer rows 1 set search_path = pg_catalog as $$
  select v.organization_id, k.series, v.time_zone, coalesce(t.stale, '{}') + '{}', t.updated_at,
    s.wanted_from, least(now(), s.retired_at)
  from meraki_store.visible_organizations(reader) v
  join (
    select organization_id, series from meraki_ingest.streams where stream = 'api_responses'
    union select organization_id, series from meraki_store.rollup_stale where stream = 'api_responses'
  ) k on k.organization_id = v.organization_id
  left join meraki_ingest.streams s
    on s.organization_id = k.organization_id and s.stream = 'api_responses' and s.series = k.series
  left join meraki_store.rollup_stale t
    on t.organization_id = k.organization_id and t.stream = 'api_responses' and t.series = k.series
$$;

-- Members of dimensions, for joins. Joined as tables, a plan would tell how many rows of other organizations have a name.
create function meraki_store.seen_organizations(reader name) returns setof meraki_store.organizations
language sql stable parallel safe security definer rows 50 set search_path = pg_catalog as $$
  select o.* from meraki_store.visible_organizations(reader) v
  join meraki_store.organizations o on o.organization_id = v.organization_id
$$;

create function meraki_store.seen_networks(reader name) returns setof meraki_store.networks
language sql stable parallel safe security definer rows 1000 set search_path = pg_catalog as $$
  select n.* from meraki_store.visible_organizations(reader) v
  join meraki_store.networks n on n.organization_id = v.organization_id
$$;

create function meraki_store.seen_alert_types(reader name) returns setof meraki_store.alert_types
language sql stable parallel safe security definer rows 500 set search_path = pg_catalog as $$
  select a.* from meraki_store.visible_organizations(reader) v
  join meraki_store.alert_types a on a.organization_id = v.organization_id
$$;

create function meraki_store.seen_webhook_endpoints(reader name) returns setof meraki_store.webhook_endpoints
language sql stable parallel safe security definer rows 200 set search_path = pg_catalog as $$
  select e.* from meraki_store.visible_organizations(reader) v
  join meraki_store.webhook_endpoints e on e.organization_id = v.organization_id
$$;

comment on function meraki_store.seen_organizations is 'Organizations that a role may see, with all that is known of them.';
comment on function meraki_store.seen_networks is 'Networks of organizations that a role may see.';
comment on function meraki_store.seen_alert_types is 'Alert types of organizations that a role may see.';
comment on function meraki_store.seen_webhook_endpoints is 'Receivers of organizations that a role may see.';
comment on function meraki_store.visible_organizations is 'Organizations that a role may see.';
comment on function meraki_store.visible_webhooks is 'Webhook streams that a role may see, with what views need of their ledger.';
comment on function meraki_store.visible_series is 'Series of API counts that a role may see, with what views need of their ledger.';

-- Only the part of a range that is covered in part has to be cut out: nearly all hours are covered wholly or not at all.
-- Its body is kept parsed, not as text: readers may not look names up in this schema.
create function meraki_store.seconds_of(stretches tstzmultirange) returns double precision
language sql immutable parallel safe as $$
  select coalesce(sum(extract(epoch from upper(s) - lower(s))), 0)::double precision from unnest(stretches) s
$$;

create function meraki_store.covered_seconds(covered tstzmultirange, since timestamptz, until timestamptz)
returns double precision
language sql immutable parallel safe
return case
  when covered @> tstzrange(since, until) then extract(epoch from until - since)::double precision
  when covered && tstzrange(since, until) then
    meraki_store.seconds_of(covered * tstzmultirange(tstzrange(since, until)))
  else 0
end;

comment on function meraki_store.seconds_of is 'Length of a set of time.';
comment on function meraki_store.covered_seconds is 'How many seconds of a stretch of time lie in a set of time.';

-- The same as views in which a member is known to be one row: joins that a query does not need are left out of its plan.
create view meraki_store.organizations_seen as
select distinct on (organization_id) * from meraki_store.seen_organizations(current_user);

create view meraki_store.networks_seen as
select distinct on (organization_id, network_key) * from meraki_store.seen_networks(current_user);

create view meraki_store.alert_types_seen as
select distinct on (organization_id, alert_type_id) * from meraki_store.seen_alert_types(current_user);

create view meraki_store.webhook_endpoints_seen as
select distinct on (organization_id, endpoint_id) * from meraki_store.seen_webhook_endpoints(current_user);

comment on view meraki_store.organizations_seen is 'Organizations that the reader may see, for joins.';
comment on view meraki_store.networks_seen is 'Networks that the reader may see, for joins.';
comment on view meraki_store.alert_types_seen is 'Alert types that the reader may see, for joins.';
comment on view meraki_store.webhook_endpoints_seen is 'Receivers that the reader may see, for joins.';

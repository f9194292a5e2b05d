/*
 * The dense series of API requests. Of the buckets that count, a stretch has those that lie in it as a whole; widths
 * that do not divide the stretch count nowhere in it.
 */
import type { Comparison } from './comparison.ts';
import { GRAINS, type Grain, rounded } from './report-grain.ts';

const CLASSES: Readonly<Record<string, string>> = {
  requests: 'true',
  successes_2xx: 'response_code between 200 and 299',
  redirects_3xx: 'response_code between 300 and 399',
  client_errors_4xx: 'response_code between 400 and 499',
  rate_limited_429: 'response_code = 429',
  server_errors_5xx: 'response_code between 500 and 599',
};
const COUNTS = Object.keys(CLASSES);
const SECONDS: Readonly<Record<Grain['suffix'], number>> = { hourly: 3_600, daily: 86_400 };

/** On the grid of a bucket width, the first instant from `instant` on, or the last up to it. */
const grid = (rounding: 'ceil' | 'floor', instant: string) =>
  `to_timestamp(${rounding}(extract(epoch from ${instant}) / l.interval_seconds) * l.interval_seconds)`;

const whole = (set: string) => `coalesce((
    select sum(extract(epoch from upper(r) - lower(r)))
    from ledger l
    cross join lateral (
      select ${grid('ceil', 't.day_start')} as since, ${grid('floor', 't.day_end')} as until
    ) g
    cross join lateral unnest(${set} * tstzmultirange(tstzrange(g.since, greatest(g.since, g.until)))) r
    where l.organization_id = s.organization_id and l.stream = 'api_responses' and l.series = s.series
      and GRAIN % l.interval_seconds = 0
  ), 0)`;

/** Of each series and stretch: its length, how much of it is read and final, and what was counted. */
function stretches(grain: Grain): string {
  const seconds = String(SECONDS[grain.suffix]);
  const lies =
    grain.suffix === 'hourly'
      ? `cross join lateral (select date_trunc('hour', a.bucket_start, 'UTC') as day_start,
          date_trunc('hour', a.bucket_start, 'UTC') + interval '1 hour' as day_end) t`
      : `join days t on t.organization_id = a.organization_id and t.date = a.date`;
  return `
    select * from (
      select s.organization_id, s.series, s.time_zone, t.day_start as bucket_start,
        extract(epoch from t.day_end - t.day_start) as seconds,
        ${whole('l.counted').replace('GRAIN', seconds)} as covered,
        ${whole('(l.counted * l.final)').replace('GRAIN', seconds)} as final
      from streams s
      cross join lateral ${grain.stretches('s.wanted_from', 's.wanted_to')} t
      where s.stream = 'api_responses'
    ) calendar
    left join (
      select organization_id, series, bucket_start, max(peak) as peak,
        ${COUNTS.map((name) => `sum(${name})::bigint as ${name}`).join(', ')}
      from (
        select a.organization_id, a.series, t.day_start as bucket_start,
          sum(a.request_count)::float8 / a.interval_seconds as peak,
          ${Object.entries(CLASSES)
            .map(([name, only]) => `coalesce(sum(a.request_count) filter (where ${only}), 0) as ${name}`)
            .join(', ')}
        from meraki.api_responses a ${lies}
        where a.bucket_end <= t.day_end and ${seconds} % a.interval_seconds = 0
        group by a.organization_id, a.series, t.day_start, a.bucket_start, a.interval_seconds
      ) buckets group by 1, 2, 3
    ) counts using (organization_id, series, bucket_start)`;
}

const withRequests = (grain: Grain, select: string) => `select ${select} from (${stretches(grain)}) b`;

function series(grain: Grain): Comparison {
  return {
    name: `api_responses_${grain.suffix}`,
    shown: `select organization_id, series, bucket_start, ${COUNTS.join(', ')}, ${rounded('success_ratio')},
      ${rounded('rate_limited_share')}, ${rounded('peak_per_second')}, ${rounded('coverage_ratio')}, is_final, date
      from meraki.api_responses_${grain.suffix}`,
    right: withRequests(
      grain,
      `organization_id, series, bucket_start,
      ${COUNTS.map((name) => `case when covered > 0 then coalesce(${name}, 0) end`).join(', ')},
      ${rounded('successes_2xx::float8 / requests')}, ${rounded('rate_limited_429::float8 / requests')},
      ${rounded('peak')}, ${rounded('covered / seconds')}, final >= seconds,
      (bucket_start at time zone time_zone)::date`,
    ),
  };
}

function budget(grain: Grain): Comparison {
  return {
    name: `api_budget_${grain.suffix}`,
    shown: `select organization_id, bucket_start, requests, ${rounded('mean_share')}, ${rounded('peak_share')},
      rate_limited_429, is_final, date from meraki.api_budget_${grain.suffix}`,
    right: `${withRequests(
      grain,
      `organization_id, bucket_start, case when covered > 0 then coalesce(requests, 0) end,
      ${rounded('case when covered > 0 then coalesce(requests, 0) end / (10 * covered)')}, ${rounded('peak / 10')},
      case when covered > 0 then coalesce(rate_limited_429, 0) end, final >= seconds,
      (bucket_start at time zone time_zone)::date`,
    )} where series = 'all'`,
  };
}

const codes: Comparison = {
  name: 'api_codes_daily',
  shown: `select organization_id, series, bucket_start, response_code, requests, ${rounded('request_share')}, date
    from meraki.api_codes_daily`,
  right: `
    select a.organization_id, a.series, t.day_start, a.response_code, sum(a.request_count)::bigint,
      ${rounded(`sum(a.request_count)
        / sum(sum(a.request_count)) over (partition by a.organization_id, a.series, t.day_start)`)}, t.date
    from meraki.api_responses a
    join days t on t.organization_id = a.organization_id and t.date = a.date
    where a.bucket_end <= t.day_end and 86400 % a.interval_seconds = 0
    group by a.organization_id, a.series, t.day_start, t.date, a.response_code`,
};

export const requestFigures: readonly Comparison[] = [...GRAINS.map(series), ...GRAINS.map(budget), codes];

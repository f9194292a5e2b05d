import { CLASS_COLOURS, REQUESTS_BY_CLASS } from './code-classes.ts';
import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS, OF_SERIES } from './selection.ts';
import { sql } from './sql.ts';
import { statPanel } from './stat-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

const TIME = sql`
  from meraki.api_responses_${HOURLY_OR_DAILY}
  where ${OF_ORGANIZATIONS}
    and ${OF_SERIES}
    and $__timeFilter(bucket_start)`;

export const requests = statPanel({
  title: 'Requests',
  description: 'Requests of the series in the time range, in all hours or days that are covered.',
  unit: 'short',
  shown: 'total',
  colour: 'purple',
  sql: sql`
    select bucket_start as "time", sum(requests)::bigint as "Requests"
    ${TIME}
    group by 1
    order by 1`,
});

export const rateLimited = statPanel({
  title: 'Rate limited',
  description: 'Share of these requests that Meraki refused with 429. Empty where nobody asked.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('green', [0.01, 'orange'], [0.05, 'red']),
  sql: sql`
    select sum(rate_limited_429)::double precision / nullif(sum(requests), 0)::double precision as "Rate limited"
    ${TIME}`,
});

export const slowedHours = statPanel({
  title: 'Hours over 1 % refused',
  description:
    'Share of the covered hours of the time range with requests in which more than 1 % of these were refused with 429.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: thresholds('green', [0.05, 'orange'], [0.2, 'red']),
  sql: sql`
    select avg(case when rate_limited_429 > 0.01 * requests then 1.0 else 0.0 end)::double precision as "Hours"
    from meraki.api_responses_hourly
    where ${OF_ORGANIZATIONS}
      and ${OF_SERIES}
      and $__timeFilter(bucket_start) and requests > 0`,
});

export const peak = statPanel({
  title: 'Peak use of the limit',
  description:
    'Largest share of the 10 requests a second that one of the organizations used within one stored bucket, of 2 minutes as a rule; all applications together.',
  unit: 'percentunit',
  decimals: 0,
  thresholds: thresholds('green', [0.8, 'orange'], [1, 'red']),
  sql: sql`
    select max(peak_share) as "Peak"
    from meraki.api_budget_${HOURLY_OR_DAILY}
    where ${OF_ORGANIZATIONS}
      and $__timeFilter(bucket_start)`,
});

export const ownPart = statPanel({
  title: 'The archive itself',
  description:
    'Share of all requests that this archive sent: known where SERIES_FILE has a series of its user agent, empty elsewhere. Whole days.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('green', [0.1, 'orange'], [0.3, 'red']),
  sql: sql`
    select sum(own_requests)::double precision / nullif(sum(all_requests), 0)::double precision as "Own"
    from meraki.api_own_share_daily
    where ${OF_ORGANIZATIONS}
      and $__timeFilter(bucket_start)`,
});

export const byOutcome = timeSeriesPanel({
  title: 'Requests by outcome',
  description:
    'What Meraki answered. Shaded stretches: blue is not final and may grow, orange is missing and can still be had, red is lost. Nothing drawn on a plain background means that nobody asked.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: CLASS_COLOURS,
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time",
      ${REQUESTS_BY_CLASS}
    ${TIME}
    group by 1
    order by 1`,
});

import { MOMENT, PART } from './column-looks.ts';
import { HOURLY_OR_DAILY, MONTHS_IN_RANGE, OF_ORGANIZATIONS, OF_SERIES } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';
import { hourColumns, WEEKDAY } from './weekday-hours.ts';

export const codes = tablePanel({
  title: 'Response codes',
  description:
    'Requests of the series in the time range by response code. Whole days, so it can begin later than the time range.',
  columns: {
    Code: { unit: 'none', width: 70 },
    Reason: { width: 190 },
    Requests: { width: 100 },
    Share: PART,
  },
  sql: sql`
    select c.response_code as "Code", min(r.name) as "Reason", sum(c.requests)::bigint as "Requests",
      sum(c.requests)::double precision / nullif(sum(sum(c.requests)) over (), 0)::double precision as "Share"
    from meraki.api_codes_daily c
    left join meraki.response_codes r on r.response_code = c.response_code
    where c.${OF_ORGANIZATIONS}
      and c.${OF_SERIES}
      and $__timeFilter(c.bucket_start)
    group by c.response_code
    order by 3 desc`,
});

function useOfLimit(title: string, description: string, column: string) {
  return timeSeriesPanel({
    title,
    description: `${description} All applications together, as a share of the 10 requests a second that Meraki allows an organization. Breaks where time is not covered.`,
    unit: 'percentunit',
    drawn: 'lines',
    softMax: 1,
    marks: [
      [0.8, 'orange'],
      [1, 'red'],
    ],
    calcs: ['max', 'lastNotNull'],
    sql: sql`
      select b.bucket_start as "time", o.name as metric, max(b.${column}) as "Share"
      from meraki.api_budget_${HOURLY_OR_DAILY} b
      join meraki.organizations o on o.id = b.organization_id
      where b.${OF_ORGANIZATIONS}
        and $__timeFilter(b.bucket_start)
      group by 1, 2
      order by 1, 2`,
  });
}

export const peakUse = useOfLimit(
  'Busiest moment against the limit',
  'The busiest stored bucket of each hour or day, of 2 minutes as a rule. Above 80 % shorter bursts begin to be refused; above 100 % some certainly were.',
  'peak_share',
);

export const meanUse = useOfLimit(
  'Mean use of the limit',
  'The mean of each hour or day. High all day long: there is little room for another automation.',
  'mean_share',
);

export const limited = timeSeriesPanel({
  title: 'Refused with 429, by organization',
  description:
    'Share of the requests of the series that were refused with 429. Breaks where nobody asked and where time is not covered.',
  unit: 'percentunit',
  drawn: 'lines',
  calcs: ['max', 'mean'],
  sql: sql`
    select bucket_start as "time", organization_name as metric,
      sum(rate_limited_429)::double precision / nullif(sum(requests), 0)::double precision as "429"
    from meraki.api_responses_${HOURLY_OR_DAILY}
    where ${OF_ORGANIZATIONS}
      and ${OF_SERIES}
      and $__timeFilter(bucket_start)
    group by 1, 2
    order by 1, 2`,
});

export const weekBefore = timeSeriesPanel({
  title: 'Requests an hour, and the week before',
  description:
    'Each hour beside the same hour one week earlier (dashed). A line breaks where its hour is not covered.',
  unit: 'short',
  drawn: 'lines',
  colours: { 'This week': 'purple', 'Week before': 'text', 'Refused with 429': 'yellow' },
  dashed: ['Week before'],
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time", sum(requests)::bigint as "This week",
      sum(requests_week_before)::bigint as "Week before", sum(rate_limited_429)::bigint as "Refused with 429"
    from meraki.api_week_over_week
    where ${OF_ORGANIZATIONS}
      and ${OF_SERIES}
      and $__timeFilter(bucket_start)
    group by 1
    order by 1`,
});

export const busiest = tablePanel({
  title: 'Busiest hours',
  description:
    'The busiest hours of each month that the time range touches. Mean: requests of the hour as a share of the 10 a second. Peak: requests a second in the busiest stored bucket.',
  columns: {
    Hour: MOMENT,
    Organization: { width: 190 },
    Requests: { width: 100 },
    'Mean of limit': PART,
    'Peak a second': { decimals: 1, unit: 'reqps', width: 120 },
  },
  sql: sql`
    select h.bucket_start as "Hour", o.name as "Organization", h.requests as "Requests",
      h.mean_share as "Mean of limit", h.peak_per_second as "Peak a second"
    from meraki.api_busiest_hours h
    join meraki.organizations o on o.id = h.organization_id
    where h.${OF_ORGANIZATIONS}
      and h.${OF_SERIES}
      and ${MONTHS_IN_RANGE}
    order by h.requests desc, h.bucket_start
    limit 24`,
});

export const weekdays = tablePanel({
  title: 'Requests an hour, by weekday and hour of the day',
  description:
    'Mean number of requests of an hour, over the covered hours of all months that the time range touches, in the time zones of the organizations. Empty: no such hour is covered.',
  columns: { Day: { width: 60, color: { mode: 'thresholds' }, cell: { type: 'auto' } } },
  others: {
    cell: { mode: 'basic', type: 'color-background' },
    color: { mode: 'continuous-purples' },
    min: 0,
    width: 52,
  },
  sql: sql`
    select ${WEEKDAY} as "Day",
      ${hourColumns((only) => `(sum(requests) ${only} / nullif(sum(covered_hours) ${only}, 0))::double precision`)}
    from meraki.api_heat_map h
    join meraki.organizations o on o.id = h.organization_id
    where h.${OF_ORGANIZATIONS}
      and h.${OF_SERIES}
      and ${MONTHS_IN_RANGE}
    group by iso_weekday
    order by iso_weekday`,
});

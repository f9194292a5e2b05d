import { CLASS_COLOURS, DELIVERIES_BY_CLASS, REQUESTS_BY_CLASS } from './code-classes.ts';
import { API_TIME, DELIVERY_TIME } from './overview-time-range.ts';
import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { stateTimelinePanel } from './state-timeline-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

export const deliveriesByClass = timeSeriesPanel({
  title: 'Deliveries by outcome',
  description:
    'What receivers answered. Shaded stretches: blue is not final and may grow, orange is missing and can still be had, red is lost. Nothing drawn on a plain background means that nothing was sent.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: CLASS_COLOURS,
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time",
      ${DELIVERIES_BY_CLASS}
    ${DELIVERY_TIME}
    group by 1
    order by 1`,
});

export const requestsByClass = timeSeriesPanel({
  title: 'API requests by outcome',
  description:
    'What Meraki answered to the requests of all applications. Shaded stretches as beside; nothing drawn on a plain background means that nobody asked.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: CLASS_COLOURS,
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time",
      ${REQUESTS_BY_CLASS}
    ${API_TIME}
    group by 1
    order by 1`,
});

export const successByOrganization = stateTimelinePanel({
  title: 'Delivered, by organization',
  description:
    'Share of deliveries answered with 2xx: red below 50 %, orange below 95 %, yellow below 99 %. No colour where nothing was sent and where time is not covered; the coverage is on the dashboard of the archive.',
  unit: 'percentunit',
  thresholds: thresholds(
    'semi-dark-red',
    [0.5, 'semi-dark-orange'],
    [0.95, 'semi-dark-yellow'],
    [0.99, 'semi-dark-green'],
  ),
  sql: sql`
    select bucket_start as "time", organization_name as metric,
      sum(successes)::double precision / nullif(sum(deliveries), 0)::double precision as "Delivered"
    ${DELIVERY_TIME}
    group by 1, 2
    order by 1, 2`,
});

export const budgetByOrganization = timeSeriesPanel({
  title: 'Busiest moment against the limit, by organization',
  description:
    'Largest share of the 10 requests a second that an organization used within one stored bucket, of 2 minutes as a rule. Above 80 % requests begin to be refused in shorter bursts. Breaks where time is not covered.',
  unit: 'percentunit',
  drawn: 'lines',
  softMax: 1,
  marks: [
    [0.8, 'orange'],
    [1, 'red'],
  ],
  calcs: ['max', 'lastNotNull'],
  sql: sql`
    select b.bucket_start as "time", o.name as metric, max(b.peak_share) as "Peak"
    from meraki.api_budget_${HOURLY_OR_DAILY} b
    join meraki.organizations o on o.id = b.organization_id
    where b.${OF_ORGANIZATIONS}
      and $__timeFilter(b.bucket_start)
    group by 1, 2
    order by 1, 2`,
});

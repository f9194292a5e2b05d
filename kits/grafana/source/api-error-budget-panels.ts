import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS, OF_SERIES } from './selection.ts';
import { sql } from './sql.ts';
import { statPanel } from './stat-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

export const errorBudgetLeft = statPanel({
  title: 'Error budget left',
  description:
    'What is left of the requests that may fail (429 and 5xx) within 30 days if the objective, API_OBJECTIVE, is to be kept; of the organization with the least, at the end of the time range. Below 0 the objective is missed.',
  unit: 'percentunit',
  decimals: 0,
  thresholds: thresholds('red', [0, 'orange'], [0.25, 'green']),
  sql: sql`
    select min(budget_left_ratio_30d) as "Left"
    from (
      select distinct on (organization_id) budget_left_ratio_30d
      from meraki.api_error_budget_daily
      where ${OF_ORGANIZATIONS}
        and ${OF_SERIES}
        and $__timeFilter(bucket_start)
        and budget_left_ratio_30d is not null
      order by organization_id, bucket_start desc
    ) newest`,
});

export const burnRate = timeSeriesPanel({
  title: 'Burn rate, by organization',
  description:
    'How fast the error budget is used: at 1 it lasts exactly 30 days, at 14.4 an hour uses 2 % of it. Breaks where nobody asked and where time is not covered.',
  unit: 'short',
  drawn: 'lines',
  decimals: 1,
  marks: [
    [1, 'orange'],
    [14.4, 'red'],
  ],
  calcs: ['max', 'mean'],
  sql: sql`
    select b.bucket_start as "time", o.name as metric, max(b.burn_rate) as "Burn rate"
    from meraki.api_error_budget_${HOURLY_OR_DAILY} b
    join meraki.organizations o on o.id = b.organization_id
    where b.${OF_ORGANIZATIONS}
     
      and b.${OF_SERIES}
      and $__timeFilter(b.bucket_start)
    group by 1, 2
    order by 1, 2`,
});

export const budgetLeft = timeSeriesPanel({
  title: 'Error budget left of the last 30 days, by organization',
  description:
    'Share of the requests that may fail (429 and 5xx) within 30 days that had not failed yet, day by day. Below 0 the objective is missed.',
  unit: 'percentunit',
  drawn: 'lines',
  max: 1,
  min: null,
  marks: [[0, 'red']],
  calcs: ['lastNotNull', 'min'],
  smallestFirst: true,
  interval: '1d',
  sql: sql`
    select b.bucket_start as "time", o.name as metric, min(b.budget_left_ratio_30d) as "Left"
    from meraki.api_error_budget_daily b
    join meraki.organizations o on o.id = b.organization_id
    where b.${OF_ORGANIZATIONS}
     
      and b.${OF_SERIES}
      and $__timeFilter(b.bucket_start)
    group by 1, 2
    order by 1, 2`,
});

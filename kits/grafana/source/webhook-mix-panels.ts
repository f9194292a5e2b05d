import { badNumber, PART } from './column-looks.ts';
import { MONTHS_IN_RANGE, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';
import { hourColumns, WEEKDAY } from './weekday-hours.ts';

export const weekBefore = timeSeriesPanel({
  title: 'Deliveries an hour, and the week before',
  description:
    'Each hour beside the same hour one week earlier (dashed). Of all receivers of the organizations. A line breaks where its hour is not covered.',
  unit: 'short',
  drawn: 'lines',
  colours: { 'This week': 'blue', 'Week before': 'text', Failed: 'red' },
  dashed: ['Week before'],
  calcs: ['sum'],
  sql: sql`
    select bucket_start as "time", sum(deliveries)::bigint as "This week",
      sum(deliveries_week_before)::bigint as "Week before", sum(failures)::bigint as "Failed"
    from meraki.webhook_week_over_week
    where ${OF_ORGANIZATIONS}
      and $__timeFilter(bucket_start)
    group by 1
    order by 1`,
});

export const alertMix = timeSeriesPanel({
  title: 'Deliveries a day, by alert type',
  description:
    'What the deliveries were about: the 8 most frequent alert types of the time range, and all others together. Of all receivers of the organizations, in days of their time zones.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: { others: '#7b7f87' },
  calcs: ['sum'],
  legendAt: 'right',
  interval: '1d',
  sql: sql`
    with mix as (
      select bucket_start, alert_type, sum(deliveries) as deliveries
      from meraki.webhook_alert_mix_daily
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      group by 1, 2
    ), frequent as (
      select alert_type from mix group by 1 order by sum(deliveries) desc, 1 limit 8
    )
    select m.bucket_start as "time",
      case when f.alert_type is null then 'others' else coalesce(nullif(f.alert_type, ''), 'without a type') end as metric,
      sum(m.deliveries)::bigint as "Deliveries"
    from mix m
    left join frequent f on f.alert_type = m.alert_type
    group by 1, 2
    order by 1, 2`,
});

export const networks = tablePanel({
  title: 'Networks',
  description:
    'The 50 networks with most deliveries in the time range, by name, and how many failed. Share: of all deliveries. Whole days, so it can begin later than the time range.',
  columns: {
    Network: { width: 150 },
    Organization: { width: 150 },
    Deliveries: { width: 90 },
    Failed: { ...badNumber('percentunit', 0.01, 0.05), decimals: 1, width: 80 },
    Share: PART,
  },
  sql: sql`
    select min(m.network_name) as "Network", min(o.name) as "Organization", sum(m.deliveries)::bigint as "Deliveries",
      sum(m.failures)::double precision / nullif(sum(m.deliveries), 0)::double precision as "Failed",
      sum(m.deliveries)::double precision / nullif(sum(sum(m.deliveries)) over (), 0)::double precision as "Share"
    from meraki.webhook_network_mix_daily m
    join meraki.organizations o on o.id = m.organization_id
    where m.${OF_ORGANIZATIONS}
      and $__timeFilter(m.bucket_start)
    group by m.organization_id, m.network_id
    order by 3 desc
    limit 50`,
});

export const weekdays = tablePanel({
  title: 'Deliveries an hour, by weekday and hour of the day',
  description:
    'Mean number of deliveries of an hour, over the covered hours of all months that the time range touches, in the time zones of the organizations. Empty: no such hour is covered.',
  columns: { Day: { width: 60, color: { mode: 'thresholds' }, cell: { type: 'auto' } } },
  others: {
    cell: { mode: 'basic', type: 'color-background' },
    color: { mode: 'continuous-blues' },
    min: 0,
    width: 52,
  },
  sql: sql`
    select ${WEEKDAY} as "Day",
      ${hourColumns((only) => `(sum(deliveries) ${only} / nullif(sum(covered_hours) ${only}, 0))::double precision`)}
    from meraki.webhook_heat_map h
    join meraki.organizations o on o.id = h.organization_id
    where h.${OF_ORGANIZATIONS}
      and ${MONTHS_IN_RANGE}
    group by iso_weekday
    order by iso_weekday`,
});

/*
 * Months per receiver. Their percentiles come from merged histograms, so they are compared with the exact ones by
 * how far they are off.
 */
import type { Comparison } from './comparison.ts';

const TOLERANCE = 0.045;
const PERCENTILES = [50, 95, 99];

export const monthFigures: readonly Comparison[] = [
  {
    name: 'webhook_receivers_monthly',
    shown: `
      select m.organization_id, m.endpoint_id, m.bucket_start, m.deliveries, m.successes, m.failures, m.no_response,
        m.duration_ms_sum, m.duration_ms_max, m.is_final, m.date,
        ${PERCENTILES.map((share) => `abs(m.p${share}_ms - r.p${share}) <= ${TOLERANCE} * abs(r.p${share})`).join(', ')}
      from meraki.webhook_receivers_monthly m
      left join (
        select w.organization_id, w.endpoint_id, date_trunc('month', w.date::timestamp)::date as month,
          ${PERCENTILES.map((share) => `percentile_cont(${share / 100}) within group (order by w.response_duration_ms) as p${share}`).join(', ')}
        from meraki.webhook_deliveries w group by 1, 2, 3
      ) r on r.organization_id = m.organization_id and r.endpoint_id = m.endpoint_id and r.month = m.date`,
    right: `
      select d.organization_id, d.endpoint_id, s.day_start, sum(d.deliveries)::bigint, sum(d.successes)::bigint,
        sum(d.failures)::bigint, sum(d.no_response)::bigint, sum(d.duration_ms_sum)::bigint, max(d.duration_ms_max),
        bool_and(d.is_final), date_trunc('month', d.date::timestamp)::date,
        ${PERCENTILES.map(() => 'case when sum(d.deliveries) > 0 then true end').join(', ')}
      from meraki.webhook_receivers_daily d
      left join days s on s.organization_id = d.organization_id
        and s.date = date_trunc('month', d.date::timestamp)::date
      group by 1, 2, 3, 11`,
  },
];

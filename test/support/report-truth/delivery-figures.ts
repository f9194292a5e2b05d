import type { Comparison } from './comparison.ts';
import { GRAINS, type Grain, rounded, secondsWithin } from './report-grain.ts';

const GROUP = 'organization_id, endpoint_id, network_id, alert_type, status_class, bucket_start';
const FIGURES = `deliveries, successes, duration_ms_sum, duration_ms_max, p50_ms, p95_ms, p99_ms, is_final, date,
  endpoint_key, network_key, ${rounded('coverage_ratio')}`;

const percentile = (share: number) =>
  `percentile_cont(${share}) within group (order by w.response_duration_ms)`;

/** Per endpoint, network, alert type, status class and stretch. */
function groups({ suffix, join, start, end }: Grain): Comparison {
  return {
    name: `webhook_deliveries_${suffix}`,
    shown: `select ${GROUP}, ${FIGURES} from meraki.webhook_deliveries_${suffix}`,
    right: `
      select g.organization_id, endpoint_id, network_id, alert_type, status_class, g.bucket_start, deliveries,
        successes, duration_ms_sum, duration_ms_max, p50, p95, p99,
        coalesce(l.final @> tstzrange(g.bucket_start, g.bucket_end), false),
        (g.bucket_start at time zone s.time_zone)::date, g.organization_id || '/' || endpoint_id,
        g.organization_id || '/' || network_id,
        ${rounded(`${secondsWithin('l.covered', 'g.bucket_start', 'g.bucket_end')}
          / extract(epoch from g.bucket_end - g.bucket_start)`)}
      from (
        select w.organization_id, w.endpoint_id, w.network_id, w.alert_type, w.status_class, ${start} as bucket_start,
          ${end} as bucket_end, count(*) as deliveries, count(*) filter (where w.is_success) as successes,
          sum(w.response_duration_ms)::bigint as duration_ms_sum, max(w.response_duration_ms) as duration_ms_max,
          ${percentile(0.5)} as p50, ${percentile(0.95)} as p95, ${percentile(0.99)} as p99
        from meraki.webhook_deliveries w ${join}
        group by 1, 2, 3, 4, 5, 6, 7
      ) g
      join streams s on s.organization_id = g.organization_id and s.stream = 'webhook_logs'
      left join ledger l on l.organization_id = g.organization_id and l.stream = 'webhook_logs'`,
  };
}

/** The date of a delivery is the one that clocks showed. */
const dates: Comparison = {
  name: 'webhook_deliveries.date',
  shown: 'select w.organization_id, w.sent_at, w.date from meraki.webhook_deliveries w',
  right: `select w.organization_id, w.sent_at, t.date from meraki.webhook_deliveries w
    join days t on t.organization_id = w.organization_id and w.sent_at >= t.day_start and w.sent_at < t.day_end`,
};

/** Every delivery is in the bucket of its latency, and each is in one. */
const histogram: Comparison = {
  name: 'webhook_latency_histogram',
  shown: `select organization_id, endpoint_id, bucket_start, from_ms, to_ms, deliveries, date
    from meraki.webhook_latency_histogram
    union all
    select organization_id, endpoint_id, bucket_start, null, null, sum(deliveries)::bigint, date
    from meraki.webhook_latency_histogram group by 1, 2, 3, 7`,
  right: `
    with bounds as materialized (select distinct from_ms, to_ms from meraki.webhook_latency_histogram),
    deliveries as materialized (
      select w.organization_id, w.endpoint_id, t.day_start, t.date,
        greatest(w.response_duration_ms, 0) as ms, count(*) as n
      from meraki.webhook_deliveries w ${GRAINS[1]?.join} group by 1, 2, 3, 4, 5
    )
    select organization_id, endpoint_id, day_start, from_ms, to_ms, sum(n)::bigint, date
    from deliveries join bounds on ms >= from_ms and ms < to_ms group by 1, 2, 3, 4, 5, 7
    union all
    select organization_id, endpoint_id, day_start, null, null, sum(n)::bigint, date
    from deliveries group by 1, 2, 3, 7`,
};

export const deliveryFigures: readonly Comparison[] = [...GRAINS.map(groups), dates, histogram];

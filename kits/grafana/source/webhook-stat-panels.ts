import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS, OF_RECEIVERS } from './selection.ts';
import { sql } from './sql.ts';
import { statPanel } from './stat-panel.ts';

const TIME = sql`
  from meraki.webhook_receivers_${HOURLY_OR_DAILY}
  where ${OF_ORGANIZATIONS}
    and ${OF_RECEIVERS}
    and $__timeFilter(bucket_start)`;

export const deliveries = statPanel({
  title: 'Deliveries',
  description: 'Deliveries to these receivers in the time range, in all hours or days that are covered.',
  unit: 'short',
  shown: 'total',
  sql: sql`
    select bucket_start as "time", sum(deliveries)::bigint as "Deliveries"
    ${TIME}
    group by 1
    order by 1`,
});

export const delivered = statPanel({
  title: 'Delivered',
  description: 'Share of these deliveries that the receiver answered with 2xx. Empty where nothing was sent.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('red', [0.95, 'orange'], [0.99, 'green']),
  sql: sql`
    select sum(successes)::double precision / nullif(sum(deliveries), 0)::double precision as "Delivered"
    ${TIME}`,
});

export const noAnswer = statPanel({
  title: 'No answer',
  description:
    'Share of them that got no HTTP answer at all: the receiver was down, too slow, or its name or certificate was wrong.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('green', [0.005, 'orange'], [0.02, 'red']),
  sql: sql`
    select sum(no_response)::double precision / nullif(sum(deliveries), 0)::double precision as "No answer"
    ${TIME}`,
});

export const slowest = statPanel({
  title: 'p95 of answer time',
  description:
    '95 of 100 deliveries of the time range were answered, or given up, within this time. Read off the merged histograms of whole days, at most 4.5 % off.',
  unit: 'ms',
  decimals: 1,
  thresholds: thresholds('green', [2000, 'orange'], [8000, 'red']),
  sql: sql`
    select min(sqrt(greatest(from_ms, 1)::double precision * to_ms)) as "p95"
    from (
      select from_ms, to_ms, sum(sum(deliveries)) over (order by from_ms) as up_to,
        sum(sum(deliveries)) over () as total
      from meraki.webhook_latency_histogram
      where ${OF_ORGANIZATIONS}
        and ${OF_RECEIVERS}
        and $__timeFilter(bucket_start)
      group by from_ms, to_ms
    ) buckets
    where up_to >= 0.95 * total`,
});

export const failing = statPanel({
  title: 'Receivers failing now',
  description: 'Receivers whose last 3 or more deliveries all failed. As of now, whatever the time range.',
  unit: 'short',
  thresholds: thresholds('green', [1, 'red']),
  sql: sql`
    select count(*) as "Failing"
    from meraki.webhook_endpoint_health
    where ${OF_ORGANIZATIONS}
      and ${OF_RECEIVERS} and state = 'failing'`,
});

export const openIncidents = statPanel({
  title: 'Incidents in this time',
  description:
    'Unbroken runs of 3 or more failures that lay in the time range at least in part. A run ends with the first delivery that succeeds.',
  unit: 'short',
  thresholds: thresholds('green', [1, 'orange'], [10, 'red']),
  sql: sql`
    select count(*) as "Incidents"
    from meraki.webhook_incidents
    where ${OF_ORGANIZATIONS}
      and ${OF_RECEIVERS} and failures >= 3
      and started_at <= $__timeTo() and (ended_at is null or ended_at >= $__timeFrom())`,
});

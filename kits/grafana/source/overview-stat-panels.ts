import { API_TIME, DELIVERY_TIME } from './overview-time-range.ts';
import { thresholds } from './panel.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { statPanel } from './stat-panel.ts';

export const deliveries = statPanel({
  title: 'Webhook deliveries',
  description:
    'Deliveries that Meraki sent in the time range, in all hours or days that are covered. Time that is not covered adds nothing: compare with "Time covered".',
  unit: 'short',
  shown: 'total',
  sql: sql`
    select bucket_start as "time", sum(deliveries)::bigint as "Deliveries"
    ${DELIVERY_TIME}
    group by 1
    order by 1`,
});

export const deliverySuccess = statPanel({
  title: 'Delivered',
  description:
    'Share of these deliveries that the receiver answered with 2xx. Anything else, no answer among it, is a failure. Empty where nothing was sent.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('red', [0.95, 'orange'], [0.99, 'green']),
  sql: sql`
    select sum(successes)::double precision / nullif(sum(deliveries), 0)::double precision as "Delivered"
    ${DELIVERY_TIME}`,
});

export const requests = statPanel({
  title: 'API requests',
  description:
    'Requests to the Dashboard API by all applications in the time range, in all hours or days that are covered.',
  unit: 'short',
  shown: 'total',
  colour: 'purple',
  sql: sql`
    select bucket_start as "time", sum(requests)::bigint as "Requests"
    ${API_TIME}
    group by 1
    order by 1`,
});

export const rateLimited = statPanel({
  title: 'Rate limited',
  description:
    'Share of these requests that Meraki refused with 429, since the 10 requests a second were used up.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('green', [0.01, 'orange'], [0.05, 'red']),
  sql: sql`
    select sum(rate_limited_429)::double precision / nullif(sum(requests), 0)::double precision as "Rate limited"
    ${API_TIME}`,
});

export const timeCovered = statPanel({
  title: 'Time covered',
  description:
    'Share of the time range, from when each organization is archived, that was read completely: mean of deliveries and API requests. Below 100 % figures on this page are too low.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: thresholds('red', [0.98, 'orange'], [0.9995, 'green']),
  sql: sql`
    select avg(coverage_ratio) as "Covered"
    from (
      select coverage_ratio from meraki.webhook_totals_${HOURLY_OR_DAILY}
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      union all
      select coverage_ratio from meraki.api_responses_${HOURLY_OR_DAILY}
      where series = 'all'
        and ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
    ) buckets`,
});

export const behind = statPanel({
  title: 'Furthest behind',
  description:
    'How far the stream that is furthest behind has been read, of organizations that can be read. Some 5 to 20 minutes are usual; this is now, whatever the time range.',
  unit: 's',
  decimals: 0,
  thresholds: thresholds('green', [3600, 'orange'], [21600, 'red']),
  sql: sql`
    select max(lag_seconds) as "Behind"
    from meraki.freshness
    where ${OF_ORGANIZATIONS} and organization_state = 'active' and retired_at is null`,
});

import { AGO, badNumber, goodShare, MOMENT, words } from './column-looks.ts';
import { OF_ORGANIZATIONS, OF_RECEIVERS, RECEIVER_NAMES } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';

const RATIO = goodShare(0.95, 0.99);

export const receivers = tablePanel({
  title: 'Receivers',
  description:
    'Each receiver now: share of deliveries answered with 2xx in the last hour, day, week and 30 days, empty where nothing was sent. failing: 3 or more failures in a row; degraded: below 99 % in 24 hours; quiet: nothing sent in 24 hours; silent: nothing in 30 days. Whatever the time range.',
  columns: {
    Receiver: { width: 280 },
    Organization: { width: 190 },
    State: words({
      failing: 'semi-dark-red',
      degraded: 'semi-dark-orange',
      quiet: 'semi-dark-blue',
      silent: 'dark-blue',
      healthy: 'semi-dark-green',
    }),
    '1 h': RATIO,
    '24 h': RATIO,
    '7 d': RATIO,
    '30 d': RATIO,
    'Sent in 7 d': { width: 100 },
    'Failed in a row': { ...badNumber('short', 1, 3), width: 120 },
    'Last success': AGO,
    'Last failure': AGO,
  },
  filterable: true,
  sql: sql`
    select r.receiver as "Receiver", r.organization as "Organization", h.state as "State",
      h.success_ratio_1h as "1 h", h.success_ratio_24h as "24 h", h.success_ratio_7d as "7 d",
      h.success_ratio_30d as "30 d", h.deliveries_7d as "Sent in 7 d",
      h.consecutive_failures as "Failed in a row", h.last_success_at as "Last success",
      h.last_failure_at as "Last failure"
    from meraki.webhook_endpoint_health h
    join (
      ${RECEIVER_NAMES}
    ) r on r.organization_id = h.organization_id and r.endpoint_id = h.endpoint_id
    where h.${OF_ORGANIZATIONS}
      and h.${OF_RECEIVERS}
    order by array_position(array['failing', 'degraded', 'silent', 'quiet', 'healthy'], h.state),
      h.success_ratio_7d nulls last, r.receiver`,
});

export const incidents = tablePanel({
  title: 'Incidents',
  description:
    'Unbroken runs of 3 or more failures in the time range, those that go on first. A run ends with the first delivery that succeeds. Code: of its last failure, empty when there was no HTTP answer. The newest 200.',
  columns: {
    Receiver: { width: 230 },
    Began: MOMENT,
    Ended: {
      ...MOMENT,
      mappings: [
        { options: { match: 'null', result: { color: 'red', index: 0, text: 'goes on' } }, type: 'special' },
      ],
    },
    Lasted: { ...badNumber('s', 3600, 86400), width: 100 },
    Failures: { width: 80 },
    Code: { unit: 'none', width: 70 },
  },
  sql: sql`
    select r.receiver as "Receiver", i.started_at as "Began", i.ended_at as "Ended",
      i.duration_seconds as "Lasted", i.failures as "Failures", i.last_response_code as "Code"
    from meraki.webhook_incidents i
    join (
      ${RECEIVER_NAMES}
    ) r on r.organization_id = i.organization_id and r.endpoint_id = i.endpoint_id
    where i.${OF_ORGANIZATIONS}
      and i.${OF_RECEIVERS} and i.failures >= 3
      and i.started_at <= $__timeTo() and (i.ended_at is null or i.ended_at >= $__timeFrom())
    order by i.ended_at is null desc, i.started_at desc
    limit 200`,
});

export const beganToFail = tablePanel({
  title: 'Began to fail, or went silent',
  description:
    'Receivers that worked and now do not, and receivers that were sent deliveries and now are not. Empty is good. As of now, whatever the time range.',
  columns: {
    Receiver: { width: 230 },
    What: words({ 'began to fail': 'semi-dark-red', 'went silent': 'semi-dark-orange' }, 110),
    Since: AGO,
    'Before, a day': { decimals: 0, width: 110 },
    'Failures since': { width: 110 },
  },
  sql: sql`
    select r.receiver as "Receiver", replace(a.kind, '_', ' ') as "What", a.since as "Since",
      a.deliveries_per_day_before as "Before, a day", a.failures as "Failures since"
    from meraki.webhook_receiver_alerts a
    join (
      ${RECEIVER_NAMES}
    ) r on r.organization_id = a.organization_id and r.endpoint_id = a.endpoint_id
    where a.${OF_ORGANIZATIONS}
      and a.${OF_RECEIVERS}
    order by a.since desc`,
});

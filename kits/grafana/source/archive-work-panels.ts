import { AGO, badNumber, goodShare, MOMENT, words } from './column-looks.ts';
import { OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

const RUNS = sql`
  from meraki.sync_runs
  where ${OF_ORGANIZATIONS}
    and $__timeFilter(started_at)`;
const STREAM = `case series when 'all' then '' else ' ' || series end`;

export const runs = timeSeriesPanel({
  title: 'Runs by outcome',
  description:
    'Runs by when they began. paused: time was up, the next one goes on; running: goes on, or was killed; superseded: another worker took over. Kept for 90 days.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: { complete: 'green', paused: 'blue', running: 'text', superseded: 'purple', failed: 'red' },
  calcs: ['sum'],
  interval: '1h',
  sql: sql`
    select $__timeGroupAlias(started_at, $__interval), outcome as metric, count(*) as "Runs"
    ${RUNS}
    group by 1, 2
    order by 1, 2`,
});

export const rowsStored = timeSeriesPanel({
  title: 'Rows stored',
  description:
    'Rows that were new or changed, and rows set aside since they could not be understood, by when the run began. Rows read again and found unchanged are not counted.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: { Quarantined: 'red' },
  calcs: ['sum'],
  interval: '1h',
  sql: sql`
    select $__timeGroupAlias(started_at, $__interval),
      sum(rows_new) filter (where stream = 'webhook_logs')::bigint as "Deliveries",
      sum(rows_new) filter (where stream = 'api_responses')::bigint as "API counts",
      sum(rows_quarantined)::bigint as "Quarantined"
    ${RUNS}
    group by 1
    order by 1`,
});

export const requestsSent = timeSeriesPanel({
  title: 'Requests sent to Meraki',
  description:
    'Requests of the archive itself, by when the run began, repeated ones among them. live: the newest edge; backfill: history that was missing.',
  unit: 'short',
  drawn: 'stacked bars',
  colours: { live: 'blue', backfill: 'purple' },
  calcs: ['sum'],
  interval: '1h',
  sql: sql`
    select $__timeGroupAlias(started_at, $__interval), lane as metric, sum(requests)::bigint as "Requests"
    ${RUNS}
    group by 1, 2
    order by 1, 2`,
});

export const verified = tablePanel({
  title: 'Read a second time',
  description:
    'How much of the final time that Meraki still has was read a second time by audits and found equal, or made equal. Verified through: without a hole from the oldest. As of now, whatever the time range.',
  columns: {
    Organization: { width: 200 },
    Stream: { width: 160 },
    Verified: goodShare(0.1, 0.5),
    'Verified through': MOMENT,
    'Last audit': AGO,
    'Last difference': AGO,
  },
  sql: sql`
    select o.name as "Organization", v.stream || ${STREAM} as "Stream", v.verified_share as "Verified",
      v.verified_through as "Verified through", v.last_audited_at as "Last audit",
      v.last_differed_at as "Last difference"
    from meraki.verified v
    join meraki.organizations o on o.id = v.organization_id
    where v.${OF_ORGANIZATIONS}
    order by v.verified_share nulls first, 1, 2`,
});

export const lateness = tablePanel({
  title: 'How late rows appear',
  description:
    'Seconds from when Meraki logged a delivery to the answer that first held it, at most 19 % above the measured value; the time between two reads is in it. After final: rows that the settle time missed. As of now.',
  columns: {
    Organization: { width: 200 },
    Period: { width: 80 },
    Rows: { width: 80 },
    p50: { unit: 's', width: 80 },
    p99: { unit: 's', width: 80 },
    Longest: { unit: 's', width: 80 },
    'After final': { ...badNumber('short', 1, 10), width: 90 },
  },
  sql: sql`
    select o.name as "Organization", l.period as "Period", l.rows as "Rows", l.p50_seconds as "p50",
      l.p99_seconds as "p99", l.max_seconds as "Longest", l.rows_found_late as "Found late",
      l.rows_after_final as "After final"
    from meraki.lateness l
    join meraki.organizations o on o.id = l.organization_id
    where l.${OF_ORGANIZATIONS}
    order by 1, 2`,
});

export const audits = tablePanel({
  title: 'Audits',
  description:
    'Windows of final time that were read again in the time range; those that differed first. repaired: a second reading said the same, and the archive was made equal; unconfirmed: it did not, nothing was changed; doubtful: Meraki gives less than it once gave, nothing was changed. The newest 200.',
  columns: {
    At: MOMENT,
    Organization: { width: 180 },
    Stream: { width: 120 },
    Outcome: words({
      equal: 'semi-dark-green',
      repaired: 'semi-dark-orange',
      unconfirmed: 'semi-dark-orange',
      doubtful: 'semi-dark-red',
      unreadable: 'semi-dark-purple',
    }),
    Compared: { width: 90 },
    Missing: { ...badNumber('short', 1, 1), width: 75 },
    Surplus: { ...badNumber('short', 1, 1), width: 75 },
    Changed: { ...badNumber('short', 1, 1), width: 75 },
  },
  sql: sql`
    select a.audited_at as "At", o.name as "Organization", a.stream || ${STREAM} as "Stream", a.outcome as "Outcome",
      a.rows_compared as "Compared", a.rows_missing as "Missing", a.rows_surplus as "Surplus",
      a.figures_changed as "Changed"
    from meraki.audits a
    join meraki.organizations o on o.id = a.organization_id
    where a.${OF_ORGANIZATIONS}
      and $__timeFilter(a.audited_at)
    order by a.outcome = 'equal', a.audited_at desc
    limit 200`,
});

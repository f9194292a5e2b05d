import { AGO, badNumber, goodShare, MOMENT, words } from './column-looks.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { stateTimelinePanel } from './state-timeline-panel.ts';
import { tablePanel } from './table-panel.ts';

const STREAM = `case series when 'all' then '' else ' ' || series end`;

/** 3 also for a bucket that is final; what is missing of the others tells them apart. */
const STATE = `case when is_final then 3 when coverage_ratio >= 1 then 2 when coverage_ratio > 0 then 1 else 0 end`;

export const coverageTimeline = stateTimelinePanel({
  title: 'What is covered',
  description:
    'Each hour or day of the two endpoints. final: read whole after it had settled. provisional: read whole, may still change. in part: some of it is missing, or still to come. missing: nothing of it was read. No colour: before the archive began.',
  states: {
    3: ['final', 'semi-dark-green'],
    2: ['provisional', 'semi-dark-blue'],
    1: ['in part', 'semi-dark-yellow'],
    0: ['missing', 'semi-dark-red'],
  },
  sql: sql`
    select bucket_start as "time", metric, min(state) as "State"
    from (
      select bucket_start, organization_name || ', deliveries' as metric, ${STATE} as state
      from meraki.webhook_totals_${HOURLY_OR_DAILY}
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      union all
      select bucket_start, organization_name || ', API requests', ${STATE}
      from meraki.api_responses_${HOURLY_OR_DAILY}
      where series = 'all'
        and ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
    ) buckets
    group by 1, 2
    order by 1, 2`,
});

export const freshness = tablePanel({
  title: 'Streams',
  description:
    'How far each stream has been read and how much of the wanted time is covered. First deadline: when the oldest of what is missing ages out. Stale hours: hours whose figures are computed on the fly until they are rolled up. As of now, whatever the time range.',
  columns: {
    Organization: { width: 200 },
    Stream: { width: 180 },
    State: words({
      active: 'semi-dark-green',
      api_disabled: 'semi-dark-orange',
      refused: 'semi-dark-red',
      vanished: 'semi-dark-red',
    }),
    'Covered until': MOMENT,
    Behind: { ...badNumber('s', 3600, 21600), width: 100 },
    Covered: goodShare(0.98, 0.9995),
    'Last success': AGO,
    'First deadline': AGO,
    'Clock skew': { ...badNumber('s', 60, 600), width: 90 },
    'Stale hours': { width: 90 },
  },
  filterable: true,
  sql: sql`
    select o.name as "Organization", f.stream || ${STREAM} as "Stream", f.organization_state as "State",
      f.covered_until as "Covered until", f.lag_seconds as "Behind", f.covered_ratio as "Covered",
      f.last_success_at as "Last success", f.next_deadline as "First deadline",
      f.clock_skew_seconds as "Clock skew", f.stale_rollup_hours as "Stale hours", f.last_error as "Last error"
    from meraki.freshness f
    join meraki.organizations o on o.id = f.organization_id
    where f.${OF_ORGANIZATIONS} and f.retired_at is null
    order by f.last_error is not null desc, f.lag_seconds desc nulls first, 1, 2`,
});

export const gaps = tablePanel({
  title: 'Gaps',
  description:
    'Stretches that are wanted and not covered: pending ones, which Meraki still has until the deadline, first; then the lost ones, with why. The newest 500. Of all time, whatever the time range.',
  columns: {
    Organization: { width: 200 },
    Stream: { width: 180 },
    State: words({ pending: 'semi-dark-orange', lost: 'semi-dark-red' }, 90),
    From: MOMENT,
    To: MOMENT,
    Length: { unit: 's', width: 100 },
    Deadline: AGO,
    'Lost at': MOMENT,
  },
  sql: sql`
    select o.name as "Organization", g.stream || ${STREAM} as "Stream", g.state as "State", g.gap_from as "From",
      g.gap_to as "To", extract(epoch from g.gap_to - g.gap_from)::double precision as "Length",
      g.deadline as "Deadline", g.lost_at as "Lost at", g.reason as "Why"
    from meraki.gaps g
    join meraki.organizations o on o.id = g.organization_id
    where g.${OF_ORGANIZATIONS}
    order by g.state = 'pending' desc, g.deadline, g.gap_from desc
    limit 500`,
});

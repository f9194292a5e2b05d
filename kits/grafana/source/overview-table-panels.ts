import { AGO, badNumber, goodShare, words } from './column-looks.ts';
import { linkTo } from './dashboard.ts';
import { HOURLY_OR_DAILY, OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';

export const organizations = tablePanel({
  title: 'Organizations',
  description:
    'One row per organization. Deliveries and requests are those of the time range; receivers that fail, how far it is behind, and what is missing are as of now. Empty: nothing was sent or asked, or nothing is covered. A name leads to its deliveries.',
  columns: {
    Organization: { link: linkTo('webhook-health', 'Webhook health'), width: 200 },
    State: words({
      active: 'semi-dark-green',
      api_disabled: 'semi-dark-orange',
      refused: 'semi-dark-red',
      vanished: 'semi-dark-red',
    }),
    Delivered: goodShare(0.95, 0.99),
    Failing: badNumber('short', 1, 3),
    '429 share': { ...badNumber('percentunit', 0.01, 0.05), decimals: 2 },
    'Peak of limit': { ...badNumber('percentunit', 0.8, 1), decimals: 0 },
    Covered: goodShare(0.98, 0.9995),
    Behind: badNumber('s', 3600, 21600),
    'To fetch': badNumber('s', 1, 86400),
    'Lost for ever': badNumber('s', 1, 86400),
    'First deadline': AGO,
  },
  sql: sql`
    select o.name as "Organization", o.state as "State", w.deliveries as "Deliveries", w.delivered as "Delivered",
      h.failing as "Failing", a.requests as "Requests", a.rate_limited as "429 share", b.peak as "Peak of limit",
      f.covered as "Covered", f.behind as "Behind", g.pending as "To fetch", f.first_deadline as "First deadline",
      g.lost as "Lost for ever", o.id as "Id"
    from meraki.organizations o
    left join (
      select organization_id, sum(deliveries)::bigint as deliveries,
        sum(successes)::double precision / nullif(sum(deliveries), 0)::double precision as delivered
      from meraki.webhook_totals_${HOURLY_OR_DAILY}
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      group by 1
    ) w on w.organization_id = o.id
    left join (
      select organization_id, count(*) filter (where state = 'failing') as failing
      from meraki.webhook_endpoint_health
      where ${OF_ORGANIZATIONS}
      group by 1
    ) h on h.organization_id = o.id
    left join (
      select organization_id, sum(requests)::bigint as requests,
        sum(rate_limited_429)::double precision / nullif(sum(requests), 0)::double precision as rate_limited
      from meraki.api_responses_${HOURLY_OR_DAILY}
      where series = 'all'
        and ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      group by 1
    ) a on a.organization_id = o.id
    left join (
      select organization_id, max(peak_share) as peak
      from meraki.api_budget_${HOURLY_OR_DAILY}
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      group by 1
    ) b on b.organization_id = o.id
    left join (
      select organization_id, avg(covered_ratio) as covered, max(lag_seconds) as behind, min(next_deadline) as first_deadline
      from meraki.freshness
      where ${OF_ORGANIZATIONS} and retired_at is null
      group by 1
    ) f on f.organization_id = o.id
    left join (
      select organization_id,
        sum(extract(epoch from gap_to - gap_from)) filter (where state = 'pending')::double precision as pending,
        sum(extract(epoch from gap_to - gap_from)) filter (where state = 'lost')::double precision as lost
      from meraki.gaps
      where ${OF_ORGANIZATIONS}
      group by 1
    ) g on g.organization_id = o.id
    where o.id = any (array[\${organization:sqlstring}]::text[])
    order by w.delivered nulls last, o.name`,
});

export const attention = tablePanel({
  title: 'What asks for attention now',
  description:
    'Receivers that began to fail or went silent, streams whose last sync failed, and time that is missing and ages out at Meraki at the deadline. Empty is good. As of now, whatever the time range.',
  columns: {
    What: words(
      {
        'receiver fails': 'semi-dark-red',
        'receiver silent': 'semi-dark-orange',
        'sync fails': 'semi-dark-red',
        'time missing': 'semi-dark-orange',
      },
      130,
    ),
    Organization: { width: 200 },
    Concerning: { width: 260 },
    Since: AGO,
    Deadline: AGO,
  },
  sql: sql`
    select what as "What", o.name as "Organization", concerning as "Concerning", since as "Since",
      deadline as "Deadline", detail as "Detail"
    from (
      select organization_id, case kind when 'went_silent' then 'receiver silent' else 'receiver fails' end as what,
        coalesce(url_host, url) as concerning, since, null::timestamptz as deadline,
        case kind when 'went_silent' then 'no delivery since, before some ' else failures || ' failures since, of some ' end
          || round(deliveries_per_day_before) || ' deliveries a day' as detail
      from meraki.webhook_receiver_alerts
      where ${OF_ORGANIZATIONS}
      union all
      select organization_id, 'sync fails', stream || case series when 'all' then '' else ' ' || series end,
        last_error_at, null, last_error
      from meraki.freshness
      where ${OF_ORGANIZATIONS} and last_error is not null and retired_at is null
      union all
      select organization_id, 'time missing', stream || case series when 'all' then '' else ' ' || series end,
        min(gap_from), min(deadline),
        round(sum(extract(epoch from gap_to - gap_from)) / 3600, 1) || ' hours in '
          || case count(*) when 1 then 'one stretch' else count(*) || ' stretches' end
      from meraki.gaps
      where ${OF_ORGANIZATIONS} and state = 'pending'
      group by organization_id, stream, series
    ) notes
    join meraki.organizations o on o.id = notes.organization_id
    order by deadline nulls last, since desc nulls last`,
});

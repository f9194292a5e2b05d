import { badNumber, PART } from './column-looks.ts';
import { OF_ORGANIZATIONS } from './selection.ts';
import { sql } from './sql.ts';
import { tablePanel } from './table-panel.ts';
import { timeSeriesPanel } from './time-series-panel.ts';

const NOT_ALL =
  'Series are defined in SERIES_FILE; without one there is nothing to show. Series can overlap.';

function shareOfAll(title: string, description: string, column: 'requests' | 'rate_limited_429') {
  return timeSeriesPanel({
    title,
    description: `${description} ${NOT_ALL} Days in the time zones of the organizations; a line breaks where a day is not covered.`,
    unit: 'percentunit',
    drawn: 'lines',
    calcs: ['mean', 'max'],
    interval: '1d',
    sql: sql`
      with days as (
        select bucket_start, series, sum(${column})::double precision as figure
        from meraki.api_series_daily
        where ${OF_ORGANIZATIONS}
          and $__timeFilter(bucket_start)
        group by 1, 2
      )
      select d.bucket_start as "time", d.series as metric, d.figure / nullif(a.figure, 0) as "Share"
      from days d
      join days a on a.bucket_start = d.bucket_start and a.series = 'all'
      where d.series <> 'all'
      order by 1, 2`,
  });
}

export const shareOfRequests = shareOfAll(
  'Share of all requests a day, by series',
  'How much of all requests of these organizations belongs to each series.',
  'requests',
);

export const shareOfLimited = shareOfAll(
  'Share of all 429 a day, by series',
  'Whose requests are refused: the share of each series of all that were refused with 429. Higher than its share of the requests: it asks in bursts.',
  'rate_limited_429',
);

export const seriesTable = tablePanel({
  title: 'Series',
  description: `Requests of each series in the time range, its share of all requests, how many of its own were refused with 429, and its share of all that were. ${NOT_ALL} Whole days.`,
  columns: {
    Series: { width: 180 },
    Requests: { width: 110 },
    Share: PART,
    'Refused with 429': { width: 130 },
    'Of its own': { ...badNumber('percentunit', 0.01, 0.05), decimals: 2, width: 100 },
    'Of all 429': PART,
  },
  sql: sql`
    with sums as (
      select series, sum(requests)::double precision as requests, sum(rate_limited_429)::double precision as limited
      from meraki.api_series_daily
      where ${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
      group by 1
    )
    select s.series as "Series", s.requests as "Requests", s.requests / nullif(a.requests, 0) as "Share",
      s.limited as "Refused with 429", s.limited / nullif(s.requests, 0) as "Of its own",
      s.limited / nullif(a.limited, 0) as "Of all 429"
    from sums s
    left join sums a on a.series = 'all'
    order by s.series = 'all' desc, s.requests desc nulls last`,
});

export const ownShare = timeSeriesPanel({
  title: 'The archive itself, of all requests a day',
  description:
    'Share of all requests that this archive sent: known where SERIES_FILE has a series of its user agent. Breaks where a day is not covered.',
  unit: 'percentunit',
  drawn: 'lines',
  decimals: 1,
  calcs: ['max', 'mean'],
  interval: '1d',
  sql: sql`
    select s.bucket_start as "time", o.name as metric,
      sum(s.own_requests)::double precision / nullif(sum(s.all_requests), 0)::double precision as "Own"
    from meraki.api_own_share_daily s
    join meraki.organizations o on o.id = s.organization_id
    where s.${OF_ORGANIZATIONS}
      and $__timeFilter(s.bucket_start)
    group by 1, 2
    order by 1, 2`,
});

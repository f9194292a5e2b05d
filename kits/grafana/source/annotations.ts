import type { AnnotationQuery, Panel, RowPanel } from '@grafana/schema';
import { DATA_SOURCE, query } from './panel.ts';
import type { Plain } from './plain.ts';
import { BUCKET_WIDTH, HOURLY_OR_DAILY, OF_ORGANIZATIONS, OF_SERIES } from './selection.ts';
import { sql } from './sql.ts';

type Layer = Plain<AnnotationQuery>;
export type Stream = 'webhook_logs' | 'api_responses';

const TOTALS: Readonly<Record<Stream, string>> = {
  webhook_logs: `meraki.webhook_totals_${HOURLY_OR_DAILY}`,
  api_responses: `meraki.api_responses_${HOURLY_OR_DAILY}`,
};

const NAMES: Readonly<Record<Stream, string>> = { webhook_logs: 'deliveries', api_responses: 'API' };

/**
 * Stretches drawn behind time series: what may still change, what is missing, and what stays so. A dashboard of both
 * streams has them twice, each for the panels that read views of its stream. Of API requests, the stretches of one
 * series: of the one that is chosen, or of all requests.
 */
export function annotations(
  streams: readonly Stream[],
  panels: readonly Plain<Panel | RowPanel>[],
  isSeriesChosen: boolean,
): Layer[] {
  const series = isSeriesChosen ? OF_SERIES : `series = 'all'`;
  return streams.flatMap((stream) => {
    const behind = streams.length === 1 ? {} : { filter: { exclude: false, ids: readersOf(stream, panels) } };
    const called = (name: string): string => (streams.length === 1 ? name : `${name} (${NAMES[stream]})`);
    return [
      { ...layer(called('Not final'), 'super-light-blue', notFinal(stream, series)), ...behind },
      { ...layer(called('Missing, still to be had'), 'orange', gaps(stream, series, 'pending')), ...behind },
      { ...layer(called('Lost'), 'red', gaps(stream, series, 'lost')), ...behind },
    ];
  });
}

function layer(name: string, iconColor: string, sql: string): Layer {
  const target = query(sql, 'table', 'Anno');
  return { name, enable: true, hide: false, iconColor, datasource: DATA_SOURCE, target };
}

function readersOf(stream: Stream, panels: readonly Plain<Panel | RowPanel>[]): readonly number[] {
  const views = stream === 'webhook_logs' ? /meraki\.(webhook_|sync_runs)/ : /meraki\.(api_|sync_runs)/;
  return panels
    .filter((panel) => panel.type === 'timeseries' && views.test(JSON.stringify(panel)))
    .map(({ id = 0 }) => id);
}

/** Buckets one after the other become one stretch. */
function notFinal(stream: Stream, series: string): string {
  return sql`
    select lower(stretch) as "time", upper(stretch) as timeend,
      'Not final: figures may still grow, or time is missing' as text, 'not final' as tags
    from (
      select unnest(range_agg(tstzrange(bucket_start, bucket_start + ${BUCKET_WIDTH}))) as stretch
      from ${TOTALS[stream]}
      where ${stream === 'webhook_logs' ? '' : `${series} and `}${OF_ORGANIZATIONS}
        and $__timeFilter(bucket_start)
        and not is_final
        and coverage_ratio > 0
    ) stretches
    order by 1`;
}

function gaps(stream: Stream, series: string, state: 'pending' | 'lost'): string {
  return sql`
    select g.gap_from as "time", g.gap_to as timeend,
      o.name || ', ' || g.stream || case g.series when 'all' then '' else ' ' || g.series end
        || case g.state when 'pending' then ': to be had until ' || to_char(g.deadline, 'YYYY-MM-DD HH24:MI TZ')
          else ': lost' || coalesce(', ' || g.reason, '') end as text,
      g.state as tags
    from meraki.gaps g
    join meraki.organizations o on o.id = g.organization_id
    where g.${OF_ORGANIZATIONS}
      and g.stream = '${stream}'
      and g.${stream === 'webhook_logs' ? `series = 'all'` : series}
      and g.state = '${state}'
      and g.gap_from <= $__timeTo()
      and g.gap_to >= $__timeFrom()
    order by 1
    limit 500`;
}

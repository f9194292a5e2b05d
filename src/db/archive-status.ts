import { sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';
import { isoTime } from './iso-time.ts';
import { isNear } from './near-deadlines.ts';

/** Where one stream stands: a row of `meraki.freshness` with what else `status` shows. Times as Postgres text. */
export interface StreamStatus extends Record<string, unknown> {
  readonly organization_id: string;
  readonly organization_name: string | null;
  readonly organization_state: string | null;
  readonly stream: string;
  readonly series: string;
  readonly covered_from: string | null;
  readonly covered_until: string | null;
  readonly lag_seconds: number | null;
  readonly pending_gaps: number;
  readonly lost_gaps: number;
  /** Pending gaps whose deadline is near. */
  readonly near_gaps: number;
  readonly pending_seconds: number;
  readonly lost_seconds: number;
  /** Share of the wanted time that is covered. */
  readonly covered_ratio: number | null;
  readonly next_deadline: string | null;
  readonly next_deadline_seconds: number | null;
  readonly quarantined: number;
  readonly last_success_at: string | null;
  readonly last_error: string | null;
  readonly last_error_code: string | null;
  readonly clock_skew_seconds: number;
  readonly lookback_seconds: number;
  readonly retired_at: string | null;
  /** What was learned of the source, as `sync/limits.ts` stores it. */
  readonly limits: unknown;
}

/** @param warningSeconds how long before its deadline a pending gap counts as near */
export async function readStatus(query: Queryable, warningSeconds: number): Promise<readonly StreamStatus[]> {
  const found = await translated(
    query.execute<StreamStatus>(sql`
      select f.organization_id, o.name as organization_name, f.organization_state, f.stream, f.series,
        ${isoTime('c.covered_from')} as covered_from, ${isoTime('f.covered_until')} as covered_until, f.lag_seconds,
        coalesce(g.pending, 0)::integer as pending_gaps, coalesce(g.lost, 0)::integer as lost_gaps,
        coalesce(g.near, 0)::integer as near_gaps,
        coalesce(g.pending_seconds, 0)::double precision as pending_seconds,
        coalesce(g.lost_seconds, 0)::double precision as lost_seconds, f.covered_ratio,
        ${isoTime('f.next_deadline')} as next_deadline, g.next_deadline_seconds, coalesce(q.rows, 0)::integer as quarantined,
        ${isoTime('f.last_success_at')} as last_success_at, f.last_error, s.last_error_code, f.clock_skew_seconds,
        f.lookback_seconds, ${isoTime('f.retired_at')} as retired_at, s.limits
      from meraki.freshness f
      join meraki_ingest.streams s using (organization_id, stream, series)
      left join meraki.organizations o on o.id = f.organization_id
      left join (
        select organization_id, stream, series, min(covered_from) as covered_from
        from meraki.coverage group by 1, 2, 3
      ) c using (organization_id, stream, series)
      left join (
        select organization_id, stream, series, count(*) filter (where state = 'pending') as pending,
          count(*) filter (where state = 'lost') as lost, count(*) filter (where ${isNear(warningSeconds)}) as near,
          sum(extract(epoch from gap_to - gap_from)) filter (where state = 'pending') as pending_seconds,
          sum(extract(epoch from gap_to - gap_from)) filter (where state = 'lost') as lost_seconds,
          min(g.seconds_left) as next_deadline_seconds
        from meraki.gaps g join meraki_ingest.streams s using (organization_id, stream, series) group by 1, 2, 3
      ) g using (organization_id, stream, series)
      left join (
        select organization_id, stream, series, count(*) as rows
        from meraki_ingest.quarantine group by 1, 2, 3
      ) q using (organization_id, stream, series)
      order by o.name, f.organization_id, f.stream desc, f.series`),
  );
  return found.rows;
}

export interface GapRow extends Record<string, unknown> {
  readonly organization_id: string;
  readonly organization_name: string | null;
  readonly stream: string;
  readonly series: string;
  readonly gap_from: string;
  readonly gap_to: string;
  readonly state: 'pending' | 'lost';
  readonly deadline: string | null;
  readonly lost_at: string | null;
  readonly reason: string | null;
  readonly seconds_left: number | null;
  /** Whether the deadline is near. */
  readonly is_near: boolean;
}

/** @param warningSeconds how long before its deadline a pending gap counts as near */
export async function readGaps(query: Queryable, warningSeconds: number): Promise<readonly GapRow[]> {
  const found = await translated(
    query.execute<GapRow>(sql`
      select g.organization_id, o.name as organization_name, g.stream, g.series, ${isoTime('g.gap_from')} as gap_from,
        ${isoTime('g.gap_to')} as gap_to, g.state, ${isoTime('g.deadline')} as deadline, ${isoTime('g.lost_at')} as lost_at, g.reason, g.seconds_left,
        coalesce(${isNear(warningSeconds)}, false) as is_near
      from meraki.gaps g join meraki_ingest.streams s using (organization_id, stream, series)
      left join meraki.organizations o on o.id = g.organization_id
      order by g.deadline nulls last, g.organization_id, g.stream, g.series, g.gap_from`),
  );
  return found.rows;
}

/** How many gaps and quarantined rows there are: what decides between exit codes 0 and 7. */
export async function countOpenEnds(
  query: Queryable,
): Promise<{ readonly gaps: number; readonly quarantined: number }> {
  const found = await translated(
    query.execute<{ gaps: number; quarantined: number }>(sql`
      select (select count(*)::integer from meraki.gaps) as gaps,
        (select count(*)::integer from meraki_ingest.quarantine) as quarantined`),
  );
  return found.rows[0] ?? { gaps: 0, quarantined: 0 };
}

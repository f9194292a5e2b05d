import { sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';

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
  readonly next_deadline: string | null;
  readonly quarantined: number;
  readonly last_success_at: string | null;
  readonly last_error: string | null;
  readonly last_error_code: string | null;
  readonly clock_skew_seconds: number;
  readonly limits: unknown;
}

export async function readStatus(query: Queryable): Promise<readonly StreamStatus[]> {
  const found = await translated(
    query.execute<StreamStatus>(sql`
      select f.organization_id, o.name as organization_name, f.organization_state, f.stream, f.series,
        c.covered_from::text as covered_from, f.covered_until::text as covered_until, f.lag_seconds,
        coalesce(g.pending, 0)::integer as pending_gaps, coalesce(g.lost, 0)::integer as lost_gaps,
        f.next_deadline::text as next_deadline, coalesce(q.rows, 0)::integer as quarantined,
        f.last_success_at::text as last_success_at, f.last_error, s.last_error_code, f.clock_skew_seconds,
        s.limits
      from meraki.freshness f
      join meraki_ingest.streams s using (organization_id, stream, series)
      left join meraki.organizations o on o.id = f.organization_id
      left join (
        select organization_id, stream, series, min(covered_from) as covered_from
        from meraki.coverage group by 1, 2, 3
      ) c using (organization_id, stream, series)
      left join (
        select organization_id, stream, series, count(*) filter (where state = 'pending') as pending,
          count(*) filter (where state = 'lost') as lost
        from meraki.gaps group by 1, 2, 3
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
}

export async function readGaps(query: Queryable): Promise<readonly GapRow[]> {
  const found = await translated(
    query.execute<GapRow>(sql`
      select g.organization_id, o.name as organization_name, g.stream, g.series, g.gap_from::text as gap_from,
        g.gap_to::text as gap_to, g.state, g.deadline::text as deadline
      from meraki.gaps g left join meraki.organizations o on o.id = g.organization_id
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

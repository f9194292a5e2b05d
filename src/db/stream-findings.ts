import { sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';

/** What was found out about the trust a stream deserves. Times as Postgres text. */
export interface StreamFindings extends Record<string, unknown> {
  readonly organization_id: string;
  readonly organization_name: string | null;
  readonly stream: string;
  readonly series: string;
  /** The most, in the last 7 days, that a row was late that an earlier read of its time did not hold. */
  readonly late_max_seconds: number | null;
  readonly late_rows: number;
  /** Rows that turned up in final time in the last 7 days. */
  readonly rows_after_final: number;
  /** Audits of the last 7 days that found a difference and repaired it. */
  readonly audits_repaired: number;
  /** Audits of the last 7 days that found a difference and could not repair it. */
  readonly audits_open: number;
  readonly verified_through: string | null;
  readonly verified_share: number | null;
}

/** Lateness comes from its table, since the percentiles of its view are of no use here. */
export async function readFindings(query: Queryable): Promise<readonly StreamFindings[]> {
  const found = await translated(
    query.execute<StreamFindings>(sql`
      select v.organization_id, o.name as organization_name, v.stream, v.series, l.late_max_seconds,
        coalesce(l.rows_found_late, 0)::integer as late_rows,
        coalesce(l.rows_after_final, 0)::integer as rows_after_final,
        coalesce(a.repaired, 0)::integer as audits_repaired, coalesce(a.open, 0)::integer as audits_open,
        v.verified_through::text as verified_through, v.verified_share
      from meraki.verified v
      left join meraki.organizations o on o.id = v.organization_id
      left join (
        select organization_id, stream, series, sum(rows_found_late) as rows_found_late,
          sum(rows_after_final) as rows_after_final,
          max(late_max_seconds) filter (where rows_found_late > 0) as late_max_seconds
        from meraki_ingest.lateness where day > (now() at time zone 'UTC')::date - 7 group by 1, 2, 3
      ) l on l.organization_id = v.organization_id and l.stream = v.stream and l.series = v.series
      left join (
        select organization_id, stream, series, count(*) filter (where outcome = 'repaired') as repaired,
          count(*) filter (where outcome in ('unconfirmed', 'doubtful')) as open
        from meraki.audits where audited_at > now() - interval '7 days' group by 1, 2, 3
      ) a on a.organization_id = v.organization_id and a.stream = v.stream and a.series = v.series
      order by o.name, v.organization_id, v.stream desc, v.series`),
  );
  return found.rows;
}

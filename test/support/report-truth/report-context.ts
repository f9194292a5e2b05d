import type pg from 'pg';

/** What every comparison may refer to, before its own `with` queries. */
export interface ReportContext {
  readonly parameters: readonly string[];
}

/** Names that the comparisons may use, and what they hold. */
export const CONTEXT = `
  days as materialized (
    select * from json_to_recordset($1::json)
      as d(organization_id text, date date, day_start timestamptz, day_end timestamptz)
  ),
  streams as materialized (
    select * from json_to_recordset($2::json) as s(organization_id text, stream text, series text, time_zone text,
      wanted_from timestamptz, wanted_to timestamptz)
  ),
  ledger as materialized (
    select * from json_to_recordset($3::json) as c(organization_id text, stream text, series text,
      interval_seconds integer, final tstzmultirange, covered tstzmultirange, counted tstzmultirange)
  )`;

/**
 * Days as the clocks of a time zone show them: the first quarter of an hour that has the date, up to the first one of
 * the next date. The calendar of the archive is not asked.
 */
const DAYS = `
  select organization_id, date, day_start, day_end from (
    select z.organization_id, d::date as date, f.day_start,
      lead(f.day_start) over (partition by z.organization_id order by d) as day_end
    from (
      select s.organization_id, coalesce(max(o.time_zone), 'UTC') as time_zone, min(s.wanted_from) as first,
        max(least(now(), s.retired_at)) as last
      from meraki_ingest.streams s left join meraki_store.organizations o using (organization_id) group by 1
    ) z
    cross join lateral generate_series(date_trunc('month', z.first - interval '2 days', 'UTC') at time zone 'UTC',
      (z.last + interval '4 days')::date::timestamp, interval '1 day') d
    cross join lateral (
      select min(q) as day_start
      from generate_series(d at time zone 'UTC' - interval '15 hours', d at time zone 'UTC' + interval '15 hours',
        interval '15 minutes') q
      where (q at time zone z.time_zone)::date = d::date
    ) f
  ) days where day_end is not null`;

const STREAMS = `
  select s.organization_id, s.stream, s.series, coalesce(o.time_zone, 'UTC') as time_zone, s.wanted_from,
    least(now(), s.retired_at) as wanted_to
  from meraki_ingest.streams s left join meraki_store.organizations o using (organization_id)`;

const LEDGER = `
  select organization_id, stream, series, interval_seconds, final::text, (final + provisional)::text as covered,
    counted::text from meraki_ingest.coverage`;

/** Reads what views do not tell; `client` needs the owner's rights, and is in the snapshot that is compared. */
export async function readReportContext(client: pg.ClientBase): Promise<ReportContext> {
  const parameters: string[] = [];
  for (const query of [DAYS, STREAMS, LEDGER]) {
    const found = await client.query<{ json: string }>(
      `select coalesce(json_agg(r), '[]')::text as json from (${query}) r`,
    );
    parameters.push(found.rows[0]?.json ?? '[]');
  }
  return { parameters };
}

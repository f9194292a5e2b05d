import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

/**
 * Ends what an organization's streams want where the configuration no longer has their series, or the organization. A
 * stream ends where its newest coverage does, or what was recorded as lost behind it: the minutes since then are nobody's
 * fault, and would be a gap for ever. What it lacks and Meraki still has is not wanted any more either; what was lost
 * before stays lost.
 *
 * @param configured the series that are configured for this endpoint; none for an organization that is left out
 * @returns the series that were retired now
 */
export async function retireStreams(
  query: Queryable,
  endpoint: Pick<StreamKey, 'organizationId' | 'stream'>,
  configured: readonly string[],
  now: Instant,
): Promise<readonly string[]> {
  const at = sql`${formatInstant(now)}::timestamptz`;
  const series = sql.join(
    configured.map((name) => sql`${name}`),
    sql`, `,
  );
  const retired = await translated(
    query.execute<{ series: string }>(sql`
      with ends as (
        select s.series, coalesce(c.covered, '{}') as covered,
          least(${at}, greatest(s.wanted_from, upper(c.covered), l.lost_to)) as ends_at,
          greatest(s.wanted_from, ${at} - s.lookback_seconds * interval '1 second') as reach
        from meraki_ingest.streams s
        left join (
          select series, range_agg(final + provisional) as covered from meraki_ingest.coverage
          where organization_id = ${endpoint.organizationId} and stream = ${endpoint.stream} group by series
        ) c on c.series = s.series
        left join (
          select series, max(lost_to) as lost_to from meraki_ingest.lost_time
          where organization_id = ${endpoint.organizationId} and stream = ${endpoint.stream} group by series
        ) l on l.series = s.series
        where s.organization_id = ${endpoint.organizationId} and s.stream = ${endpoint.stream}
          and s.retired_at is null and s.series <> all (array[${series}]::text[])
      )
      update meraki_ingest.streams s set retired_at = e.ends_at,
        unwanted = coalesce(s.unwanted, '{}')
          + (tstzmultirange(tstzrange(e.reach, greatest(e.reach, e.ends_at))) - e.covered)
      from ends e
      where s.organization_id = ${endpoint.organizationId} and s.stream = ${endpoint.stream}
        and s.series = e.series and s.retired_at is null
      returning s.series`),
  );
  return retired.rows.map((row) => row.series);
}

/** The streams that are wanted, or those that are retired, of all organizations. */
export async function readStreamsThatAre(
  query: Queryable,
  which: 'wanted' | 'retired',
): Promise<readonly StreamKey[]> {
  const found = await translated(
    query.execute<{ organization_id: string; stream: StreamKey['stream']; series: string }>(sql`
      select organization_id, stream, series from meraki_ingest.streams
      where (retired_at is not null) = ${which === 'retired'}`),
  );
  return found.rows.map((row) => ({
    organizationId: row.organization_id,
    stream: row.stream,
    series: row.series,
  }));
}

/**
 * Makes a retired stream wanted again from now on. What lies between was wanted by nobody and is no gap, though
 * what of it the source still has is read all the same.
 */
export async function resumeStream(query: Queryable, key: StreamKey, now: Instant): Promise<void> {
  const at = sql`${formatInstant(now)}::timestamptz`;
  await translated(
    query.execute(sql`
      update meraki_ingest.streams set retired_at = null,
        unwanted = coalesce(unwanted, '{}')
          + tstzmultirange(tstzrange(least(retired_at, ${at}), ${at}))
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
        and retired_at is not null`),
  );
}

import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

/**
 * Ends what an organization's streams want where the configuration no longer has their series. A stream ends where
 * its newest coverage does: the minutes since then are nobody's fault, and would be a gap for ever.
 *
 * @param configured the series that are configured for this endpoint
 * @returns the series that were retired now
 */
export async function retireStreams(
  query: Queryable,
  endpoint: Pick<StreamKey, 'organizationId' | 'stream'>,
  configured: readonly string[],
  now: Instant,
): Promise<readonly string[]> {
  const series = sql.join(
    configured.map((name) => sql`${name}`),
    sql`, `,
  );
  const retired = await translated(
    query.execute<{ series: string }>(sql`
      update meraki_ingest.streams s set retired_at = least(${formatInstant(now)}::timestamptz, coalesce((
        select max(upper(final + provisional)) from meraki_ingest.coverage c
        where c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
      ), s.wanted_from))
      where organization_id = ${endpoint.organizationId} and stream = ${endpoint.stream}
        and retired_at is null and series <> all (array[${series}]::text[])
      returning series`),
  );
  return retired.rows.map((row) => row.series);
}

/** The streams that are wanted, of all organizations. */
export async function readWantedStreams(query: Queryable): Promise<readonly StreamKey[]> {
  const found = await translated(
    query.execute<{ organization_id: string; stream: StreamKey['stream']; series: string }>(sql`
      select organization_id, stream, series from meraki_ingest.streams where retired_at is null`),
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

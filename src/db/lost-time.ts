import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range, Ranges } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { parseMultirange } from './multirange.ts';

/** Wanted time of a stream that is out of the source's reach, not covered, and not recorded as lost. */
export interface Unrecorded {
  readonly key: StreamKey;
  readonly stretches: Ranges;
  readonly lookbackSeconds: number;
  readonly limits: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** One stretch to be recorded. */
export interface LostStretch {
  readonly key: StreamKey;
  readonly stretch: Range;
  readonly lostAt: Instant;
  readonly reason: string;
  readonly detail: string;
}

interface Row extends Record<string, unknown> {
  organization_id: string;
  stream: StreamName;
  series: string;
  unrecorded: string;
  lookback_seconds: number;
  limits: unknown;
  last_error_code: string | null;
  last_error: string | null;
}

/**
 * Finds lost time that is not recorded yet.
 *
 * @param now by Meraki's clock, as everywhere in this file
 * @param organizationId restricts the search to one organization
 */
export async function findUnrecorded(
  query: Queryable,
  now: Instant,
  organizationId?: string,
): Promise<readonly Unrecorded[]> {
  const chosen = organizationId === undefined ? sql`` : sql`where s.organization_id = ${organizationId}`;
  const at = sql`${formatInstant(now)}::timestamptz`;
  const found = await translated(
    query.execute<Row>(sql`
      select * from (
        select s.organization_id, s.stream, s.series, s.lookback_seconds::double precision as lookback_seconds,
          s.limits, s.last_error_code, s.last_error,
          (tstzmultirange(tstzrange(s.wanted_from, greatest(s.wanted_from,
            least(${at} - s.lookback_seconds * interval '1 second', s.retired_at))))
            - coalesce(s.unwanted, '{}') - coalesce(c.covered, '{}') - coalesce(l.recorded, '{}')
          )::text as unrecorded
        from meraki_ingest.streams s
        left join (
          select organization_id, stream, series, range_agg(final + provisional) as covered
          from meraki_ingest.coverage group by organization_id, stream, series
        ) c on c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
        left join (
          select organization_id, stream, series, range_agg(tstzrange(lost_from, lost_to)) as recorded
          from meraki_ingest.lost_time group by organization_id, stream, series
        ) l on l.organization_id = s.organization_id and l.stream = s.stream and l.series = s.series
        ${chosen}
      ) streams where unrecorded <> '{}'
      order by organization_id, stream, series`),
  );
  return found.rows.map((row) => ({
    key: { organizationId: row.organization_id, stream: row.stream, series: row.series },
    stretches: parseMultirange(row.unrecorded),
    lookbackSeconds: row.lookback_seconds,
    limits: row.limits,
    error: row.last_error_code === null ? null : { code: row.last_error_code, message: row.last_error ?? '' },
  }));
}

/** Lets one transaction at a time record what an organization lost. */
export async function lockLostTime(tx: Transaction, organizationId: string): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`meraki-historian lost time ${organizationId}`}, 0))`,
  );
}

/**
 * Records a stretch; one that goes on where a record with the same reason ends becomes a part of it.
 *
 * @returns whether it is a record of its own
 */
export async function saveLostStretch(tx: Transaction, lost: LostStretch, now: Instant): Promise<boolean> {
  const { key, stretch } = lost;
  const [from, to] = [formatInstant(stretch.from), formatInstant(stretch.to)];
  const grown = await tx.execute(sql`
    update meraki_ingest.lost_time set lost_to = ${to}::timestamptz,
      lost_at = greatest(lost_at, ${formatInstant(lost.lostAt)}::timestamptz), detail = ${lost.detail}
    where ${isStream(key)} and lost_to = ${from}::timestamptz and reason = ${lost.reason}
      and recovered_at is null`);
  if (grown.rowCount === 1) return false;
  await tx.execute(sql`
    insert into meraki_ingest.lost_time (organization_id, stream, series, lost_from, lost_to, lost_at, noticed_at,
      reason, detail)
    values (${key.organizationId}, ${key.stream}, ${key.series}, ${from}::timestamptz, ${to}::timestamptz,
      ${formatInstant(lost.lostAt)}::timestamptz, ${formatInstant(now)}::timestamptz, ${lost.reason},
      ${lost.detail})`);
  return true;
}

/** Marks records whose time was found covered after all. They stay. */
export async function markRecovered(query: Queryable, now: Instant): Promise<number> {
  const organizations = await translated(
    query.execute<{ organization_id: string }>(
      sql`select distinct organization_id from meraki_ingest.lost_time where recovered_at is null`,
    ),
  );
  let recovered = 0;
  for (const { organization_id } of organizations.rows) {
    const marked = await translated(
      query.execute(sql`
        update meraki_ingest.lost_time l set recovered_at = ${formatInstant(now)}::timestamptz
        from (
          select stream, series, range_agg(final + provisional) as covered
          from meraki_ingest.coverage where organization_id = ${organization_id} group by stream, series
        ) c
        where l.organization_id = ${organization_id} and l.stream = c.stream and l.series = c.series
          and l.recovered_at is null and c.covered @> tstzrange(l.lost_from, l.lost_to)`),
    );
    recovered += marked.rowCount ?? 0;
  }
  return recovered;
}

/** Whether a run of the stream, or a stretch of runs that share a row, touches `range`. */
export async function ranWithin(query: Queryable, key: StreamKey, range: Range): Promise<boolean> {
  const found = await translated(
    query.execute(sql`
      select from meraki_ingest.sync_runs where ${isStream(key)}
        and coalesce(finished_at, started_at) >= ${formatInstant(range.from)}::timestamptz
        and started_at < ${formatInstant(range.to)}::timestamptz
      limit 1`),
  );
  return (found.rowCount ?? 0) > 0;
}

function isStream(key: StreamKey) {
  return sql`organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`;
}

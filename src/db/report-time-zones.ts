import { eq, sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import { STREAM_NAMES, type StreamName, UNFILTERED } from '../stream-key.ts';
import { ensureCalendar } from './calendar.ts';
import { type Database, type Queryable, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { markStale } from './rollup-stale.ts';
import { rollupsByDay } from './rollup-tables.ts';
import { organizations } from './schema.ts';

const DAY = instantOfSeconds(86_400);
/** The worker extends calendars too, but what is stored before it does has to have days. */
const BEHIND = 92 * DAY;
const AHEAD = 2 * 366 * DAY;

/** How Postgres spells time zones, by what they were called; those it does not know are left out. */
export async function spellTimeZones(
  query: Queryable,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // The list is read from hundreds of files.
  if (names.every((name) => name === 'UTC')) return new Map([['UTC', 'UTC']]);
  const found = await translated(
    query.execute<{ asked: string; name: string }>(sql`
      select asked, name from json_array_elements_text(${JSON.stringify(names)}::json) asked
      join pg_timezone_names on lower(name) = lower(asked)`),
  );
  return new Map(found.rows.map(({ asked, name }) => [asked, name]));
}

/** Makes the days of a time zone that an organization may need that is new here. */
export async function makeRecentDays(query: Queryable, timeZone: string, now: Instant): Promise<void> {
  await ensureCalendar(query, timeZone, { from: now - BEHIND, to: now + AHEAD });
}

export interface ChangedTimeZone {
  readonly organizationId: string;
  readonly before: string;
  readonly timeZone: string;
}

/**
 * Gives every organization the time zone it is to have. Where that is another one, all its rollups are stale from
 * then on: its days begin at other moments.
 *
 * @returns those that have another time zone now
 */
export async function setTimeZones(
  database: Database,
  timeZoneOf: (organizationId: string) => string,
  now: Instant,
): Promise<readonly ChangedTimeZone[]> {
  const stored = await translated(
    database.query
      .select({ organizationId: organizations.organizationId, before: organizations.timeZone })
      .from(organizations)
      .orderBy(organizations.organizationId),
  );
  const changed = stored
    .map((one) => ({ ...one, timeZone: timeZoneOf(one.organizationId) }))
    .filter(({ before, timeZone }) => before !== timeZone);
  for (const { organizationId, timeZone } of changed) {
    const first = await firstWanted(database.query, organizationId, now);
    await ensureCalendar(database.query, timeZone, { from: first, to: now + AHEAD });
    await database.transaction(async (tx) => {
      await remakeDays(tx, organizationId, now);
      await tx
        .update(organizations)
        .set({ timeZone })
        .where(eq(organizations.organizationId, organizationId));
    });
  }
  return changed;
}

/** Takes out an organization's rollups by day: all of its time is stale from then on, and they are made anew from the facts. */
export async function remakeDays(tx: Transaction, organizationId: string, now: Instant): Promise<void> {
  await markAllStale(tx, organizationId, now);
  for (const table of STREAM_NAMES.flatMap(rollupsByDay)) {
    await tx.execute(
      sql`delete from ${sql.raw(`meraki_store.${table}`)} where organization_id = ${organizationId}`,
    );
  }
}

async function firstWanted(query: Queryable, organizationId: string, now: Instant): Promise<Instant> {
  const found = await translated(
    query.execute<{ first: string | null }>(sql`
      select least(
        (select min(wanted_from) from meraki_ingest.streams where organization_id = ${organizationId}),
        (select min(sent_at) from meraki_store.webhook_deliveries where organization_id = ${organizationId}),
        (select min(bucket_start) from meraki_store.api_response_counts where organization_id = ${organizationId})
      )::text as first`),
  );
  const first = found.rows[0]?.first;
  return first == null ? now : parseDatabaseInstant(first);
}

/** Waits for rollups at work, which count by the days of before. */
async function markAllStale(tx: Transaction, organizationId: string, now: Instant): Promise<void> {
  const found = await tx.execute<{ stream: StreamName; series: string; since: string; until: string }>(sql`
    select 'webhook_logs' as stream, ${UNFILTERED} as series, min(sent_at)::text as since,
      greatest(max(sent_at) + interval '1 second', ${formatInstant(now)}::timestamptz)::text as until
    from meraki_store.webhook_deliveries where organization_id = ${organizationId} having count(*) > 0
    union all
    select 'api_responses', series, min(bucket_start)::text,
      greatest(max(bucket_start + interval_seconds * interval '1 second'), ${formatInstant(now)}::timestamptz)::text
    from meraki_store.api_response_counts where organization_id = ${organizationId} group by series
    order by 1, 2`);
  for (const { stream, series, since, until } of found.rows) {
    const all = { from: parseDatabaseInstant(since), to: parseDatabaseInstant(until) };
    await markStale(tx, { organizationId, stream, series }, [all], now);
  }
}

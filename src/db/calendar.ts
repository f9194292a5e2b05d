import { sql } from 'drizzle-orm';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';
import { type Database, type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** Views show days up to now, and nobody may have to restart a worker because a year ends. */
const AHEAD = instantOfSeconds(2 * 366 * 86_400);
/** Days begin and end up to 14 hours beside those of UTC. */
const MARGIN = instantOfSeconds(2 * 86_400);

/** Makes sure that the calendar holds the hours of `range`, and the days and months of a time zone that they touch. */
export async function ensureCalendar(query: Queryable, timeZone: string, { from, to }: Range): Promise<void> {
  await translated(
    query.execute(sql`
      select meraki_store.extend_calendar(${timeZone}, missing.first, missing.last)
      from (
        select least(min(date), date_trunc('month', ${dateOf(from - MARGIN)}::timestamp)::date) as first,
          greatest(max(date), ${dateOf(to + MARGIN)}::date) as last,
          min(date) as has_first, max(date) as has_last
        from meraki_store.calendar_days where time_zone = ${timeZone}
      ) missing
      where has_first is null or first < has_first or last > has_last`),
  );
}

/** Makes sure that every organization's calendar reaches from the first time its data are wanted far into the future. */
export async function extendCalendars(database: Database, now: Instant): Promise<void> {
  const found = await translated(
    database.query.execute<{ time_zone: string; first: number | null }>(sql`
      select coalesce(o.time_zone, 'UTC') as time_zone,
        (extract(epoch from min(s.wanted_from)) * 1000000)::double precision as first
      from meraki_ingest.streams s
      left join meraki_store.organizations o on o.organization_id = s.organization_id
      group by 1`),
  );
  for (const { time_zone: timeZone, first } of found.rows) {
    await ensureCalendar(database.query, timeZone, { from: first ?? now, to: now + AHEAD });
  }
}

/** The days in the organization's time zone that lie wholly in a stretch of time. */
export async function wholeDays(
  query: Queryable,
  organizationId: string,
  { from, to }: Range,
): Promise<readonly Range[]> {
  const [since, until] = [sql`${formatInstant(from)}::timestamptz`, sql`${formatInstant(to)}::timestamptz`];
  const found = await translated(
    query.execute<{ day_start: string; day_end: string }>(sql`
      select day_start::text as day_start, day_end::text as day_end
      from meraki_store.organization_days(${organizationId}, ${since}, ${until})
      where day_start >= ${since} and day_end <= ${until} order by 1`),
  );
  return found.rows.map((row) => ({
    from: parseDatabaseInstant(row.day_start),
    to: parseDatabaseInstant(row.day_end),
  }));
}

/** From the beginning of the first to the end of the last day, in the organization's time zone, that `range` touches. */
export async function daysTouched(
  query: Queryable,
  organizationId: string,
  range: Range,
): Promise<Range | undefined> {
  const found = await query.execute<{ day_start: string | null; day_end: string | null }>(sql`
    select min(day_start)::text as day_start, max(day_end)::text as day_end
    from meraki_store.organization_days(${organizationId}, ${formatInstant(range.from)}::timestamptz,
      ${formatInstant(range.to)}::timestamptz)`);
  const { day_start: from, day_end: to } = found.rows[0] ?? { day_start: null, day_end: null };
  if (from === null || to === null) return undefined;
  return { from: parseDatabaseInstant(from), to: parseDatabaseInstant(to) };
}

function dateOf(instant: Instant): string {
  return formatInstant(instant).slice(0, 10);
}

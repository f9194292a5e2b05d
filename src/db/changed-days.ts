/*
 * The days of a time zone are written down years ahead, and governments decide within weeks when clocks are changed.
 * Where Postgres has learned of it by then, with its time zone data, the days to come are put right. Where it comes to
 * know later, days that have rows were others, too: they are made anew as after another REPORT_TIME_ZONE.
 */
import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Database, type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { remakeDays } from './report-time-zones.ts';
import { readSetting, writeSetting } from './settings.ts';

interface ChangedZone {
  readonly timeZone: string;
  /** Since when its days are others than they were. */
  readonly from: Instant;
}

/**
 * Puts days right that a time zone has otherwise by now than they were written down. Any number of workers may do so at
 * once, and whoever dies over it leaves the rest to the next.
 *
 * @returns the time zones that changed
 */
export async function renewCalendars(database: Database, now: Instant): Promise<readonly string[]> {
  const changed = await findChanged(database.query);
  const past = changed.filter(({ from }) => from <= now).map(({ timeZone }) => timeZone);
  const left = JSON.parse((await readSetting(database.query, 'days_to_remake')) ?? '[]') as string[];
  const toRemake = [...new Set([...left, ...past])];
  if (past.length > 0) await writeSetting(database.query, 'days_to_remake', JSON.stringify(toRemake));
  // Before too: until the rollups by day are made anew, views count days by the calendar as it is.
  await remakeAll(database, past, now);
  for (const zone of changed) await renew(database, zone);
  await remakeAll(database, toRemake, now);
  if (toRemake.length > 0) await writeSetting(database.query, 'days_to_remake', '[]');
  return changed.map(({ timeZone }) => timeZone);
}

async function findChanged(query: Queryable): Promise<readonly ChangedZone[]> {
  const found = await translated(
    query.execute<{ time_zone: string; since: string }>(sql`
      select time_zone, min(least(day_start, new_start, day_end, new_end))::text as since
      from meraki_store.calendar_days
      cross join lateral (
        select meraki_store.day_start(date::timestamp, time_zone) as new_start,
          meraki_store.day_start(date + interval '1 day', time_zone) as new_end
      ) by_now
      where time_zone <> 'UTC' and time_zone in (select time_zone from meraki_store.organizations)
        and (day_start, day_end) is distinct from (new_start, new_end)
      group by 1 order by 1`),
  );
  return found.rows.map((row) => ({ timeZone: row.time_zone, from: parseDatabaseInstant(row.since) }));
}

async function renew(database: Database, { timeZone, from }: ChangedZone): Promise<void> {
  await database.transaction(async (tx) => {
    const gone = await tx.execute<{ date: string }>(sql`
      delete from meraki_store.calendar_days
      where time_zone = ${timeZone} and day_end >= ${formatInstant(from)}::timestamptz
      returning date::text as date`);
    const dates = gone.rows.map(({ date }) => date).sort();
    if (dates.length === 0) return;
    await tx.execute(
      sql`select meraki_store.extend_calendar(${timeZone}, ${dates[0]}::date, ${dates.at(-1)}::date)`,
    );
  });
}

async function remakeAll(database: Database, zones: readonly string[], now: Instant): Promise<void> {
  for (const zone of zones) {
    const found = await translated(
      database.query.execute<{ id: string }>(sql`
        select organization_id as id from meraki_store.organizations where time_zone = ${zone} order by 1`),
    );
    for (const { id } of found.rows) await database.transaction((tx) => remakeDays(tx, id, now));
  }
}

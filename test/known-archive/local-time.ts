import { DAY, HOUR, type Moment } from './facts.ts';

const formats = new Map<string, Intl.DateTimeFormat>();

/** The clock on the wall of a zone, written as if it were UTC. */
export function onTheWall(moment: Moment, zone: string): Moment {
  if (zone === 'UTC') return moment;
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    formats.set(zone, format);
  }
  const wall = Date.parse(`${format.format(moment).replace(' ', 'T')}Z`);
  return wall + (((moment % 1_000) + 1_000) % 1_000);
}

/** The local date, written YYYY-MM-DD. */
export function dateOf(moment: Moment, zone: string): string {
  return new Date(onTheWall(moment, zone)).toISOString().slice(0, 10);
}

/** The moment a local date begins. */
export function dayStart(date: string, zone: string): Moment {
  const wall = Date.parse(`${date}T00:00:00Z`);
  // Zones lie within 14 hours of UTC, and change by whole quarters of an hour.
  for (let moment = wall - 14 * HOUR; moment <= wall + 14 * HOUR; moment += HOUR / 4) {
    if (onTheWall(moment, zone) === wall) return moment;
  }
  throw new Error(`${date} does not begin at midnight in ${zone}`);
}

export function nextDate(date: string, days = 1): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** Local dates whose beginning lies in `[from, to)`. */
export function datesBeginningIn(from: Moment, to: Moment, zone: string): string[] {
  const dates: string[] = [];
  for (let date = dateOf(from - DAY, zone); dayStart(date, zone) < to; date = nextDate(date)) {
    if (dayStart(date, zone) >= from) dates.push(date);
  }
  return dates;
}

/** 1 for Monday to 7 for Sunday, by the local clock. */
export function isoWeekday(moment: Moment, zone: string): number {
  return new Date(onTheWall(moment, zone)).getUTCDay() || 7;
}

export function hourOfDay(moment: Moment, zone: string): number {
  return new Date(onTheWall(moment, zone)).getUTCHours();
}

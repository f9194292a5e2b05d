/* The local clock by the runtime's own time zones: views are compared with it, so Postgres is not asked. */

const HALF_HOUR = 1_800_000;

export interface LocalTime {
  /** YYYY-MM-DD */
  readonly date: string;
  readonly hour: number;
  /** 1 (Monday) to 7 (Sunday). */
  readonly weekday: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

export function localTime(moment: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, hourCycle: 'h23', weekday: 'short' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit' },
    });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  return {
    date: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
    hour: Number(parts.get('hour')),
    weekday: WEEKDAYS.indexOf(parts.get('weekday') ?? '') + 1,
  };
}

/** The local days that touch a stretch, each from its first instant up to the next day's. */
export function localDays(
  from: number,
  to: number,
  timeZone: string,
): { date: string; from: number; to: number }[] {
  const days: { date: string; from: number; to: number }[] = [];
  for (let at = from - 24 * 2 * HALF_HOUR; at < to + 24 * 2 * HALF_HOUR; at += HALF_HOUR) {
    const { date } = localTime(at, timeZone);
    const last = days.at(-1);
    if (last?.date === date) last.to = at + HALF_HOUR;
    else days.push({ date, from: at, to: at + HALF_HOUR });
  }
  return days.slice(1, -1).filter((day) => day.to > from && day.from < to);
}

const monthStarts = new Map<string, number>();

/** First instant of the local month that holds `moment`. */
export function monthStart(moment: number, timeZone: string): number {
  const month = localTime(moment, timeZone).date.slice(0, 7);
  const known = monthStarts.get(`${timeZone} ${month}`);
  if (known !== undefined) return known;
  const days = localDays(moment - 32 * 48 * HALF_HOUR, moment + 1, timeZone);
  const first = days.find(({ date }) => date.startsWith(month))?.from ?? Number.NaN;
  monthStarts.set(`${timeZone} ${month}`, first);
  return first;
}

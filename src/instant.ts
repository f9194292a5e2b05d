/**
 * An instant: whole microseconds since the Unix epoch.
 *
 * Meraki's timestamps have six digits below the second and a JavaScript `Date` keeps three. Microseconds of
 * the years 1700 to 2199 are exact in a double, so a plain number holds every timestamp both sides can name.
 */
export type Instant = number;

export const MICROSECONDS_PER_MILLISECOND = 1_000;
export const MICROSECONDS_PER_SECOND = 1_000_000;

const YEARS_KEPT_EXACTLY = /^(?:1[7-9]|2[01])\d\d-/;
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))?(Z|z|[+-]\d{2}(?::?\d{2})?)$/;

/**
 * Reads an ISO 8601 timestamp with any offset and up to nine fractional digits.
 *
 * @returns `undefined` when the text is no such timestamp, names no real date, lies outside those years, or carries digits below the
 * microsecond that would be lost.
 */
export function parseInstant(text: string): Instant | undefined {
  return parseMerakisForm(text) ?? parseAnyForm(text);
}

let lastDay = { text: '1970-01-01', start: 0 };

/**
 * `2026-01-31T23:59:59.123456Z`, as all timestamps of a page are written: several times as fast as any other form,
 * since rows that follow one another share their day.
 */
function parseMerakisForm(text: string): Instant | undefined {
  if (text.length !== 27 || text[10] !== 'T' || text[19] !== '.' || text[26] !== 'Z') return undefined;
  if (text[13] !== ':' || text[16] !== ':') return undefined;
  const hours = digits(text, 11, 13);
  const minutes = digits(text, 14, 16);
  const seconds = digits(text, 17, 19);
  const fraction = digits(text, 20, 26);
  if (!(hours < 24 && minutes < 60 && seconds < 60 && fraction >= 0)) return undefined;
  if (!text.startsWith(lastDay.text)) {
    const day = text.slice(0, 10);
    const start = parseAnyForm(`${day}T00:00:00Z`);
    if (start === undefined) return undefined;
    lastDay = { text: day, start };
  }
  return lastDay.start + ((hours * 60 + minutes) * 60 + seconds) * MICROSECONDS_PER_SECOND + fraction;
}

/** The number that the characters of `[from, to)` write; `NaN` where one is no digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function parseAnyForm(text: string): Instant | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const offset = /^[zZ]$/.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const milliseconds = Date.parse(`${date}T${time}${offset}`);
  if (Number.isNaN(milliseconds) || /[1-9]/.test(fraction.slice(6))) return undefined;
  if (!isRealDay(date ?? '') || !YEARS_KEPT_EXACTLY.test(date ?? '')) return undefined;
  return milliseconds * MICROSECONDS_PER_MILLISECOND + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Date.parse accepts 31 February and moves it into March. */
function isRealDay(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

/** Writes an instant as ISO 8601 in UTC with six fractional digits, as Meraki and Postgres read it. */
export function formatInstant(instant: Instant): string {
  const seconds = Math.floor(instant / MICROSECONDS_PER_SECOND);
  const fraction = String(instant - seconds * MICROSECONDS_PER_SECOND).padStart(6, '0');
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
}

export function instantOfMilliseconds(milliseconds: number): Instant {
  return Math.round(milliseconds * MICROSECONDS_PER_MILLISECOND);
}

export function instantOfSeconds(seconds: number): Instant {
  return Math.round(seconds * MICROSECONDS_PER_SECOND);
}

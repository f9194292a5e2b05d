import { type Instant, MICROSECONDS_PER_MILLISECOND } from '../instant.ts';

/** As Postgres writes a time where the session is in UTC; not `infinity`, nor years beyond four digits. */
const UTC_TIME = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/;
const DAY_MILLISECONDS = 86_400_000;

/** ISO 8601 with six digits below the second, from a time as Postgres writes it. What has no such form stays. */
export function isoOfPostgres(text: string): string {
  const match = UTC_TIME.exec(text);
  return match === null ? text : `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(6, '0')}Z`;
}

/** @throws {RangeError} for a time that is no number of microseconds, such as `infinity` */
export function instantOfPostgres(text: string): Instant {
  const match = UTC_TIME.exec(text);
  if (match === null) throw new RangeError(`"${text}" cannot be written as a number of microseconds`);
  const milliseconds = Date.parse(`${match[1]}T${match[2]}Z`);
  return milliseconds * MICROSECONDS_PER_MILLISECOND + Number((match[3] ?? '').padEnd(6, '0'));
}

/** Days since 1970-01-01. @throws {RangeError} for what is no day, such as `infinity` */
export function dayOfPostgres(text: string): number {
  const milliseconds = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(milliseconds)) throw new RangeError(`"${text}" cannot be written as a day`);
  return milliseconds / DAY_MILLISECONDS;
}

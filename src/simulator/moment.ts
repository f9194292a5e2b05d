/** Whole microseconds since the Unix epoch. */
export type Moment = number;

export const SECOND = 1_000_000;
export const HOUR = 3_600 * SECOND;
export const DAY = 24 * HOUR;

const ISO_8601 = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Reads an ISO 8601 timestamp with an offset; digits below the microsecond are dropped. */
export function parseMoment(text: string): Moment | undefined {
  const match = ISO_8601.exec(text);
  if (match === null) return undefined;
  const [, date, time, fraction = '', zone] = match;
  const milliseconds = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return milliseconds * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** `2026-11-01T00:00:00Z`, as the response codes' buckets are written. */
export function formatSecond(moment: Moment): string {
  return `${new Date(Math.floor(moment / SECOND) * 1_000).toISOString().slice(0, 19)}Z`;
}

/** `2026-11-01T00:00:00.000001Z`: 27 characters, as the webhook logs are written. */
export function formatMicrosecond(moment: Moment): string {
  const hour = Math.floor(moment / HOUR);
  return formatInHour(hourPrefix(hour * HOUR), moment - hour * HOUR);
}

/** `2026-11-01T05:` for the hour that starts at `moment`. */
export function hourPrefix(moment: Moment): string {
  return new Date(moment / 1_000).toISOString().slice(0, 14);
}

/** Writes a timestamp from its hour's prefix and the microseconds since that hour began: no `Date` per row. */
export function formatInHour(prefix: string, microseconds: number): string {
  const seconds = Math.floor(microseconds / SECOND);
  const fraction = String(SECOND + microseconds - seconds * SECOND).slice(1);
  return `${prefix}${MINUTES_AND_SECONDS[seconds]}${fraction}Z`;
}

const MINUTES_AND_SECONDS = Array.from({ length: 3_600 }, (_, second) =>
  new Date(second * 1_000).toISOString().slice(14, 19).concat('.'),
);

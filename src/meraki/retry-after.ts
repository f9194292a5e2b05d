/** No answer may hold a page longer than this; the job's own retry takes over. */
export const LONGEST_WAIT_MS = 60_000;

/**
 * How long a `Retry-After` (RFC 9110, 10.2.3) asks to wait, in either of its forms and capped, since absurd values
 * have been seen; `undefined` where it is missing or unreadable.
 */
export function askedWait(header: string | undefined, nowMilliseconds: number): number | undefined {
  const asked = header === undefined ? undefined : readRetryAfter(header, nowMilliseconds);
  return asked === undefined ? undefined : Math.min(Math.max(asked, 0), LONGEST_WAIT_MS);
}

/**
 * How long to wait where nothing is asked for: exponential backoff with full jitter.
 *
 * @param attempt how many attempts have failed, from 1
 * @param random a number from 0 up to but not including 1
 */
export function backoff(attempt: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_WAIT_MS, 500 * 2 ** attempt));
}

function readRetryAfter(header: string, nowMilliseconds: number): number | undefined {
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) || !/[a-z]/i.test(text) ? undefined : date - nowMilliseconds;
}

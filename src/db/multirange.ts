import { formatInstant, type Instant, parseInstant } from '../instant.ts';
import { type Ranges, union } from '../ranges.ts';

/** Writes a set of instants as the text of a Postgres `tstzmultirange`. */
export function formatMultirange(ranges: Ranges): string {
  const parts = ranges.map(({ from, to }) => `["${formatInstant(from)}","${formatInstant(to)}")`);
  return `{${parts.join(',')}}`;
}

/**
 * Reads the text of a `tstzmultirange` whose ranges are bounded and half-open, as this program writes them.
 *
 * @throws {RangeError} on any other text
 */
export function parseMultirange(text: string): Ranges {
  if (text === '{}') return [];
  const ranges = [...text.matchAll(/\["?([^",]+)"?,"?([^",)]+)"?\)/g)].map(([, from, to]) => ({
    from: parseDatabaseInstant(from ?? ''),
    to: parseDatabaseInstant(to ?? ''),
  }));
  if (ranges.length === 0) throw new RangeError(`not a bounded tstzmultirange: ${text.slice(0, 80)}`);
  return union(ranges);
}

/**
 * Reads a `timestamptz` as Postgres writes it in an ISO date style.
 *
 * @throws {RangeError} on any other text
 */
export function parseDatabaseInstant(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`not a timestamp with a time zone: ${text.slice(0, 40)}`);
  return instant;
}

import { DAY } from '../moment.ts';
import type { RequestFilters } from '../world/request-history.ts';
import { listOf, type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';
import type { TimeWindow } from './time-window.ts';

export const INTERVALS: readonly number[] = [120, 3_600, 14_400, 21_600];

const FINEST_BY_SPAN = [
  { days: 1, interval: 120 },
  { days: 7, interval: 3_600 },
  { days: 14, interval: 14_400 },
];
const COARSEST = 21_600;

/** Reads the five filters; throws a 400 for one that is malformed. */
export function requestFiltersOf(query: Query): RequestFilters {
  const version = textOf(query, 'version');
  if (version !== undefined && version !== '0' && version !== '1') {
    throw new Refusal(400, "'version' must be 0 or 1");
  }
  return {
    version: version === undefined ? undefined : version === '0' ? 0 : 1,
    operationIds: listOf(query, 'operationIds'),
    sourceIps: listOf(query, 'sourceIps'),
    adminIds: listOf(query, 'adminIds'),
    userAgent: textOf(query, 'userAgent'),
  };
}

/** The seconds the answer's buckets are wide; throws a 400 for an interval that does not exist. */
export function intervalOf(query: Query, rule: 'interval' | 'timespan', { from, to }: TimeWindow): number {
  const text = textOf(query, 'interval');
  const asked = text === undefined ? COARSEST : Number(text);
  if (!INTERVALS.includes(asked)) throw new Refusal(400, `'interval' must be one of ${INTERVALS.join(', ')}`);
  if (rule === 'interval') return asked;
  return FINEST_BY_SPAN.find(({ days }) => to - from <= days * DAY)?.interval ?? COARSEST;
}

import { DAY, formatMicrosecond, type Moment, parseMoment, SECOND } from '../moment.ts';
import { type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';

export interface TimeWindow {
  readonly from: Moment;
  readonly to: Moment;
  /** `from`, or, where that has aged out in silence, the oldest instant that is still kept. */
  readonly keptFrom: Moment;
  /** As asked, or as the server understood what was left out: for the links to the other pages. */
  readonly t0: string;
  readonly t1: string;
}

export interface WindowLimits {
  /** Days. */
  readonly lookback: number;
  readonly span: number;
  /** Seconds. */
  readonly defaultTimespan: number;
  /** Whether a window that has left the lookback is refused, or loses in silence what is too old. */
  readonly agesOut: 'refused' | 'silent';
}

const GRACE = 60 * SECOND;
/** How far outside the lookback a first page is still answered where windows age out in silence. */
const SILENT_GRACE = DAY;

/**
 * Reads `t0`, `t1` and `timespan`; throws a 400 for a window that is outside the limits or not one at all.
 *
 * @param isLaterPage whether the query carries a page token
 */
export function timeWindowOf(
  query: Query,
  limits: WindowLimits,
  now: Moment,
  isLaterPage = false,
): TimeWindow {
  const [t0, t1] = [textOf(query, 't0'), textOf(query, 't1')];
  const timespan = timespanOf(query, limits);
  if (timespan !== undefined && (t0 ?? t1) !== undefined) {
    throw new Refusal(400, "'timespan' must not be given together with 't0' or 't1'");
  }
  const to = t1 === undefined ? now : momentOf('t1', t1);
  const from = t0 === undefined ? to - (timespan ?? limits.defaultTimespan * SECOND) : momentOf('t0', t0);
  if (to < from) throw new Refusal(400, "'t1' must be after 't0'");
  const oldest = now - limits.lookback * DAY;
  const isSilent = limits.agesOut === 'silent';
  if (from < oldest - (isSilent ? SILENT_GRACE : GRACE) && !(isSilent && isLaterPage)) {
    throw new Refusal(400, `'t0' must be within the last ${limits.lookback} days`);
  }
  const longest = limits.span * DAY + (t1 === undefined ? GRACE : 0);
  if (to - from > longest) throw new Refusal(400, `'t1' must be within ${limits.span} days after 't0'`);
  return {
    from,
    to,
    keptFrom: isSilent ? Math.max(from, oldest) : from,
    t0: t0 ?? formatMicrosecond(from),
    t1: t1 ?? formatMicrosecond(to),
  };
}

function momentOf(name: string, text: string): Moment {
  const moment = parseMoment(text);
  if (moment === undefined) throw new Refusal(400, `'${name}' must be an ISO 8601 timestamp`);
  return moment;
}

function timespanOf(query: Query, limits: WindowLimits): Moment | undefined {
  const text = textOf(query, 'timespan');
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= limits.span * 86_400) return Math.round(seconds * SECOND);
  throw new Refusal(400, `'timespan' must be at most ${limits.span * 86_400} seconds`);
}

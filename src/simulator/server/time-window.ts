import { DAY, formatMicrosecond, type Moment, parseMoment, SECOND } from '../moment.ts';
import { type Query, textOf } from './query.ts';
import { Refusal } from './refusal.ts';

export interface TimeWindow {
  readonly from: Moment;
  readonly to: Moment;
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
}

const GRACE = 60 * SECOND;

/** Reads `t0`, `t1` and `timespan`; throws a 400 for a window that is outside the limits or not one at all. */
export function timeWindowOf(query: Query, limits: WindowLimits, now: Moment): TimeWindow {
  const [t0, t1] = [textOf(query, 't0'), textOf(query, 't1')];
  const timespan = timespanOf(query, limits);
  if (timespan !== undefined && (t0 ?? t1) !== undefined) {
    throw new Refusal(400, "'timespan' must not be given together with 't0' or 't1'");
  }
  const to = t1 === undefined ? now : momentOf('t1', t1);
  const from = t0 === undefined ? to - (timespan ?? limits.defaultTimespan * SECOND) : momentOf('t0', t0);
  if (to < from) throw new Refusal(400, "'t1' must be after 't0'");
  if (from < now - limits.lookback * DAY - GRACE) {
    throw new Refusal(400, `'t0' must be within the last ${limits.lookback} days`);
  }
  const longest = limits.span * DAY + (t1 === undefined ? GRACE : 0);
  if (to - from > longest) throw new Refusal(400, `'t1' must be within ${limits.span} days after 't0'`);
  return { from, to, t0: t0 ?? formatMicrosecond(from), t1: t1 ?? formatMicrosecond(to) };
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

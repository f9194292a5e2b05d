/*
 * What to read a second time. Half of the audits take the oldest final time that was not verified yet: it is what
 * the source forgets first, and it moves `verified_through` on. The other half take any final time: what was
 * right once may have changed since, here or there. A window is as wide as its share of the request budget is
 * likely to read, judged by the audit before it.
 */
import { instantOfSeconds } from '../instant.ts';
import { duration, intersect, type Range, type Ranges, rangesOf, shrinkToGrid, subtract } from '../ranges.ts';
import { horizonOf, type PlannedWindow, type Situation } from './plan.ts';

/** One bucket width of a stream (0: no buckets). */
export interface AuditedWidth {
  readonly intervalSeconds: number;
  /** Final time that report views count. */
  readonly final: Ranges;
  readonly verified: Ranges;
  /** How wide a window may be, in microseconds. */
  readonly widest: number;
}

export interface PlannedAudit extends PlannedWindow {
  readonly intervalSeconds: number;
}

/** Numbers from 0 up to but not including 1. */
export interface Chance {
  /** Below one half: the oldest time that was not verified; else any. */
  readonly kind: number;
  /** Where in the final time an audit of any begins. */
  readonly place: number;
}

/**
 * @param left time that is left alone: it was audited in vain not long ago
 * @returns `undefined` when there is nothing to audit
 */
export function planAudit(
  situation: Pick<Situation, 'now' | 'lookback' | 'span' | 'lead' | 'reach' | 'only'>,
  widths: readonly AuditedWidth[],
  left: Ranges,
  chance: Chance,
): PlannedAudit | undefined {
  const known = widths.map((width) => ({ width, final: withinReach(situation, width, left) }));
  const begin = (chance.kind < 0.5 ? oldest(known) : undefined) ?? anywhere(known, chance.place);
  if (begin === undefined) return undefined;
  const { width, stretch } = begin;
  const grid = gridOf(width);
  const { now, span, lead, reach } = situation;
  const most = Math.min(width.widest, span - lead - reach);
  const longest = Math.max(grid, Math.floor(most / grid) * grid);
  const claim = { from: stretch.from, to: Math.min(stretch.to, stretch.from + longest) };
  return {
    openedAt: now,
    intervalSeconds: width.intervalSeconds,
    claim,
    asked: { from: claim.from - lead, to: Math.min(claim.to + reach, now) },
  };
}

interface Known {
  readonly width: AuditedWidth;
  readonly final: Ranges;
}

interface Begin {
  readonly width: AuditedWidth;
  readonly stretch: Range;
}

function oldest(known: readonly Known[]): Begin | undefined {
  return known
    .flatMap(({ width, final }) => {
      const stretch = onGrid(subtract(final, width.verified), width)[0];
      return stretch === undefined ? [] : [{ width, stretch }];
    })
    .sort((a, b) => a.stretch.from - b.stretch.from)[0];
}

function anywhere(known: readonly Known[], place: number): Begin | undefined {
  const total = known.reduce((sum, { final }) => sum + duration(final), 0);
  let skip = Math.floor(total * place);
  for (const { width, final } of known) {
    for (const range of final) {
      if (skip < range.to - range.from) {
        const grid = gridOf(width);
        return { width, stretch: { from: range.from + Math.floor(skip / grid) * grid, to: range.to } };
      }
      skip -= range.to - range.from;
    }
  }
  return undefined;
}

function withinReach(
  { now, lookback, only }: Pick<Situation, 'now' | 'lookback' | 'only'>,
  width: AuditedWidth,
  left: Ranges,
): Ranges {
  const from = horizonOf({ now, lookback, grid: gridOf(width) });
  const inReach = intersect(width.final, rangesOf({ from, to: now }));
  return onGrid(subtract(only === undefined ? inReach : intersect(inReach, [only]), left), width);
}

function onGrid(ranges: Ranges, width: AuditedWidth): Ranges {
  return rangesOf(...ranges.map((range) => shrinkToGrid(range, gridOf(width))));
}

function gridOf({ intervalSeconds }: AuditedWidth): number {
  return intervalSeconds === 0 ? 1 : instantOfSeconds(intervalSeconds);
}

const FIRST_WIDTH = instantOfSeconds(3_600);
const LEAST_WIDTH = instantOfSeconds(60);
const FASTEST_GROWTH = 8;
const CAUTION = 0.8;

/** How an audit of a window went. */
export interface AuditEffort {
  /** How much time was read whole, or was to be read when nothing was; in microseconds. */
  readonly read: number;
  readonly requests: number;
  readonly readable: boolean;
}

/**
 * How wide a window can be read with so many requests, in microseconds.
 *
 * @param past audits of late, the newest first: several, for one of them may have been about a short leftover
 */
export function auditWidth(past: readonly AuditEffort[], requests: number): number {
  const readable = past.filter((audit) => audit.readable);
  const sum = (of: (audit: AuditEffort) => number) => readable.reduce((all, audit) => all + of(audit), 0);
  const perRequest =
    sum(({ read }) => read) /
    Math.max(
      1,
      sum((audit) => audit.requests),
    );
  const growth = FASTEST_GROWTH * readable.reduce((most, { read }) => Math.max(most, read), 0);
  const likely = readable.length === 0 ? FIRST_WIDTH : Math.min(perRequest * requests * CAUTION, growth);
  const newest = past[0];
  const readOn = newest === undefined || newest.readable ? likely : Math.min(likely, newest.read / 4);
  return Math.max(LEAST_WIDTH, Math.floor(readOn));
}

/** Requests that the first reading of a window may take: as many are kept for a second one. */
export function firstReading(requestsLeft: number): number {
  return Math.floor(requestsLeft / 2);
}

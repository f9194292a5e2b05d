/*
 * What to ask next. `live` reads from where final coverage ends to now, again and again, until what it read has
 * settled. `backfill` takes what is wanted, can still be had, has settled and is not final, and begins with the
 * oldest: that is what Meraki forgets first.
 */
import type { Instant } from '../instant.ts';
import { type Range, type Ranges, rangesOf, shrinkToGrid, subtract } from '../ranges.ts';

/** What planning knows of a stream. Durations in microseconds, instants by Meraki's clock. */
export interface Situation {
  readonly now: Instant;
  readonly wantedFrom: Instant;
  /** Time that needs no further reading. */
  readonly done: Ranges;
  readonly lookback: number;
  readonly span: number;
  readonly settle: number;
  /** Bucket width; 1 where rows have instants of their own. */
  readonly grid: number;
  /** How much more than the claim is asked, before and after it. */
  readonly lead: number;
  readonly reach: number;
  /** Restricts the plan to a stretch of time, as `sync --from --to` does. */
  readonly only?: Range | undefined;
}

/** Kept between what is asked and the far edge, for the clocks differ and paging takes time. */
export const EDGE_MARGIN = 600_000_000;
/** The newest stretch belongs to `live`, so that new rows appear before months of history are read. */
export const LIVE_REACH = 6 * 3_600_000_000;

export interface PlannedWindow {
  readonly claim: Range;
  readonly asked: Range;
}

/** The oldest instant that may still be asked for. */
export function horizonOf(situation: Pick<Situation, 'now' | 'lookback' | 'grid'>): Instant {
  const { now, lookback, grid } = situation;
  return Math.ceil((now - lookback + EDGE_MARGIN) / grid) * grid;
}

/** The window of the `live` lane: everything since final coverage ends, at most {@link LIVE_REACH}. */
export function planLive(situation: Situation): PlannedWindow | undefined {
  const { now, grid, settle, done, span, lead } = situation;
  if (situation.only !== undefined && situation.only.to < now - settle) return undefined;
  const settled = Math.floor((now - settle) / grid) * grid;
  const finalUntil = done.findLast((range) => range.from <= settled)?.to ?? Number.NEGATIVE_INFINITY;
  const from = Math.max(
    earliest(situation),
    Math.ceil((now - Math.min(LIVE_REACH, span - lead)) / grid) * grid,
    Math.min(finalUntil, settled),
  );
  if (from >= now) return undefined;
  return { claim: { from, to: now }, asked: { from: from - lead, to: now } };
}

/** The next window of the `backfill` lane, or `undefined` when nothing is missing that can be had. */
export function planBackfill(situation: Situation): PlannedWindow | undefined {
  const gap = backfillGaps(situation)[0];
  if (gap === undefined) return undefined;
  const { now, grid, span, lead, reach } = situation;
  const longest = Math.max(grid, Math.floor((span - lead - reach) / grid) * grid);
  const claim = { from: gap.from, to: Math.min(gap.to, gap.from + longest) };
  return { claim, asked: { from: claim.from - lead, to: Math.min(claim.to + reach, now) } };
}

/** All that the `backfill` lane still has to read, oldest first. */
export function backfillGaps(situation: Situation): Ranges {
  const { now, grid, settle, done, only } = situation;
  const settled = Math.floor((now - settle) / grid) * grid;
  const wanted = { from: earliest(situation), to: Math.min(settled, only?.to ?? settled) };
  const missing = subtract(rangesOf(wanted), done);
  const whole = missing.map((range) => shrinkToGrid(range, grid));
  const newest = whole.at(-1);
  if (newest !== undefined && newest.to === settled) {
    const liveFrom = Math.ceil((now - LIVE_REACH) / grid) * grid;
    whole[whole.length - 1] = { from: newest.from, to: Math.min(newest.to, Math.max(newest.from, liveFrom)) };
  }
  return rangesOf(...whole);
}

function earliest(situation: Situation): Instant {
  const { grid, wantedFrom, only } = situation;
  const wanted = Math.max(wantedFrom, only?.from ?? wantedFrom);
  return Math.max(horizonOf(situation), Math.ceil(wanted / grid) * grid);
}

/*
 * What to ask next. `live` reads from where final coverage ends to now, again and again, until what it read has
 * settled. `backfill` takes what is wanted, can still be had, has settled and is not final, and begins with the
 * oldest: that is what Meraki forgets first.
 */
import type { Instant } from '../instant.ts';
import { growToGrid, type Range, type Ranges, rangesOf, shrinkToGrid, subtract } from '../ranges.ts';

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
export const EDGE_MARGIN = 300_000_000;
/** A new archive begins so much inside the far edge: the edge moves on until the first window is asked. */
const START_MARGIN = 3_600_000_000;
/** The newest stretch belongs to `live`, so that new rows appear before months of history are read. */
export const LIVE_REACH = 6 * 3_600_000_000;

export interface PlannedWindow {
  /** When it was planned: what has settled, and whether the window ends now, is told from this instant. */
  readonly openedAt: Instant;
  readonly claim: Range;
  readonly asked: Range;
}

/** The oldest instant that may still be asked for. */
export function horizonOf(situation: Pick<Situation, 'now' | 'lookback' | 'grid'>): Instant {
  const { now, lookback, grid } = situation;
  return Math.ceil((now - lookback + EDGE_MARGIN) / grid) * grid;
}

/** Since when the data of a stream that was never read before are wanted. */
export function beginningOf(situation: Pick<Situation, 'now' | 'lookback' | 'grid'>): Instant {
  const { now, lookback, grid } = situation;
  return Math.ceil((now - lookback + Math.min(START_MARGIN, lookback / 2)) / grid) * grid;
}

/** The window of the `live` lane: everything since final coverage ends, at most {@link LIVE_REACH}. */
export function planLive(situation: Situation): PlannedWindow | undefined {
  const { now, grid, settle, done, lead } = situation;
  if (situation.only !== undefined && situation.only.to < now - settle) return undefined;
  const settled = settledUntil(situation);
  const finalUntil = done.findLast((range) => range.from <= settled)?.to ?? Number.NEGATIVE_INFINITY;
  const from = Math.max(
    earliest(situation),
    liveFrom(situation),
    Math.floor(Math.min(finalUntil, settled) / grid) * grid,
  );
  if (from >= now) return undefined;
  return { openedAt: now, claim: { from, to: now }, asked: { from: from - lead, to: now } };
}

/**
 * What `live` asks once more after `answered`: an answer may begin late and end early, since idle buckets can be left
 * out, and then the settled time that it did not cover has to be asked on its own.
 */
export function planLiveAgain(
  situation: Situation,
  answered: { readonly claim: Range; readonly finalUntil: Instant },
): PlannedWindow | undefined {
  const { now, grid, lead, reach, done } = situation;
  // Planned by a clock that was fast, it has settled up to a time that is still to come, and cannot be asked for.
  const settled = Math.floor(Math.min(answered.finalUntil, now) / grid) * grid;
  const next = planLive(situation);
  if (next === undefined) return undefined;
  if (next.claim.from > answered.claim.from) return next.claim.from < settled ? next : undefined;
  const [hole] = subtract(rangesOf({ from: answered.claim.from, to: settled }), done);
  if (hole === undefined || hole.to >= answered.claim.to) return undefined;
  return {
    openedAt: now,
    claim: hole,
    asked: { from: hole.from - lead, to: Math.min(hole.to + reach, now) },
  };
}

/**
 * The next window of the `backfill` lane, or `undefined` when nothing is missing that can be had.
 *
 * @param most how long it may be, in microseconds, where that is less than the source answers; a bucket at least
 */
export function planBackfill(
  situation: Situation,
  most = Number.POSITIVE_INFINITY,
): PlannedWindow | undefined {
  const gap = backfillGaps(situation)[0];
  if (gap === undefined) return undefined;
  const { now, grid, span, lead, reach } = situation;
  const longest = Math.max(grid, Math.floor(Math.min(span - lead - reach, most) / grid) * grid);
  const claim = { from: gap.from, to: Math.min(gap.to, gap.from + longest) };
  const asked = { from: claim.from - lead, to: Math.min(claim.to + reach, now) };
  return { openedAt: now, claim, asked };
}

/** All that the `backfill` lane still has to read, oldest first. */
export function backfillGaps(situation: Situation): Ranges {
  const { grid, done, only } = situation;
  const settled = settledUntil(situation);
  const wanted = { from: earliest(situation), to: Math.min(settled, only?.to ?? settled) };
  const missing = subtract(rangesOf(shrinkToGrid(wanted, grid)), done);
  // What was read in finer buckets may end inside a bucket of today's grid: all of that bucket is asked again.
  const whole = rangesOf(...missing.map((range) => growToGrid(range, grid)));
  const live = planLive(situation);
  return live === undefined ? whole : subtract(whole, [live.claim]);
}

/** Where the live lane's stretch begins; older time is the backfill's. No window is too narrow for a bucket. */
function liveFrom({ now, span, lead, grid }: Situation): Instant {
  const longest = Math.max(grid, Math.min(LIVE_REACH, span - lead));
  return Math.ceil((now - longest) / grid) * grid;
}

function settledUntil({ now, settle, grid }: Situation): Instant {
  return Math.floor((now - settle) / grid) * grid;
}

function earliest(situation: Situation): Instant {
  const { grid, wantedFrom, only } = situation;
  const wanted = Math.max(wantedFrom, only?.from ?? wantedFrom);
  return Math.max(horizonOf(situation), Math.ceil(wanted / grid) * grid);
}

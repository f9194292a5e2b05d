/*
 * How far back and how wide a stream may be asked is documented, has changed before, and will again. A refused
 * window is taken as a lesson: one short probe at the same far edge tells whether the edge or the width was
 * refused, and the next smaller value that is known from documentation is tried, then halves between.
 */
import { z } from 'zod';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { Range } from '../ranges.ts';

const DAY = instantOfSeconds(86_400);
const STEPS: readonly number[] = [62, 31, 30, 14, 7, 3, 1, 0.25, 1 / 24].map((days) => days * DAY);
/** A lesson is checked again after a week: the refusal may have been a passing fault. */
export const BELIEVED_FOR = 7 * DAY;

const learnedLimitsShape = z.object({
  lookback: z.number().optional(),
  span: z.number().optional(),
  /** How the log is sorted, as a window that was read whole has shown. */
  order: z.enum(['ascending', 'descending', 'unordered']).optional(),
  /** The order that rows came out of: whatever was claimed by it is in doubt until a whole read shows an order again. */
  disproved: z.enum(['ascending', 'descending']).optional(),
  /** Windows are kept so short that they can be read whole: the log is not, or not known to be, sorted by time. */
  wholeSpan: z.number().optional(),
  /** Windows wider than this come at coarser buckets than asked. */
  fineSpan: z.number().optional(),
  /** The bucket width in seconds that the source gives where a wider one is asked for. */
  finerInterval: z.number().optional(),
  /** The finest bucket width in seconds that the source gives at all. */
  finestInterval: z.number().optional(),
  learnedAt: z.number().optional(),
  /** The oldest instant that was ever asked for and answered: what lies behind it and is out of reach now is lost. */
  reached: z.number().optional(),
  /** Since when the stream was wanted before a lesson moved that; hoped for again when the lesson has expired. */
  wantedBefore: z.number().optional(),
  /** Since when time is asked for since a lesson expired; wanted once the source has answered for it. */
  hopedFrom: z.number().optional(),
  /** Stretches that could not be read, and until when they are left alone. */
  skipped: z
    .array(z.object({ from: z.number(), to: z.number(), until: z.number() }))
    .readonly()
    .optional(),
  /** Stretches of which a window could not be read: how long windows may be that begin there, and until when. */
  shortened: z
    .array(z.object({ from: z.number(), to: z.number(), until: z.number(), span: z.number() }))
    .readonly()
    .optional(),
});

/** What a source has shown of itself. Durations in microseconds. */
export type LearnedLimits = Readonly<z.infer<typeof learnedLimitsShape>>;

export function parseLearnedLimits(stored: unknown, now: Instant): LearnedLimits {
  const parsed = learnedLimitsShape.safeParse(stored);
  if (!parsed.success) return {};
  const { skipped = [], shortened = [], ...lessons } = parsed.data;
  const shorter = shortened.filter((stretch) => stretch.until > now);
  const still = {
    skipped: skipped.filter((stretch) => stretch.until > now),
    ...(shorter.length > 0 && { shortened: shorter }),
  };
  const { learnedAt, wantedBefore, hopedFrom, reached, disproved } = lessons;
  if (learnedAt === undefined || now - learnedAt <= BELIEVED_FOR) return { ...lessons, ...still };
  return {
    ...(wantedBefore !== undefined && { wantedBefore }),
    ...(hopedFrom !== undefined && { hopedFrom }),
    ...(reached !== undefined && { reached }),
    // What was claimed by it does not become true by a week's passing.
    ...(disproved !== undefined && { disproved }),
    ...still,
  };
}

/** In a stretch of this, windows are too long at whatever time. */
export const ALL_TIME: Range = { from: 0, to: Number.MAX_SAFE_INTEGER };

export function isOfAllTime({ from, to }: Range): boolean {
  return from === ALL_TIME.from && to === ALL_TIME.to;
}

/** How long windows may be that begin at `from`, in microseconds, by what could not be read there or anywhere. */
export function longestAt({ shortened = [] }: LearnedLimits, from: Instant, now: Instant): number {
  const holding = shortened.filter((one) => one.from <= from && from < one.to && one.until > now);
  return Math.min(...holding.map(({ span }) => span));
}

/** The same of windows that begin at any time. */
export function longestAtAllTimes({ shortened = [] }: LearnedLimits, now: Instant): number {
  const holding = shortened.filter((one) => isOfAllTime(one) && one.until > now);
  return Math.min(...holding.map(({ span }) => span));
}

/** A stretch of time that could not be read, and until when it is left alone. */
export type SkippedStretch = NonNullable<LearnedLimits['skipped']>[number];

/** `skipped` with one stretch more; neighbours become one, which is tried again when the first of them is due. */
export function withStretch(
  skipped: readonly SkippedStretch[],
  added: SkippedStretch,
): readonly SkippedStretch[] {
  const near = skipped.filter((other) => other.from <= added.to && added.from <= other.to);
  const joined = near.reduce(
    (sum, other) => ({
      from: Math.min(sum.from, other.from),
      to: Math.max(sum.to, other.to),
      until: Math.min(sum.until, other.until),
    }),
    added,
  );
  return [...skipped.filter((other) => !near.includes(other)), joined];
}

/** The next smaller value to try after `refused`, or `undefined` when there is nothing left to try. */
export function nextSmaller(refused: number): number | undefined {
  return STEPS.find((step) => step < refused);
}

/** Lookbacks tried so far: the largest that was answered and the smallest that was refused. */
export interface EdgeSearch {
  readonly accepted: number;
  readonly refused: number;
}

/**
 * The next lookback to probe in search of the far edge, or `undefined` when it is known to a day.
 * Documented values first: they are the likely answer, and cost one probe each.
 */
export function nextProbe(search: EdgeSearch): number | undefined {
  const { accepted, refused } = search;
  const documented = STEPS.find((step) => step < refused && step > accepted);
  if (documented !== undefined) return documented;
  if (refused - accepted <= DAY) return undefined;
  return accepted + Math.round((refused - accepted) / 2 / DAY) * DAY;
}

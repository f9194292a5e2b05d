/*
 * How far back and how wide a stream may be asked is documented, has changed before, and will again. A refused
 * window is taken as a lesson: one short probe at the same far edge tells whether the edge or the width was
 * refused, and the next smaller value that is known from documentation is tried, then halves between.
 */
import { z } from 'zod';
import { type Instant, instantOfSeconds } from '../instant.ts';

const DAY = instantOfSeconds(86_400);
const STEPS: readonly number[] = [62, 31, 30, 14, 7, 3, 1, 0.25, 1 / 24].map((days) => days * DAY);
/** A lesson is checked again after a week: the refusal may have been a passing fault. */
export const BELIEVED_FOR = 7 * DAY;

const learnedLimitsShape = z.object({
  lookback: z.number().optional(),
  span: z.number().optional(),
  /** The log is not sorted by time: windows are kept short enough to count in one go. */
  unorderedSpan: z.number().optional(),
  /** Windows wider than this come at coarser buckets than asked. */
  fineSpan: z.number().optional(),
  /** The finest bucket width in seconds that the source gives at all. */
  finestInterval: z.number().optional(),
  learnedAt: z.number().optional(),
  /** Since when the stream was wanted before a lesson moved that; restored when the lesson has expired. */
  wantedBefore: z.number().optional(),
  /** Stretches that could not be read, and until when they are left alone. */
  skipped: z.array(z.object({ from: z.number(), to: z.number(), until: z.number() })).optional(),
});

/** What a source has shown of itself. Durations in microseconds. */
export type LearnedLimits = Readonly<z.infer<typeof learnedLimitsShape>>;

export function parseLearnedLimits(stored: unknown, now: Instant): LearnedLimits {
  const parsed = learnedLimitsShape.safeParse(stored);
  if (!parsed.success) return {};
  const { learnedAt, wantedBefore, skipped = [], ...lessons } = parsed.data;
  const still = skipped.filter((stretch) => stretch.until > now);
  if (learnedAt !== undefined && now - learnedAt > BELIEVED_FOR) {
    return wantedBefore === undefined ? { skipped: still } : { wantedBefore, skipped: still };
  }
  return { ...parsed.data, ...lessons, skipped: still };
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

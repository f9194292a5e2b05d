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
  /** How the log is sorted, as a window that was read whole has shown. */
  order: z.enum(['ascending', 'descending', 'unordered']).optional(),
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
  /** Since when the stream was wanted before a lesson moved that; restored when the lesson has expired. */
  wantedBefore: z.number().optional(),
  /** Stretches that could not be read, and until when they are left alone. */
  skipped: z
    .array(z.object({ from: z.number(), to: z.number(), until: z.number() }))
    .readonly()
    .optional(),
});

/** What a source has shown of itself. Durations in microseconds. */
export type LearnedLimits = Readonly<z.infer<typeof learnedLimitsShape>>;

export function parseLearnedLimits(stored: unknown, now: Instant): LearnedLimits {
  const parsed = learnedLimitsShape.safeParse(stored);
  if (!parsed.success) return {};
  const { learnedAt, skipped = [] } = parsed.data;
  const still = skipped.filter((stretch) => stretch.until > now);
  if (learnedAt === undefined || now - learnedAt <= BELIEVED_FOR) return { ...parsed.data, skipped: still };
  const { wantedBefore, reached } = parsed.data;
  return {
    ...(wantedBefore !== undefined && { wantedBefore }),
    ...(reached !== undefined && { reached }),
    skipped: still,
  };
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

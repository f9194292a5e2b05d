import { formatInstant, type Instant, MICROSECONDS_PER_SECOND } from '../instant.ts';
import { BELIEVED_FOR, isOfAllTime, parseLearnedLimits } from './limits.ts';

/** What is believed of a source besides what is documented; fit for JSON. Durations in seconds, times ISO 8601. */
export interface LearnedSummary {
  readonly lookback_seconds: number | null;
  readonly span_seconds: number | null;
  /** How the log is sorted; `null` while no whole read has shown it. */
  readonly order: 'ascending' | 'descending' | 'unordered' | null;
  /** Not `null`: the log is not sorted by time, and is read in windows of this width. */
  readonly unsorted_span_seconds: number | null;
  /** Windows wider than this come at coarser buckets than asked. */
  readonly fine_span_seconds: number | null;
  /** Buckets come this wide although wider ones are asked for. */
  readonly finer_interval_seconds: number | null;
  readonly finest_interval_seconds: number | null;
  readonly learned_at: string | null;
  readonly believed_until: string | null;
  /** Stretches in which windows are kept short, since longer ones could not be read there; `null`s: at all times. */
  readonly shortened: readonly {
    readonly from: string | null;
    readonly to: string | null;
    readonly until: string;
    readonly span_seconds: number;
  }[];
  readonly skipped: readonly { readonly from: string; readonly to: string; readonly until: string }[];
}

/** @param stored as `streams.limits` holds it; lessons that have expired by `now` are left out */
export function summarizeLearned(stored: unknown, now: Instant): LearnedSummary {
  const learned = parseLearnedLimits(stored, now);
  const {
    lookback,
    span,
    order,
    wholeSpan,
    fineSpan,
    finerInterval,
    finestInterval,
    learnedAt,
    shortened = [],
    skipped = [],
  } = learned;
  const unsorted = order === 'unordered' ? wholeSpan : undefined;
  const teaches = [lookback, span, unsorted, fineSpan, finerInterval, finestInterval].some(
    (value) => value !== undefined,
  );
  const learnedWhen = teaches ? learnedAt : undefined;
  return {
    lookback_seconds: seconds(lookback),
    span_seconds: seconds(span),
    order: order ?? null,
    unsorted_span_seconds: seconds(unsorted),
    fine_span_seconds: seconds(fineSpan),
    finer_interval_seconds: finerInterval ?? null,
    finest_interval_seconds: finestInterval ?? null,
    learned_at: learnedWhen === undefined ? null : formatInstant(learnedWhen),
    believed_until: learnedWhen === undefined ? null : formatInstant(learnedWhen + BELIEVED_FOR),
    shortened: shortened.map((stretch) => ({
      from: isOfAllTime(stretch) ? null : formatInstant(stretch.from),
      to: isOfAllTime(stretch) ? null : formatInstant(stretch.to),
      until: formatInstant(stretch.until),
      span_seconds: Math.floor(stretch.span / MICROSECONDS_PER_SECOND),
    })),
    skipped: skipped.map(({ from, to, until }) => ({
      from: formatInstant(from),
      to: formatInstant(to),
      until: formatInstant(until),
    })),
  };
}

function seconds(microseconds: number | undefined): number | null {
  return microseconds === undefined ? null : Math.floor(microseconds / MICROSECONDS_PER_SECOND);
}

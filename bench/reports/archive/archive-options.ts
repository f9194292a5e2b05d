import { type Instant, instantOfSeconds, MICROSECONDS_PER_MILLISECOND } from '../../../src/instant.ts';

/** What an archive of made-up history is to hold. The same options make the same archive. */
export interface ArchiveOptions {
  readonly seed: number | string;
  /** Where the history ends: the moment of the last answer. */
  readonly now: Instant;
  readonly days: number;
  readonly organizations: number;
  /** Deliveries; there will be exactly so many. */
  readonly deliveries: number;
  /** Rows of API response counts; there will be about so many, as far as there are buckets for them. */
  readonly counts: number;
  /** For how many days back there are records of runs. */
  readonly runDays: number;
}

export interface PlannedArchive extends ArchiveOptions {
  /** Where the history begins, on an hour. */
  readonly from: Instant;
}

const DELIVERIES = 20_000_000;
const COUNTS_PER_DELIVERY = 1.75;
const MINUTE = instantOfSeconds(60);
const HOUR = 60 * MINUTE;

/** The options, with what was left out filled in: two years of 50 organizations up to this minute. */
export function planArchive(given: Partial<ArchiveOptions> = {}): PlannedArchive {
  const now = Math.floor((given.now ?? Date.now() * MICROSECONDS_PER_MILLISECOND) / MINUTE) * MINUTE;
  const deliveries = given.deliveries ?? DELIVERIES;
  const days = given.days ?? 730;
  return {
    seed: given.seed ?? 1,
    now,
    from: Math.floor((now - days * 24 * HOUR) / HOUR) * HOUR,
    days,
    organizations: given.organizations ?? 50,
    deliveries,
    counts: given.counts ?? Math.round(deliveries * COUNTS_PER_DELIVERY),
    runDays: given.runDays ?? Math.min(days, 2),
  };
}

/*
 * One token is one request. Tokens come evenly and a few are kept, so that a moment in which nobody could ask is made
 * up for and the source still never sees more than `perSecond × t + burst` requests in any stretch of t seconds.
 *
 * A refusal (429) makes the pace slower by a factor, and time without refusals brings it back evenly: together all who
 * share a limit settle near it, whatever others take of it. The pace is a function of when it was last slowed, so
 * nothing has to be written to creep back.
 *
 * Times are milliseconds by the clock of whoever keeps the bucket.
 */
import type { Lane } from '../stream-key.ts';

export interface BucketTerms {
  readonly perSecond: number;
  /** Tokens that are kept at most. */
  readonly burst: number;
  /** Tokens that `backfill` leaves to `live`. */
  readonly reserve: number;
}

export interface Bucket {
  /** At `at`. */
  readonly tokens: number;
  /** Lies ahead while everybody has to wait. */
  readonly at: number;
  /** Of the full pace, 0 to 1, when it was last slowed. */
  readonly share: number;
  readonly slowedAt: number;
}

/** Nobody is made to wait longer by one refusal. */
export const LONGEST_PAUSE_MS = 60_000;
/** Meraki counts by the second, so without a `Retry-After` this long is enough. */
export const SHORT_PAUSE_MS = 1_000;
export const SLOWER = 0.7;
export const SLOWEST_SHARE = 0.1;
/** From `SLOWER` to the full pace in 30 seconds. */
export const SHARE_BACK_PER_SECOND = 0.01;
/** Parts of a token that arithmetic loses. */
const NEARLY = 1e-9;

/** A few moments' worth of tokens, of which two in five are for `live`. */
export function organizationTerms(perSecond: number): BucketTerms {
  const burst = Math.max(2, Math.ceil(perSecond / 2));
  return { perSecond, burst, reserve: Math.max(1, Math.floor(0.4 * burst)) };
}

/** With a quarter of a second's worth, so that no second ever sees more than five quarters of the pace. */
export function addressTerms(perSecond: number): BucketTerms {
  const burst = Math.max(2, Math.ceil(perSecond / 4));
  return { perSecond, burst, reserve: Math.max(1, Math.floor(burst / 2)) };
}

export function fullBucket({ burst }: BucketTerms, now: number): Bucket {
  return { tokens: burst, at: now, share: 1, slowedAt: now };
}

/** What part of the full pace holds at `when`. */
export function shareAt({ share, slowedAt }: Bucket, when: number): number {
  return Math.min(1, share + (Math.max(0, when - slowedAt) / 1_000) * SHARE_BACK_PER_SECOND);
}

/** @returns the bucket without one token, or the whole milliseconds until there can be one for this lane */
export function takeToken(
  kept: Bucket,
  terms: BucketTerms,
  lane: Lane,
  now: number,
): { readonly after: Bucket } | { readonly waitMs: number } {
  const bucket = refilled(kept, terms, now);
  const needed = lane === 'live' ? 1 : 1 + terms.reserve;
  if (bucket.at <= now && bucket.tokens >= needed - NEARLY) {
    return { after: { ...bucket, tokens: bucket.tokens - 1 } };
  }
  const since = steady(kept, now);
  const comesAfter = Math.max(0, needed - since.tokens) / tokensPerMs(terms, since);
  // Added to an instant first, it would lose what a time of this century cannot hold: some 100 nanoseconds.
  return { waitMs: Math.max(1, Math.ceil(since.at - now + comesAfter - NEARLY)) };
}

/**
 * The bucket after a refusal. Refusals of requests that were under way together count as one: only the first makes the
 * pace slower.
 *
 * @param askedMs how long Meraki asked to wait; `undefined` where it did not say
 */
export function slowedDown(
  kept: Bucket,
  terms: BucketTerms,
  askedMs: number | undefined,
  now: number,
): Bucket {
  const bucket = refilled(kept, terms, now);
  const pause = Math.min(askedMs ?? SHORT_PAUSE_MS, LONGEST_PAUSE_MS);
  const share = shareAt(bucket, now);
  const isOfTheSameWave = bucket.at > now || (share < 1 && now - bucket.slowedAt < SHORT_PAUSE_MS);
  return {
    tokens: Math.min(bucket.tokens, 1),
    at: Math.max(bucket.at, now + pause),
    ...(isOfTheSameWave
      ? { share: bucket.share, slowedAt: bucket.slowedAt }
      : { share: Math.max(SLOWEST_SHARE, share * SLOWER), slowedAt: now }),
  };
}

/** With the tokens that have come by now; a bucket that is paused stays as it is. */
function refilled(kept: Bucket, terms: BucketTerms, now: number): Bucket {
  const bucket = steady(kept, now);
  if (bucket.at >= now) return bucket;
  const come = (now - bucket.at) * tokensPerMs(terms, bucket);
  return { ...bucket, tokens: Math.min(terms.burst, bucket.tokens + come), at: now };
}

/** The pace does not creep between two tokens, so that a wait can be told that will be long enough and no longer. */
function tokensPerMs({ perSecond }: BucketTerms, bucket: Bucket): number {
  return (perSecond * shareAt(bucket, bucket.at)) / 1_000;
}

/** Further ahead than any pause, the clock was set back: nobody must wait for it to catch up. */
function steady(kept: Bucket, now: number): Bucket {
  const at = kept.at > now + LONGEST_PAUSE_MS ? now : kept.at;
  return { ...kept, at, slowedAt: Math.min(kept.slowedAt, now) };
}

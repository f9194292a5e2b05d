/**
 * Buckets of response codes as nobody documented them, drawn from the seed and the bucket's place, so that they
 * are the same whenever they are read. All but one are wrong. A bucket that comes as two halves is right, if of a
 * width that nobody asked for.
 */
import { formatSecond, type Moment, parseMoment, SECOND } from '../moment.ts';
import { createRandom, type Random } from '../random.ts';
import type { CodeBucket } from '../world/request-history.ts';

export const bucketAlterations = [
  'missing_counts',
  'negative_count',
  'turned_around',
  'off_grid',
  'duplicate',
  'halves',
] as const;

export type BucketAlteration = (typeof bucketAlterations)[number];

export interface AlteredBuckets {
  readonly seed: number | string;
  readonly share: number;
  readonly kinds: readonly BucketAlteration[];
}

/**
 * Alters some of the buckets of one answer.
 *
 * @param place names whose buckets they are, and how wide
 * @param halvesOf the same requests in buckets of half the width
 */
export function alterBuckets(
  buckets: readonly CodeBucket[],
  { seed, share, kinds }: AlteredBuckets,
  place: string,
  halvesOf: (bucket: CodeBucket) => readonly CodeBucket[],
): unknown[] {
  return buckets.flatMap((bucket): readonly unknown[] => {
    const random = createRandom(seed, 'bucket', place, bucket.startTs);
    if (!random.chance(share)) return [bucket];
    const kind = random.pick(kinds);
    return kind === 'halves' ? halvesOf(bucket) : altered(kind, bucket, random);
  });
}

function altered(
  kind: Exclude<BucketAlteration, 'halves'>,
  bucket: CodeBucket,
  random: Random,
): readonly unknown[] {
  const { startTs, endTs, counts } = bucket;
  switch (kind) {
    case 'missing_counts':
      return [{ startTs, endTs }];
    case 'negative_count':
      return [{ startTs, endTs, counts: [...counts, { code: 599, count: -1 - random.integer(9) }] }];
    case 'turned_around':
      return [{ startTs: endTs, endTs: startTs, counts }];
    case 'off_grid':
      return [{ startTs: later(startTs), endTs: later(endTs), counts }];
    case 'duplicate': {
      const other = { startTs, endTs, counts: [{ code: 200, count: (counts[0]?.count ?? 0) + 1 }] };
      return random.chance(0.5) ? [bucket, other] : [other, bucket];
    }
  }
}

function later(text: string): string {
  return formatSecond(momentOf(text) + 7 * SECOND);
}

function momentOf(text: string): Moment {
  return parseMoment(text) ?? 0;
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressTerms,
  type Bucket,
  type BucketTerms,
  fullBucket,
  LONGEST_PAUSE_MS,
  organizationTerms,
  SHARE_BACK_PER_SECOND,
  SHORT_PAUSE_MS,
  SLOWER,
  SLOWEST_SHARE,
  shareAt,
  slowedDown,
  takeToken,
} from '../../../src/jobs/token-bucket.ts';
import type { Lane } from '../../../src/stream-key.ts';

const TERMS = organizationTerms(10);
const START = Date.UTC(2026, 0, 15);
const full = fullBucket(TERMS, START);

function taken(bucket: Bucket, lane: Lane, now: number): Bucket {
  const outcome = takeToken(bucket, TERMS, lane, now);
  if ('waitMs' in outcome) throw new Error(`has to wait ${outcome.waitMs} ms`);
  return outcome.after;
}

function waitOf(bucket: Bucket, lane: Lane, now: number, terms: BucketTerms = TERMS): number {
  const outcome = takeToken(bucket, terms, lane, now);
  return 'waitMs' in outcome ? outcome.waitMs : 0;
}

/** Takes as many as there are at one moment. */
function emptied(
  bucket: Bucket,
  lane: Lane,
  now: number,
): { readonly bucket: Bucket; readonly count: number } {
  let left = bucket;
  let count = 0;
  while (waitOf(left, lane, now) === 0) {
    left = taken(left, lane, now);
    count += 1;
  }
  return { bucket: left, count };
}

test('the terms keep burst and reserve small, and leave something to backfill', () => {
  expect(organizationTerms(10)).toEqual({ perSecond: 10, burst: 5, reserve: 2 });
  expect(organizationTerms(1)).toEqual({ perSecond: 1, burst: 2, reserve: 1 });
  expect(addressTerms(80)).toEqual({ perSecond: 80, burst: 20, reserve: 10 });
  for (let perSecond = 1; perSecond <= 100; perSecond += 1) {
    for (const { burst, reserve } of [organizationTerms(perSecond), addressTerms(perSecond)]) {
      expect(reserve).toBeGreaterThanOrEqual(1);
      expect(reserve).toBeLessThan(burst);
    }
  }
});

describe('the lanes', () => {
  test('a full bucket gives live all, and backfill all but the reserve', () => {
    expect(emptied(full, 'live', START).count).toBe(5);
    expect(emptied(full, 'backfill', START).count).toBe(3);
  });

  test('live gets the reserve at once when backfill has taken the rest', () => {
    expect(emptied(emptied(full, 'backfill', START).bucket, 'live', START).count).toBe(2);
  });

  test('tokens come evenly: each lane is told exactly how long it has to wait', () => {
    const { bucket } = emptied(full, 'live', START);
    expect(waitOf(bucket, 'live', START)).toBe(100);
    expect(waitOf(bucket, 'live', START + 40)).toBe(60);
    expect(waitOf(bucket, 'backfill', START)).toBe(300);
    expect(waitOf(bucket, 'live', START + 100)).toBe(0);
    expect(waitOf(bucket, 'backfill', START + 300)).toBe(0);
  });
});

describe('a refusal', () => {
  test('with Retry-After stops both lanes for so long', () => {
    const slowed = slowedDown(full, TERMS, 7_000, START);
    expect(waitOf(slowed, 'live', START)).toBe(7_000);
    expect(waitOf(slowed, 'live', START + 6_999)).toBe(1);
    expect(waitOf(slowed, 'live', START + 7_000)).toBe(0);
    expect(waitOf(slowed, 'backfill', START)).toBeGreaterThan(7_000);
    expect(emptied(slowed, 'live', START + 7_000).count).toBe(1);
  });

  test('without Retry-After stops both lanes for a second', () => {
    expect(waitOf(slowedDown(full, TERMS, undefined, START), 'live', START)).toBe(SHORT_PAUSE_MS);
  });

  test('with an absurd Retry-After stops them for a minute', () => {
    expect(waitOf(slowedDown(full, TERMS, 1e12, START), 'live', START)).toBe(LONGEST_PAUSE_MS);
  });

  test('lengthens a pause that lasts, and never shortens it', () => {
    const slowed = slowedDown(full, TERMS, 10_000, START);
    expect(waitOf(slowedDown(slowed, TERMS, 1_000, START), 'live', START)).toBe(10_000);
    expect(waitOf(slowedDown(slowed, TERMS, 20_000, START), 'live', START)).toBe(20_000);
  });

  test('slows down once for all that were under way together', () => {
    let bucket = slowedDown(full, TERMS, 2_000, START);
    for (const later of [10, 500, 1_900]) bucket = slowedDown(bucket, TERMS, 2_000, START + later);
    expect(shareAt(bucket, START)).toBeCloseTo(SLOWER);
  });

  test('again after the pause slows down more, to a tenth at least', () => {
    let bucket: Bucket = full;
    let now = START;
    const shares: number[] = [];
    for (let refusal = 0; refusal < 20; refusal += 1) {
      bucket = slowedDown(bucket, TERMS, undefined, now);
      shares.push(shareAt(bucket, now));
      now = bucket.at + 1;
    }
    expect(shares[1]).toBeLessThan(shares[0] ?? 0);
    expect(shares.at(-1)).toBe(SLOWEST_SHARE);
  });

  test('lets the pace creep back evenly', () => {
    const slowed = slowedDown(full, TERMS, 0, START);
    expect(shareAt(slowed, START + 10_000)).toBeCloseTo(SLOWER + 10 * SHARE_BACK_PER_SECOND);
    expect(shareAt(slowed, START + 29_000)).toBeLessThan(1);
    expect(shareAt(slowed, START + 30_000)).toBe(1);
    const { bucket } = emptied(slowed, 'live', START);
    expect(waitOf(bucket, 'live', START)).toBe(Math.ceil(100 / SLOWER));
  });
});

describe('a clock', () => {
  test('that was set back makes nobody wait for it', () => {
    const back = START - 3_600_000;
    expect(waitOf(slowedDown(full, TERMS, 5_000, START), 'live', back)).toBe(0);
    expect(waitOf(emptied(full, 'live', START).bucket, 'live', back)).toBeLessThanOrEqual(100);
    expect(shareAt(slowedDown(slowedDown(full, TERMS, 0, START), TERMS, 0, back), back + 60_000)).toBe(1);
  });

  test('that was set forward gives no more than a full bucket', () => {
    expect(emptied(emptied(full, 'live', START).bucket, 'live', START + 3_600_000).count).toBe(5);
  });
});

const lane = fc.constantFrom<Lane>('live', 'backfill');
const step = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 20_000 })),
  lane,
  refused: fc.option(fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }), {
    freq: 10,
    nil: null,
  }),
});

test('whatever is asked and refused, no stretch of time sees more than its pace and the burst', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.array(step, { minLength: 1, maxLength: 200 }),
      (perSecond, steps) => {
        const terms = organizationTerms(perSecond);
        let bucket = fullBucket(terms, START);
        let now = START;
        const passed: number[] = [];
        for (const { afterMs, lane, refused } of steps) {
          now += afterMs;
          if (refused !== null) bucket = slowedDown(bucket, terms, refused, now);
          const outcome = takeToken(bucket, terms, lane, now);
          if ('waitMs' in outcome) continue;
          bucket = outcome.after;
          passed.push(now);
        }
        for (const [first, from] of passed.entries()) {
          for (let last = first; last < passed.length; last += 1) {
            const seconds = ((passed[last] ?? 0) - from) / 1_000;
            expect(last - first + 1).toBeLessThanOrEqual(seconds * perSecond + terms.burst + 1e-6);
          }
        }
      },
    ),
  );
});

test('who waits as long as was said gets a token, unless somebody else took it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.array(step, { minLength: 1, maxLength: 60 }),
      (perSecond, steps) => {
        const terms = organizationTerms(perSecond);
        let bucket = fullBucket(terms, START);
        let now = START;
        for (const { afterMs, lane, refused } of steps) {
          now += afterMs;
          if (refused !== null) bucket = slowedDown(bucket, terms, refused, now);
          now += waitOf(bucket, lane, now, terms);
          const outcome = takeToken(bucket, terms, lane, now);
          expect(outcome).toHaveProperty('after');
          if ('after' in outcome) bucket = outcome.after;
        }
      },
    ),
    {
      examples: [
        // The wait is 1908.00002 ms.
        [
          1,
          [
            { afterMs: 0, lane: 'backfill', refused: 2_660 },
            { afterMs: 0, lane: 'live', refused: 585 },
            { afterMs: 0, lane: 'live', refused: null },
          ],
        ],
      ],
    },
  );
});

import { describe, expect, test } from 'vitest';
import { clipClaims } from '../../../src/sync/clip-claims.ts';
import type { Claim } from '../../../src/sync/stream.ts';

const SECOND = 1_000_000;
const bounds = { oldest: 100 * SECOND, finalUntil: 900 * SECOND, answeredAt: 1_000 * SECOND };

function clip(claim: Partial<Claim>): Claim | undefined {
  return clipClaims([{ intervalSeconds: 0, final: [], provisional: [], ...claim }], bounds)[0];
}

describe('I2 a claim holds at the time of the answer', () => {
  test('time that the source may have forgotten is not claimed', () => {
    const known = [{ from: 100 * SECOND, to: 500 * SECOND }];
    const claimed = [{ from: 0, to: 500 * SECOND }];
    expect(clip({ final: claimed })).toMatchObject({ final: known, provisional: [] });
    expect(clip({ provisional: claimed })).toMatchObject({ final: [], provisional: known });
  });

  test('time that had not settled is provisional, and time after the answer is not covered', () => {
    const clipped = clip({ final: [{ from: 800 * SECOND, to: 2_000 * SECOND }] });
    expect(clipped?.final).toEqual([{ from: 800 * SECOND, to: 900 * SECOND }]);
    expect(clipped?.provisional).toEqual([{ from: 900 * SECOND, to: 1_000 * SECOND }]);
  });

  test('a claim within the bounds is left as it is', () => {
    const claim = {
      intervalSeconds: 0,
      final: [{ from: 200 * SECOND, to: 300 * SECOND }],
      provisional: [{ from: 300 * SECOND, to: 400 * SECOND }],
    };
    expect(clipClaims([claim], bounds)).toEqual([claim]);
  });

  test('I5 a bucket that is cut by a bound is not final', () => {
    const clipped = clip({ intervalSeconds: 120, final: [{ from: 0, to: 960 * SECOND }] });
    expect(clipped?.final).toEqual([{ from: 120 * SECOND, to: 840 * SECOND }]);
  });

  test('what is retracted stays retracted', () => {
    const retracted = [{ from: 0, to: 5_000 * SECOND }];
    expect(clip({ retracted })?.retracted).toEqual(retracted);
  });
});

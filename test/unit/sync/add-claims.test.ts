import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CoverageByWidth } from '../../../src/db/coverage.ts';
import { containsInstant, intersect, type Ranges, rangesOf, subtract, union } from '../../../src/ranges.ts';
import { addClaims } from '../../../src/sync/commit-pages.ts';
import type { Claim } from '../../../src/sync/stream.ts';

const SECOND = 1_000_000;
const WIDTHS = [1, 2, 4];

/** Sets over 16 seconds on the grid of a width, so that a naive model can look at every second. */
const secondsOf = (width: number): fc.Arbitrary<Ranges> =>
  fc
    .array(fc.boolean(), { minLength: 16 / width, maxLength: 16 / width })
    .map((members) =>
      rangesOf(
        ...members.flatMap((member, place) =>
          member ? [{ from: place * width * SECOND, to: (place + 1) * width * SECOND }] : [],
        ),
      ),
    );
const claim: fc.Arbitrary<Claim> = fc.constantFrom(...WIDTHS).chain((width) =>
  fc.record({
    intervalSeconds: fc.constant(width),
    final: secondsOf(width),
    provisional: secondsOf(width),
    retracted: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: secondsOf(width) },
    ),
  }),
);
const nothing: CoverageByWidth = new Map(
  WIDTHS.map((width) => [width, { final: [], provisional: [], counted: [] }]),
);
const batches = fc.array(fc.array(claim, { maxLength: 3 }), { maxLength: 5 });

test('I5 final time shrinks only by what is retracted, and no time is final and provisional at once', () => {
  fc.assert(
    fc.property(batches, (all) => {
      let before = nothing;
      for (const claims of all) {
        const after = addClaims(before, claims);
        for (const width of WIDTHS) {
          const [was, is] = [before.get(width), after.get(width)];
          const taken = claims.filter((claim) => claim.intervalSeconds === width);
          const lost = subtract(was?.final ?? [], is?.final ?? []);
          expect(subtract(lost, union(...taken.map((claim) => claim.retracted ?? [])))).toEqual([]);
          expect(intersect(is?.final ?? [], is?.provisional ?? [])).toEqual([]);
        }
        before = after;
      }
    }),
  );
});

test('I2 coverage is what was claimed and not retracted since, second by second, and nothing else', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const after = all.reduce(addClaims, nothing);
      for (const width of WIDTHS) {
        for (let second = 0; second < 16; second += 1) {
          const at = (ranges: Ranges) => containsInstant(ranges, second * SECOND);
          let [final, provisional] = [false, false];
          for (const claims of all) {
            const mine = claims.filter((claim) => claim.intervalSeconds === width);
            const kept = !mine.some((claim) => at(claim.retracted ?? []));
            final = (final && kept) || mine.some((claim) => at(claim.final));
            provisional = !final && ((provisional && kept) || mine.some((claim) => at(claim.provisional)));
          }
          const stored = after.get(width);
          expect([at(stored?.final ?? []), at(stored?.provisional ?? [])]).toEqual([final, provisional]);
        }
      }
    }),
  );
});

test('I6 what counts is chosen anew, without overlap, from all that is covered', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const after = [...all.reduce(addClaims, nothing).values()];
      const counted = after.map((coverage) => coverage.counted);
      counted.forEach((ranges, index) => {
        for (const other of counted.slice(index + 1)) expect(intersect(ranges, other)).toEqual([]);
      });
      const final = union(...after.map((coverage) => coverage.final));
      expect(subtract(final, union(...counted))).toEqual([]);
    }),
  );
});

test('I2 what is retracted is covered no more, neither finally nor provisionally', () => {
  const stored = { final: [{ from: 0, to: 6 }], provisional: [{ from: 6, to: 9 }], counted: [] };
  const claim = { intervalSeconds: 0, final: [], provisional: [], retracted: [{ from: 4, to: 8 }] };
  expect(addClaims(new Map([[0, stored]]), [claim]).get(0)).toMatchObject({
    final: [{ from: 0, to: 4 }],
    provisional: [{ from: 8, to: 9 }],
  });
});

test('rows without buckets are covered to the microsecond', () => {
  const before: CoverageByWidth = new Map([[0, { final: [], provisional: [], counted: [] }]]);
  const claims = [{ intervalSeconds: 0, final: [{ from: 3, to: 7 }], provisional: [{ from: 7, to: 9 }] }];
  expect(addClaims(before, claims).get(0)).toMatchObject({
    final: [{ from: 3, to: 7 }],
    provisional: [{ from: 7, to: 9 }],
  });
});

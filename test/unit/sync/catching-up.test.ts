/* Plans in a row: live and backfill together read all that is wanted, whatever the grid and whatever is covered. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contains,
  intersect,
  type Range,
  type Ranges,
  rangesOf,
  shrinkToGrid,
  subtract,
  union,
} from '../../../src/ranges.ts';
import {
  backfillGaps,
  horizonOf,
  LIVE_REACH,
  planBackfill,
  planLive,
  type Situation,
} from '../../../src/sync/plan.ts';
import { ago, buckets, DAY, HOUR, logs, MINUTE, NOON, SECOND } from './situations.ts';

const GRIDS = [1, 120 * SECOND, HOUR, 4 * HOUR, 6 * HOUR];

/** Any stream at any moment. Coverage lies on `doneGrid`, or on the stream's own grid. */
function situations(doneGrid?: number): fc.Arbitrary<Situation> {
  return fc
    .record({
      now: fc.integer({ min: NOON, max: NOON + 2 * DAY }),
      wantedAge: fc.integer({ min: 0, max: 100 * DAY }),
      grid: fc.constantFrom(...GRIDS),
      lookback: fc.constantFrom(31 * DAY, 30 * DAY, 14 * DAY, 2 * DAY),
      span: fc.constantFrom(31 * DAY, 14 * DAY, DAY, 12 * HOUR, 7 * HOUR),
      settle: fc.constantFrom(MINUTE, 10 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR),
      done: fc.array(fc.tuple(fc.integer({ min: 0, max: 40 * DAY }), fc.integer({ min: 1, max: 6 * DAY })), {
        maxLength: 6,
      }),
    })
    .map(({ now, wantedAge, grid, done, ...rest }): Situation => {
      const settled = rangesOf({ from: -Infinity, to: now - rest.settle });
      const ranges = done.map(([age, length]) => {
        const range = { from: now - age, to: now - age + length };
        return shrinkToGrid(range, doneGrid ?? grid);
      });
      return {
        ...rest,
        now,
        grid,
        wantedFrom: now - wantedAge,
        done: onGrid(intersect(rangesOf(...ranges), settled), doneGrid ?? grid),
        lead: grid === 1 ? SECOND : 0,
        reach: grid === 1 ? 120 * SECOND : 0,
      };
    });
}

function onGrid(ranges: Ranges, grid: number): Ranges {
  return rangesOf(...ranges.map((range) => shrinkToGrid(range, grid)));
}

/** What reading `claim` whole makes final. */
function finalOf({ now, settle, grid }: Situation, claim: Range): Ranges {
  return onGrid(rangesOf({ from: claim.from, to: Math.min(claim.to, now - settle) }), grid);
}

/** Settled time in whole buckets that is wanted and can be had. */
function wholeWanted(situation: Situation): Range {
  const { now, settle, grid, wantedFrom } = situation;
  const from = Math.max(horizonOf(situation), Math.ceil(wantedFrom / grid) * grid);
  return { from, to: Math.floor((now - settle) / grid) * grid };
}

/** Reads live, then backfill until nothing is left, each window whole. */
function catchUp(start: Situation): { readonly done: Ranges; readonly windows: number } {
  const live = planLive(start);
  let done = live === undefined ? start.done : union(start.done, finalOf(start, live.claim));
  for (let windows = 1; windows < 500; windows += 1) {
    const planned = planBackfill({ ...start, done });
    if (planned === undefined) return { done, windows };
    const more = union(done, finalOf(start, planned.claim));
    expect(subtract(more, done), 'each window brings something').not.toEqual([]);
    done = more;
  }
  throw new Error('the plan never ends');
}

describe('at any moment', () => {
  test('catching up covers all that is wanted, in finitely many windows', () => {
    fc.assert(
      fc.property(situations(), (situation) => {
        expect(contains(catchUp(situation).done, wholeWanted(situation))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('catching up again and again, with outages between, leaves no hole behind', () => {
    fc.assert(
      fc.property(
        situations(),
        fc.array(fc.integer({ min: MINUTE, max: 9 * DAY }), { maxLength: 5 }),
        (first, outages) => {
          let situation = first;
          for (const outage of [0, ...outages]) {
            situation = { ...situation, now: situation.now + outage };
            situation = { ...situation, done: catchUp(situation).done };
            expect(contains(situation.done, wholeWanted(situation))).toBe(true);
          }
        },
      ),
    );
  });

  test('reading live alone, often enough, makes everything final that settles meanwhile', () => {
    fc.assert(
      fc.property(
        situations(),
        fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 30 }),
        (first, steps) => {
          fc.pre(first.grid <= HOUR && first.settle <= HOUR);
          let situation = { ...first, done: catchUp(first).done };
          for (const minutes of steps) {
            situation = { ...situation, now: situation.now + minutes * MINUTE };
            const live = planLive(situation);
            if (live !== undefined) {
              situation = { ...situation, done: union(situation.done, finalOf(situation, live.claim)) };
            }
          }
          expect(contains(situation.done, wholeWanted(situation))).toBe(true);
        },
      ),
    );
  });

  test('no window asks for more than the span, beyond the lookback, or beyond now', () => {
    fc.assert(
      fc.property(situations(), (situation) => {
        for (const planned of [planLive(situation), planBackfill(situation)]) {
          if (planned === undefined) continue;
          const { claim, asked } = planned;
          expect(asked.to - asked.from).toBeLessThanOrEqual(situation.span);
          expect(asked.from).toBeGreaterThanOrEqual(situation.now - situation.lookback);
          expect(asked.to).toBeLessThanOrEqual(situation.now);
          expect(claim.from).toBeGreaterThanOrEqual(asked.from);
          expect(claim.to).toBeLessThanOrEqual(asked.to);
          expect(claim.from).toBeLessThan(claim.to);
          expect(claim.from % situation.grid).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('backfill claims the oldest gap first, and nothing that is final or unsettled', () => {
    fc.assert(
      fc.property(situations(), (situation) => {
        const claim = planBackfill(situation)?.claim;
        if (claim === undefined) return;
        const gaps = backfillGaps(situation);
        expect(claim.from).toBe(gaps[0]?.from);
        expect(intersect([claim], situation.done)).toEqual([]);
        expect(claim.to).toBeLessThanOrEqual(situation.now - situation.settle);
        expect(claim.to % situation.grid).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('catching up within a restriction covers all of it that is wanted', () => {
    fc.assert(
      fc.property(situations(), fc.nat(3 * DAY), fc.option(fc.nat(3 * DAY)), (situation, age, length) => {
        const from = situation.now - age;
        const only = { from, to: length === null ? wholeWanted(situation).to : from + length };
        const restricted = rangesOf(shrinkToGrid(only, situation.grid));
        const { done } = catchUp({ ...situation, only });
        expect(subtract(intersect([wholeWanted(situation)], restricted), done)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('a restricted plan never claims settled time outside the restriction', () => {
    fc.assert(
      fc.property(situations(), fc.nat(40 * DAY), fc.nat(10 * DAY), (situation, age, length) => {
        const only = { from: situation.now - age, to: situation.now - age + length };
        for (const gap of backfillGaps({ ...situation, only })) {
          expect(gap.from).toBeGreaterThanOrEqual(only.from);
          expect(gap.to).toBeLessThanOrEqual(only.to);
        }
        const live = planLive({ ...situation, only });
        if (live !== undefined) expect(live.claim.from).toBeGreaterThanOrEqual(only.from);
      }),
    );
  });
});

/**
 * The width grew (the source gives only coarser buckets now, or the setting changed), so final coverage
 * ends within a bucket. Its rest has no bucket of its own on the new grid, and is asked all the same.
 */
test('a hole that is narrower than a bucket is still read', () => {
  const doneTo = NOON - 10 * HOUR; // 02:00, within the bucket from 00:00 to 06:00
  const situation = { ...buckets, grid: 6 * HOUR, done: [{ from: ago(40 * DAY), to: doneTo }] };
  const asked = [planLive(situation)?.claim, planBackfill(situation)?.claim].filter(
    (claim) => claim !== undefined,
  );
  expect(contains(rangesOf(...asked), { from: doneTo - 2 * HOUR, to: doneTo + 4 * HOUR })).toBe(true);
});

test('coverage on a finer grid leaves no settled bucket half read for ever', () => {
  fc.assert(
    fc.property(situations(120 * SECOND), (situation) => {
      const { done } = catchUp(situation);
      expect(contains(done, wholeWanted(situation))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

/** Live begins behind the finer coverage then, so backfill must not leave it what touches the settled edge. */
test('a hole in the newest settled bucket is read, though finer coverage lies behind it', () => {
  const now = NOON + 20 * HOUR + MINUTE; // 08:01; the bucket from 04:00 to 08:00 has just settled
  const eight = NOON + 20 * HOUR;
  const done = [{ from: eight - 120 * SECOND, to: eight }];
  const situation = { ...buckets, now, wantedFrom: eight - 4 * HOUR, settle: MINUTE, grid: 4 * HOUR, done };
  expect(contains(catchUp(situation).done, wholeWanted(situation))).toBe(true);
});

/** Live has nothing to do then, so backfill must not leave it the newest six hours. */
test('restricted to end where buckets have settled: all of it is read', () => {
  const now = NOON + MINUTE; // 12:01, so that buckets up to 11:50 have settled
  const only = { from: ago(2 * HOUR), to: ago(10 * MINUTE) };
  expect(contains(catchUp({ ...buckets, now, only }).done, only)).toBe(true);
});

/**
 * Windows can be shorter than the settle time (learned for an unsorted log, or from refusals). Then live makes
 * nothing final, and backfill must not leave it the newest six hours.
 */
test('settled time that the live window does not reach is a gap, however new', () => {
  const situation = { ...logs, lookback: DAY, span: HOUR, settle: 2 * HOUR };
  expect(contains(catchUp(situation).done, wholeWanted(situation))).toBe(true);
  expect(LIVE_REACH).toBeGreaterThan(situation.span);
});

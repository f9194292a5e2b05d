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
  EDGE_MARGIN,
  horizonOf,
  LIVE_REACH,
  planBackfill,
  planLive,
  planLiveAgain,
  type Situation,
} from '../../../src/sync/plan.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 2026-11-03T12:00:00Z, a multiple of every bucket width. */
const NOON = 1_793_707_200 * SECOND;

const logs: Situation = {
  now: NOON,
  wantedFrom: 0,
  done: [],
  lookback: 90 * DAY,
  span: 31 * DAY,
  settle: 15 * MINUTE,
  grid: 1,
  lead: SECOND,
  reach: 120 * SECOND,
};
const buckets: Situation = {
  ...logs,
  settle: 10 * MINUTE,
  lookback: 31 * DAY,
  grid: 120 * SECOND,
  lead: 0,
  reach: 0,
};
const ago = (age: number): number => NOON - age;
const doneFromTo = (from: number, to: number): Ranges => [{ from: ago(from), to: ago(to) }];

test('a bucket that is wider than the span is read nevertheless, by both lanes', () => {
  const wide = {
    ...buckets,
    now: NOON + 54 * MINUTE,
    grid: 6 * HOUR,
    span: HOUR,
    wantedFrom: NOON - 2 * DAY,
  };
  expect(planLive(wide)?.claim).toEqual({ from: NOON, to: wide.now });
  expect(planBackfill(wide)?.claim).toEqual({ from: NOON - 2 * DAY, to: NOON - 2 * DAY + 6 * HOUR });
});

describe('live', () => {
  test('a new stream: the newest six hours', () => {
    expect(planLive(logs)).toMatchObject({
      openedAt: NOON,
      claim: { from: ago(6 * HOUR), to: NOON },
      asked: { from: ago(6 * HOUR) - SECOND, to: NOON },
    });
  });

  test('steady state: from the end of final coverage', () => {
    const done = doneFromTo(80 * DAY, 20 * MINUTE);
    expect(planLive({ ...logs, done })?.claim).toEqual({ from: ago(20 * MINUTE), to: NOON });
  });

  test('what has not settled is read again, though it counts as done', () => {
    const done = doneFromTo(80 * DAY, 5 * MINUTE);
    expect(planLive({ ...logs, done })?.claim.from).toBe(ago(15 * MINUTE));
  });

  test('after three hours of outage: all of it', () => {
    expect(planLive({ ...logs, done: doneFromTo(80 * DAY, 3 * HOUR) })?.claim.from).toBe(ago(3 * HOUR));
  });

  test('after weeks of outage: the newest six hours, the rest is for backfill', () => {
    const situation = { ...logs, done: doneFromTo(80 * DAY, 21 * DAY) };
    expect(planLive(situation)?.claim.from).toBe(ago(6 * HOUR));
    expect(backfillGaps(situation).at(-1)).toEqual({ from: ago(21 * DAY), to: ago(6 * HOUR) });
  });

  test('a source that answers an hour at once is asked for an hour', () => {
    expect(planLive({ ...logs, span: HOUR })?.asked).toEqual({ from: ago(HOUR), to: NOON });
  });

  test('a stream wanted since a minute ago starts there', () => {
    expect(planLive({ ...logs, wantedFrom: ago(MINUTE) })?.claim.from).toBe(ago(MINUTE));
  });

  test('buckets: begins on a bucket edge, ends now', () => {
    const now = NOON + 37 * SECOND;
    const done = [{ from: ago(DAY), to: ago(20 * MINUTE) }];
    expect(planLive({ ...buckets, now, done })?.claim).toEqual({ from: ago(20 * MINUTE), to: now });
    expect(planLive({ ...buckets, now })?.claim.from).toBe(ago(6 * HOUR) + 120 * SECOND);
  });

  test('restricted to settled time: nothing to do', () => {
    expect(planLive({ ...logs, only: { from: ago(3 * HOUR), to: ago(HOUR) } })).toBeUndefined();
  });

  test('restricted to begin later: begins there', () => {
    expect(planLive({ ...logs, only: { from: ago(HOUR), to: NOON } })?.claim.from).toBe(ago(HOUR));
    expect(planLive({ ...logs, only: { from: NOON + HOUR, to: NOON + DAY } })).toBeUndefined();
  });
});

describe('live, once more', () => {
  const now = NOON + 37 * SECOND;
  const finalUntil = now - buckets.settle;
  const from = ago(HOUR);
  /** After an answer that ended at `end`. */
  const again = (end: number, more: Partial<Situation> = {}) =>
    planLiveAgain(
      { ...buckets, now, done: [{ from: ago(DAY), to: end }], ...more },
      { claim: { from, to: now }, finalUntil },
    );

  test('the settled time behind the end of the answer is asked on its own', () => {
    expect(again(ago(30 * MINUTE))).toMatchObject({
      openedAt: now,
      claim: { from: ago(30 * MINUTE), to: now },
      asked: { from: ago(30 * MINUTE), to: now },
    });
  });

  test('an answer that brought nothing of the settled time is asked for that alone, and then no more', () => {
    const open = { ...buckets, now };
    const claim = planLive(open)?.claim ?? { from, to: now };
    const alone = planLiveAgain(open, { claim, finalUntil });
    expect(alone?.claim.from).toBe(claim.from);
    expect(alone?.claim.to).toBeLessThanOrEqual(finalUntil);
    expect(planLiveAgain(open, { claim: alone?.claim ?? claim, finalUntil })).toBeUndefined();
  });

  test('what was planned by a clock that was fast claims nothing beyond what is asked now', () => {
    const fast = { claim: { from, to: NOON + 2 * HOUR }, finalUntil: NOON + 2 * HOUR - logs.settle };
    const alone = planLiveAgain({ ...logs, wantedFrom: from, done: [] }, fast);
    expect(alone).toMatchObject({ claim: { from, to: NOON }, asked: { to: NOON } });
  });

  test('an answer that reached as far as has settled leaves nothing', () => {
    expect(again(ago(10 * MINUTE))).toBeUndefined();
    expect(again(ago(12 * MINUTE))?.claim.from).toBe(ago(12 * MINUTE));
  });

  test('what settles while reading waits for the next time', () => {
    expect(again(ago(10 * MINUTE), { now: now + 10 * MINUTE })).toBeUndefined();
  });
});

describe('backfill', () => {
  test('a new stream: from the horizon, in windows of the span', () => {
    const planned = planBackfill(logs);
    expect(planned?.claim.from).toBe(ago(90 * DAY) + EDGE_MARGIN);
    expect(planned?.asked.from).toBe(ago(90 * DAY) + EDGE_MARGIN - SECOND);
    expect((planned?.asked.to ?? 0) - (planned?.asked.from ?? 0)).toBe(31 * DAY);
  });

  test('leaves the newest six hours to live', () => {
    expect(backfillGaps(logs)).toEqual([{ from: horizonOf(logs), to: ago(6 * HOUR) }]);
  });

  test('but takes a gap there that live has passed', () => {
    const done = union(doneFromTo(90 * DAY, 3 * HOUR), doneFromTo(2 * HOUR, 0));
    expect(planBackfill({ ...logs, done })).toMatchObject({
      openedAt: NOON,
      claim: { from: ago(3 * HOUR), to: ago(2 * HOUR) },
      asked: { from: ago(3 * HOUR) - SECOND, to: ago(2 * HOUR) + 120 * SECOND },
    });
  });

  test('nothing missing: nothing to do', () => {
    const done = doneFromTo(91 * DAY, 0);
    expect(planBackfill({ ...logs, done })).toBeUndefined();
    expect(backfillGaps({ ...logs, done })).toEqual([]);
  });

  test('a horizon that moved inward takes what lies beyond it from the plan', () => {
    const done = doneFromTo(20 * DAY, 0);
    expect(planBackfill({ ...logs, lookback: 30 * DAY, done })?.claim).toEqual({
      from: ago(30 * DAY) + EDGE_MARGIN,
      to: ago(20 * DAY),
    });
    expect(planBackfill({ ...logs, lookback: 14 * DAY, done })).toBeUndefined();
  });

  test('buckets: both ends on the grid', () => {
    const situation = { ...buckets, now: NOON + 61 * SECOND, grid: 6 * HOUR };
    for (const { from, to } of backfillGaps(situation)) {
      expect([from % (6 * HOUR), to % (6 * HOUR)]).toEqual([0, 0]);
    }
    expect(backfillGaps(situation)[0]?.from).toBeGreaterThanOrEqual(situation.now - 31 * DAY);
  });

  test('restricted: only that, even where live would go', () => {
    const only = { from: ago(2 * HOUR), to: ago(HOUR) };
    expect(backfillGaps({ ...logs, only })).toEqual([only]);
    expect(backfillGaps({ ...logs, only: { from: ago(200 * DAY), to: ago(89 * DAY) } })).toEqual([
      { from: horizonOf(logs), to: ago(89 * DAY) },
    ]);
    expect(backfillGaps({ ...logs, only: { from: ago(200 * DAY), to: ago(100 * DAY) } })).toEqual([]);
  });

  test('restricted, but not before the stream is wanted', () => {
    const wantedFrom = ago(90 * MINUTE);
    const only = { from: ago(2 * HOUR), to: ago(HOUR) };
    expect(backfillGaps({ ...logs, wantedFrom, only })).toEqual([{ from: wantedFrom, to: ago(HOUR) }]);
  });
});

test.each([
  [1, NOON - 90 * DAY + EDGE_MARGIN],
  [120 * SECOND, NOON - 90 * DAY + 360 * SECOND],
  [HOUR, NOON - 90 * DAY + HOUR],
  [6 * HOUR, NOON - 90 * DAY + 6 * HOUR],
])('the horizon on a grid of %d keeps clear of the far edge, and lies on the grid', (grid, horizon) => {
  expect(horizonOf({ now: NOON, lookback: 90 * DAY, grid })).toBe(horizon);
});

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

import { describe, expect, test } from 'vitest';
import { union } from '../../../src/ranges.ts';
import {
  backfillGaps,
  EDGE_MARGIN,
  horizonOf,
  planBackfill,
  planLive,
  planLiveAgain,
  type Situation,
} from '../../../src/sync/plan.ts';
import { ago, buckets, DAY, doneFromTo, HOUR, logs, MINUTE, NOON, SECOND } from './situations.ts';

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

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type EdgeSearch,
  nextProbe,
  nextSmaller,
  parseLearnedLimits,
  withStretch,
} from '../../../src/sync/limits.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
const NOW = 1_793_707_200_000_000;

/** Probes a source that answers up to `kept` ago. */
function search(kept: number, refused: number): { readonly found: EdgeSearch; readonly probes: number[] } {
  let found: EdgeSearch = { accepted: 0, refused };
  const probes: number[] = [];
  for (;;) {
    const probe = nextProbe(found);
    if (probe === undefined) return { found, probes };
    probes.push(probe);
    if (probes.length > 50) throw new Error('the search never ends');
    found = probe <= kept ? { ...found, accepted: probe } : { ...found, refused: probe };
  }
}

test('the search ends within a day below the true edge, in at most 15 probes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: HOUR, max: 90 * DAY - 1 }),
      fc.integer({ min: 0, max: 90 * DAY }),
      (kept, more) => {
        const { found, probes } = search(kept, Math.min(90 * DAY, kept + 1 + more));
        expect(found.accepted).toBeGreaterThan(0);
        expect(found.accepted).toBeLessThanOrEqual(kept);
        expect(kept - found.accepted).toBeLessThanOrEqual(DAY);
        expect(probes.length).toBeLessThanOrEqual(15);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a probe always lies between what was answered and what was refused', () => {
  fc.assert(
    fc.property(fc.nat(90 * DAY), fc.nat(90 * DAY), (a, b) => {
      const [accepted, refused] = [Math.min(a, b), Math.max(a, b)];
      const probe = nextProbe({ accepted, refused });
      if (probe === undefined) return;
      expect(probe).toBeGreaterThan(accepted);
      expect(probe).toBeLessThan(refused);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['30 days instead of 90', 30 * DAY, [62, 31, 30]],
  ['31 days instead of 90', 31 * DAY, [62, 31, 47, 39, 35, 33]],
  ['14 days', 14 * DAY, [62, 31, 30, 14, 22, 18, 16, 15]],
])('%s: documented values are tried first', (_, kept, first) => {
  const { probes } = search(kept, 90 * DAY);
  expect(probes.slice(0, first.length).map((probe) => Math.round(probe / DAY))).toEqual(first);
});

test('a source that refuses even the newest hour: nothing is accepted', () => {
  expect(search(0, 90 * DAY).found.accepted).toBe(0);
});

test.each([
  [90 * DAY, 62 * DAY],
  [31 * DAY, 30 * DAY],
  [30 * DAY, 14 * DAY],
  [30 * DAY + 1, 30 * DAY],
  [DAY, DAY / 4],
  [DAY / 4, HOUR],
  [HOUR + 1, HOUR],
  [HOUR, undefined],
])('after %d the next smaller is %s', (refused, next) => {
  expect(nextSmaller(refused)).toBe(next);
});

const lesson = {
  lookback: 30 * DAY,
  span: 14 * DAY,
  order: 'unordered',
  wholeSpan: DAY,
  fineSpan: 2 * DAY,
  finestInterval: 3_600,
  learnedAt: NOW,
};

test.each([
  ['at once', 0, { ...lesson, skipped: [] }],
  ['a week later', 7 * DAY, { ...lesson, skipped: [] }],
  ['no longer than a week', 7 * DAY + 1, { skipped: [] }],
])('a lesson is believed %s', (_, age, believed) => {
  expect(parseLearnedLimits(JSON.parse(JSON.stringify(lesson)), NOW + age)).toEqual(believed);
});

test('what a lesson moved is known when the lesson has expired', () => {
  const moved = { ...lesson, wantedBefore: NOW - 90 * DAY };
  expect(parseLearnedLimits(moved, NOW + 8 * DAY)).toEqual({ wantedBefore: NOW - 90 * DAY, skipped: [] });
});

test('a stretch is left alone until its time', () => {
  const skipped = [{ from: 1, to: 2, until: NOW + DAY }];
  expect(parseLearnedLimits({ skipped }, NOW).skipped).toEqual(skipped);
  expect(parseLearnedLimits({ skipped }, NOW + DAY).skipped).toEqual([]);
});

test.each([0, 8 * DAY])('windows of a stretch are kept short until its time, %d after a lesson', (age) => {
  const now = NOW + age;
  const shortened = [{ from: 1, to: 2, until: now + DAY, span: 1 }];
  expect(parseLearnedLimits({ ...lesson, shortened }, now).shortened).toEqual(shortened);
  expect(parseLearnedLimits({ ...lesson, shortened }, now + DAY)).not.toHaveProperty('shortened');
});

test('stretches left alone that touch become one, due when the first of them is', () => {
  const far = { from: 100, to: 200, until: 5 };
  const skipped = withStretch([{ from: 0, to: 10, until: 7 }, { from: 20, to: 30, until: 9 }, far], {
    from: 10,
    to: 20,
    until: 8,
  });
  expect(skipped).toEqual([far, { from: 0, to: 30, until: 7 }]);
});

test('what was answered for is known when the lessons have expired', () => {
  const reached = NOW - 60 * DAY;
  expect(parseLearnedLimits({ ...lesson, reached }, NOW + 8 * DAY)).toEqual({ reached, skipped: [] });
});

test('what was claimed by an order that was disproved stays in doubt when the lessons have expired', () => {
  const disproved = 'ascending';
  expect(parseLearnedLimits({ ...lesson, disproved }, NOW + 8 * DAY)).toEqual({ disproved, skipped: [] });
});

test.each([null, undefined, 'x', 3, { lookback: '30d' }])('%j teaches nothing', (stored) => {
  expect(parseLearnedLimits(stored, NOW)).toEqual({});
});

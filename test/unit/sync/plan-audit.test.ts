import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, duration, type Ranges, rangesOf, subtract, union } from '../../../src/ranges.ts';
import { EDGE_MARGIN } from '../../../src/sync/plan.ts';
import { type AuditedWidth, auditWidth, firstReading, planAudit } from '../../../src/sync/plan-audit.ts';

const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const now = 1_000 * HOUR;
const LEAD = SECOND;
const REACH = 120 * SECOND;
const situation = { now, lookback: 24 * HOUR, span: 10 * HOUR, lead: LEAD, reach: REACH };
const horizon = now - 24 * HOUR + EDGE_MARGIN;

const stretches = fc
  .array(fc.tuple(fc.integer({ min: -40 * 60, max: -1 }), fc.integer({ min: 1, max: 600 })), { maxLength: 8 })
  .map((pairs) =>
    rangesOf(
      ...pairs.map(([from, length]) => ({
        from: now + from * 60 * SECOND,
        to: Math.min(now, now + (from + length) * 60 * SECOND),
      })),
    ),
  );
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const width: fc.Arbitrary<AuditedWidth> = fc.record({
  intervalSeconds: fc.constantFrom(0, 120, 3_600),
  final: stretches,
  verified: stretches,
  widest: fc.integer({ min: 60, max: 100 * 3_600 }).map((seconds) => seconds * SECOND),
});
const widths = fc.uniqueArray(width, { maxLength: 3, selector: (one) => one.intervalSeconds });

const plan = (known: readonly AuditedWidth[], left: Ranges = [], kind = 0, place = 0) =>
  planAudit(situation, known, left, { kind, place });

describe('whatever is final', () => {
  test('a window lies within final time that the source still has, on the grid of its width, and is not too wide', () => {
    fc.assert(
      fc.property(widths, stretches, share, share, (known, left, kind, place) => {
        const planned = planAudit(situation, known, left, { kind, place });
        if (planned === undefined) return;
        const { claim, asked, intervalSeconds } = planned;
        const own = known.find((one) => one.intervalSeconds === intervalSeconds);
        const grid = intervalSeconds === 0 ? 1 : intervalSeconds * SECOND;
        expect(claim.from).toBeLessThan(claim.to);
        expect(contains(subtract(own?.final ?? [], left), claim)).toBe(true);
        expect(claim.from).toBeGreaterThanOrEqual(horizon);
        expect([claim.from % grid, claim.to % grid]).toEqual([0, 0]);
        expect(claim.to - claim.from).toBeLessThanOrEqual(Math.max(grid, own?.widest ?? 0));
        expect(asked.from).toBe(claim.from - LEAD);
        expect(asked.to).toBe(Math.min(now, claim.to + REACH));
        expect(asked.to - asked.from).toBeLessThanOrEqual(situation.span);
      }),
    );
  });

  test('it is planned exactly when there is a whole bucket or instant to audit', () => {
    fc.assert(
      fc.property(widths, stretches, share, share, (known, left, kind, place) => {
        const planned = planAudit(situation, known, left, { kind, place });
        const some = known.some(({ final, intervalSeconds }) => {
          const grid = intervalSeconds === 0 ? 1 : intervalSeconds * SECOND;
          return subtract(final, left).some((range) => {
            const from = Math.ceil(Math.max(range.from, horizon) / grid) * grid;
            return from + grid <= range.to;
          });
        });
        expect(planned !== undefined).toBe(some);
      }),
    );
  });

  test('the oldest time that was not verified goes first, and in the end all is verified', () => {
    fc.assert(
      fc.property(stretches, (final) => {
        let verified: Ranges = [];
        let before = Number.NEGATIVE_INFINITY;
        for (let steps = 0; steps < 200; steps += 1) {
          const known = [{ intervalSeconds: 0, final, verified, widest: 2 * HOUR }];
          const open = duration(subtract(final, verified).filter((range) => range.to > horizon));
          const planned = plan(known);
          if (planned === undefined || subtract(rangesOf(planned.claim), verified).length === 0) break;
          expect(open).toBeGreaterThan(0);
          expect(planned.claim.from).toBeGreaterThanOrEqual(before);
          before = planned.claim.from;
          verified = union(verified, [planned.claim]);
        }
        const reachable = subtract(final, rangesOf({ from: Number.NEGATIVE_INFINITY, to: horizon }));
        expect(subtract(reachable, verified)).toEqual([]);
      }),
    );
  });
});

test('of any time, each stretch is as likely as it is long', () => {
  const final = rangesOf(
    { from: now - 10 * HOUR, to: now - 9 * HOUR },
    { from: now - 4 * HOUR, to: now - HOUR },
  );
  const known = [{ intervalSeconds: 0, final, verified: final, widest: HOUR }];
  const first = Array.from({ length: 100 }, (_, index) => plan(known, [], 0.5, index / 100)?.claim.from ?? 0);
  expect(first.filter((from) => from < now - 9 * HOUR)).toHaveLength(25);
});

test('where all is verified, the oldest is as good as any', () => {
  const final = rangesOf({ from: now - 10 * HOUR, to: now });
  const known = [{ intervalSeconds: 0, final, verified: final, widest: HOUR }];
  expect(plan(known, [], 0, 0.5)?.claim).toEqual({ from: now - 5 * HOUR, to: now - 4 * HOUR });
});

describe('the width of a window', () => {
  const good = { read: HOUR, requests: 1, readable: true };

  test('begins with an hour', () => {
    expect(auditWidth([], 5)).toBe(HOUR);
  });

  test('follows from what requests could read, with caution', () => {
    expect(auditWidth([good], 5)).toBe(4 * HOUR);
    expect(auditWidth([{ read: 10 * HOUR, requests: 5, readable: true }], 5)).toBe(8 * HOUR);
  });

  test('does not collapse after an audit of a leftover', () => {
    const leftover = { read: 120 * SECOND, requests: 2, readable: true };
    expect(auditWidth([leftover, { read: 100 * HOUR, requests: 5, readable: true }], 5)).toBeGreaterThan(
      50 * HOUR,
    );
  });

  test('grows eightfold at most', () => {
    expect(auditWidth([good], 500)).toBe(8 * HOUR);
  });

  test('shrinks where nothing could be read, down to a minute', () => {
    expect(auditWidth([{ read: HOUR, requests: 5, readable: false }], 5)).toBe(HOUR / 4);
    expect(auditWidth([{ read: SECOND, requests: 5, readable: false }], 5)).toBe(60 * SECOND);
  });

  test('half of the requests are kept for a second reading', () => {
    expect([4, 5, 10].map(firstReading)).toEqual([2, 2, 5]);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { simulatorDefaults } from '../../../src/simulator/simulator.ts';
import { type DeliveryRow, type Position, positionOf } from '../../../src/simulator/world/delivery-log.ts';
import { World } from '../../../src/simulator/world/world.ts';
import { DAY, HOUR, MINUTE, START } from './dashboard.ts';

const world = new World({
  ...simulatorDefaults,
  lateness: { share: 0.2, max: 1_800 },
  clock: { now: () => START },
});
const moment = fc
  .integer({ min: START - 3 * DAY, max: START + HOUR })
  .map((milliseconds) => milliseconds * 1_000);
const places = world.places.slice(0, 3);

test('any window read in pages of any size, either way, gives each row once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.tuple(moment, moment).map((times) => times.toSorted((one, other) => one - other)),
      fc.integer({ min: 3, max: 200 }),
      fc.boolean(),
      fc.integer({ min: -60, max: 60 }).map((minutes) => (START + minutes * MINUTE) * 1_000),
      ({ deliveries }, [from = 0, to = 0], limit, down, now) => {
        const selection = { from, to, now };
        const whole = deliveries.forward(selection, undefined, Number.POSITIVE_INFINITY);
        const rows: DeliveryRow[] = [];
        let position: Position | undefined;
        for (;;) {
          const page = down
            ? deliveries.backward(selection, position, limit)
            : deliveries.forward(selection, position, limit);
          const last = page.at(-1);
          if (last === undefined) break;
          rows.push(...page);
          position = positionOf(last);
        }
        const places = (list: DeliveryRow[]) => list.map(({ hour, index }) => `${hour.start} ${index}`);
        expect(places(down ? rows.reverse() : rows)).toEqual(places(whole));
      },
    ),
    { numRuns: 60 },
  );
});

test('windows that meet at any instants count each request once', () => {
  const count = (place: (typeof places)[number], from: number, to: number, interval: number) =>
    place.requests
      .buckets({
        from,
        to,
        interval,
        countedUntil: world.countedUntil(),
        filters: {},
        idleBuckets: 'omitted',
      })
      .flatMap(({ counts }) => counts)
      .reduce((sum, one) => sum + one.count, 0);
  const interval = fc.constantFrom(120, 3_600, 14_400, 21_600);
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.array(moment, { minLength: 2, maxLength: 6 }),
      fc.array(interval, { minLength: 6, maxLength: 6 }),
      (place, moments, intervals) => {
        const edges = moments.toSorted((one, other) => one - other);
        const parts = edges
          .slice(1)
          .map((edge, index) => count(place, edges[index] ?? 0, edge, intervals[index] ?? 120));
        const whole = count(place, edges[0] ?? 0, edges.at(-1) ?? 0, 120);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(whole);
      },
    ),
    { numRuns: 60 },
  );
});

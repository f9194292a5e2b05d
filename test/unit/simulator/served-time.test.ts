import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ServedStretch, ServedTime } from '../../../src/simulator/served/served-time.ts';
import { DAY } from './dashboard.ts';

const MICROSECONDS = 1_000;

test('every instant has the moment of its latest answer', () => {
  const stretch = fc.record({
    from: fc.integer({ min: 0, max: 30 }),
    length: fc.integer({ min: 0, max: 10 }),
    answeredAt: fc.integer({ min: 40, max: 45 }),
  });
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 25 }), (added) => {
      const served = new ServedTime();
      const model = new Map<number, number>();
      for (const { from, length, answeredAt } of added) {
        served.add({ from, to: from + length, answeredAt });
        for (let instant = from; instant < from + length; instant++) {
          model.set(instant, Math.max(model.get(instant) ?? 0, answeredAt));
        }
      }
      const list = served.list();
      const instants = list.flatMap(({ from, to, answeredAt }) =>
        Array.from({ length: to - from }, (_, index) => [from + index, answeredAt]),
      );
      expect(instants).toEqual([...model].toSorted(([one = 0], [other = 0]) => one - other));
      list.slice(1).forEach((one, index) => {
        const before = list[index];
        expect(before?.to === one.from && before?.answeredAt === one.answeredAt).toBe(false);
      });
    }),
  );
});

test('what has long settled becomes one stretch with the earlier moment', () => {
  const served = new ServedTime();
  const day = DAY * MICROSECONDS;
  const add = (from: number, to: number, answeredAt: number) => served.add({ from, to, answeredAt });
  add(0, 10, 2 * day);
  add(10, 20, 3 * day);
  add(20, 30, day);
  const expected: ServedStretch[] = [
    { from: 0, to: 20, answeredAt: 2 * day },
    { from: 20, to: 30, answeredAt: day },
  ];
  expect(served.list()).toEqual(expected);
});

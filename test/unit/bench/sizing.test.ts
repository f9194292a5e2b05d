import { expect, test } from 'vitest';
import { array, BIGINT, INTEGER, rowSize, text } from '../../../bench/store/sizing.ts';
import { TABLE_LAYOUTS } from '../../../bench/store/table-layouts.ts';

const PLAIN = { nullable: undefined, fillfactor: 100, leafFill: 1 };

test('columns are aligned, rows rounded up to 8, and a page holds whole rows', () => {
  // 24 + 4, 4 empty, 8, 4, rounded up to 48, and 4 for the pointer: 8168 / 52 is 157 and a little.
  const layout = { ...PLAIN, columns: [INTEGER, BIGINT, INTEGER], key: [INTEGER] };
  expect(rowSize(layout).heap).toBeCloseTo(8_192 / 157, 6);
});

test('a null makes the header 8 bytes longer only where a table has more than 8 columns', () => {
  const columns = [BIGINT];
  const at = (nullable: number) => rowSize({ ...PLAIN, columns, key: columns, nullable }).heap;
  expect(at(8)).toBe(rowSize({ ...PLAIN, columns, key: columns }).heap);
  expect(at(9)).toBeGreaterThan(at(8));
});

test('texts and short arrays are not aligned, long arrays are', () => {
  expect(text(6)).toEqual({ bytes: 7, align: 1 });
  expect(array(3, 2)).toEqual({ bytes: 27, align: 1 });
  expect(array(100, 4)).toEqual({ bytes: 424, align: 4 });
});

test.each([
  [6, 161],
  [7, 161],
  [18, 195],
])(
  'a delivery of an organization with an id of %i characters takes about %i bytes in a packed month',
  (organizationId, bytes) => {
    const layout = TABLE_LAYOUTS['webhook_deliveries'];
    if (layout === undefined) throw new Error('no such layout');
    const { heap, index } = rowSize(layout({ organizationId, series: 3, latencyBuckets: 1 }));
    expect(Math.round(heap + index)).toBe(bytes);
  },
);

import { expect, test } from 'vitest';
import { DriftNotes } from '../../../src/streams/field-drift.ts';

const documented = { id: 'string', code: 'number', list: 'array' } as const;

function noted(...rows: readonly unknown[]) {
  const drift = new DriftNotes();
  for (const row of rows) drift.compare(row, documented);
  return drift.all;
}

test('a row as documented shows nothing', () => {
  expect(noted({ id: '', code: 1.5, list: [] })).toEqual([]);
});

test('what is missing, of another type, or not known is noted once, with the type first seen', () => {
  const row = { code: null, list: {}, new: [1] };
  expect(noted(row, { ...row, new: 'text' })).toEqual([
    { field: 'id', kind: 'missing', sampleType: null },
    { field: 'code', kind: 'type', sampleType: 'null' },
    { field: 'list', kind: 'type', sampleType: 'object' },
    { field: 'new', kind: 'unknown', sampleType: 'array' },
  ]);
});

test('names that every object has are fields like others', () => {
  const row = JSON.parse('{"id":"","code":1,"list":[],"__proto__":{},"constructor":1}');
  expect(noted(row).map(({ field }) => field)).toEqual(['__proto__', 'constructor']);
});

test.each([null, 'text', [], 3])('%j has no fields', (row) => {
  expect(noted(row)).toEqual([]);
});

test('ids used as names do not fill the table', () => {
  const row = Object.fromEntries(Array.from({ length: 1_000 }, (_, id) => [`id-${id}`, 1]));
  expect(noted({ id: '', code: 1, list: [], ...row })).toHaveLength(50);
});

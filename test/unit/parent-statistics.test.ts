import { expect, test } from 'vitest';
import { isAnalyzeDue } from '../../src/db/parent-statistics.ts';

test.each([
  { what: 'never analyzed, with rows', analyzedRows: -1, rows: 10_000, due: true },
  { what: 'never analyzed, hardly any rows', analyzedRows: -1, rows: 9_999, due: false },
  { what: 'grown by a fifth', analyzedRows: 100_000, rows: 120_000, due: false },
  { what: 'grown by more', analyzedRows: 100_000, rows: 120_001, due: true },
  { what: 'months were dropped', analyzedRows: 100_000, rows: 50_000, due: true },
  { what: 'analyzed while it was empty', analyzedRows: 0, rows: 10_000, due: true },
])('a partitioned table that was $what: analyze is due: $due', ({ analyzedRows, rows, due }) => {
  expect(isAnalyzeDue({ table: 'webhook_deliveries', analyzedRows, rows })).toBe(due);
});

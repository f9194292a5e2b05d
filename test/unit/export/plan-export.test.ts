import { describe, expect, test } from 'vitest';
import type { ColumnKind, ReportView } from '../../../src/db/report-views.ts';
import { UsageError } from '../../../src/errors.ts';
import { type ExportRequest, planExport } from '../../../src/export/plan-export.ts';

function view(name: string, columns: Readonly<Record<string, ColumnKind>>): ReportView {
  return {
    name,
    columns: Object.entries(columns).map(([column, kind]) => ({
      name: column,
      kind,
      isArray: false,
      isSortable: true,
    })),
  };
}

const VIEWS = [
  view('deliveries', { organization_id: 'text', sent_at: 'timestamp', date: 'date' }),
  view('quarantine', { organization_id: 'text', sent_at: 'timestamp', first_seen_at: 'timestamp' }),
  view('organizations', { id: 'text', first_seen_at: 'timestamp' }),
  view('dates', { id: 'text', date: 'date' }),
  view('codes', { id: 'text', since: 'text' }),
];

const plan = (request: Partial<ExportRequest>) =>
  planExport(VIEWS, {
    view: 'deliveries',
    columns: undefined,
    range: { from: undefined, to: undefined },
    organizations: [],
    ...request,
  });

describe('the time column', () => {
  test.each([
    ['deliveries', 'sent_at'],
    ['quarantine', 'first_seen_at'],
    ['organizations', undefined],
    ['dates', 'date'],
    ['codes', undefined],
  ])('of %s is %s', (name, column) => {
    expect(plan({ view: name }).timeColumn?.name).toBe(column);
  });

  test('is needed for a range', () => {
    const range = { from: 1, to: undefined };
    expect(() => plan({ view: 'organizations', range })).toThrow(UsageError);
    expect(() => plan({ view: 'organizations', range })).toThrow('leave out --from and --to');
    expect(() => plan({ range: { from: 2, to: 2 } })).toThrow('--from must lie before --to');
  });
});

describe('organizations', () => {
  test('are found by id, in their own view by its id', () => {
    expect(plan({ organizations: ['1', '2'] }).organizations).toEqual({
      column: 'organization_id',
      ids: ['1', '2'],
    });
    expect(plan({ view: 'organizations', organizations: ['1'] }).organizations?.column).toBe('id');
  });

  test('are refused where rows belong to none', () => {
    expect(() => plan({ view: 'codes', organizations: ['1'] })).toThrow('leave out --organization');
  });
});

test('columns come in the order they were asked for, each once', () => {
  expect(plan({ columns: ['date', 'organization_id'] }).columns.map(({ name }) => name)).toEqual([
    'date',
    'organization_id',
  ]);
  expect(() => plan({ columns: ['date', 'nope'] })).toThrow(
    'View deliveries has no column nope. Its columns are: organization_id, sent_at, date.',
  );
  expect(() => plan({ columns: ['date', 'date'] })).toThrow('needs each column once');
});

test('an unknown view is answered with all views and their times', () => {
  expect(() => plan({ view: 'delivery' })).toThrow(UsageError);
  expect(() => plan({ view: 'delivery' })).toThrow(
    /"delivery".*\n {2}deliveries {2}\(by sent_at\)\n.*\n {2}codes$/s,
  );
});

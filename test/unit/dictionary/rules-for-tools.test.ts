import { expect, test } from 'vitest';
import { faultsForTools } from '../../dictionary/rules-for-tools.ts';
import { viewOf } from '../../dictionary/view-of.ts';

test.each([
  'organization_id text',
  'network_key text',
  'sent_at timestamptz',
  'bucket_start timestamptz',
  'until timestamptz',
  'deliveries bigint',
  'failures_week_before bigint',
  'rate_limited_429 bigint',
  'duration_ms_sum bigint',
  'success_ratio_1h double precision',
  'share_of_all double precision',
  'rate_limited_share_of_all double precision',
  'requests_per_covered_hour double precision',
  'p95_ms double precision',
  'lag_seconds double precision',
  'interval_seconds integer',
  'last_response_code integer',
  'hour_of_day integer',
  'date date',
  'is_final boolean',
  'tags text[]',
  'extra jsonb',
])('%s is as tools want it', (column) => {
  expect(faultsForTools([viewOf('any', column)])).toEqual([]);
});

test.each([
  ['p50_ms numeric', 'is numeric, which is not among the allowed types'],
  ['amount numeric(10,2)', 'is numeric(10,2), which is not among the allowed types'],
  [
    'anything timestamp without time zone',
    'is timestamp without time zone, which is not among the allowed types',
  ],
  ['organization_id bigint', 'is bigint, and an id or key is text'],
  ['network_key bigint', 'is bigint, and an id or key is text'],
  ['first_seen_at date', 'is date, and a time is timestamptz'],
  ['deliveries integer', 'is integer, and a count is bigint'],
  ['no_response double precision', 'is double precision, and a count is bigint'],
  ['duration_ms_sum double precision', 'is double precision, and a count is bigint'],
  ['coverage_ratio bigint', 'is bigint, and a ratio is double precision'],
  ['mean_share text', 'is text, and a ratio is double precision'],
  ['mean_ms bigint', 'is bigint, and an average or a rate is double precision'],
  ['is_final text', 'is text, and a yes or no is boolean'],
  ['date text', 'is text, and a day is date'],
  ['anything integer', 'is integer, which is for codes, widths, versions, ranks and parts of a date only'],
])('%s %s', (column, fault) => {
  expect(faultsForTools([viewOf('any', column)])).toEqual([`any.${column.split(' ')[0]} ${fault}`]);
});

test('a view and a column without a comment are told', () => {
  const { name, columns } = viewOf('any', 'reason text');
  const silent = { name, comment: '', columns: columns.map((column) => ({ ...column, comment: '' })) };
  expect(faultsForTools([silent])).toEqual(['any has no comment', 'any.reason has no comment']);
});

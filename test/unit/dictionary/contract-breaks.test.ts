import { expect, test } from 'vitest';
import { contractBreaks } from '../../dictionary/contract-breaks.ts';
import { viewOf } from '../../dictionary/view-of.ts';

const promised = [viewOf('gaps', 'organization_id text, lost_at timestamptz, copies bigint')];

test('nothing breaks where nothing changed, where columns came last, or where a view was added', () => {
  const grown = viewOf('gaps', 'organization_id text, lost_at timestamptz, copies bigint, reason text');
  expect(contractBreaks(promised, promised)).toEqual([]);
  expect(contractBreaks(promised, [grown, viewOf('audits', 'error text')])).toEqual([]);
  expect(contractBreaks([], promised)).toEqual([]);
});

test('a comment is no promise', () => {
  expect(
    contractBreaks(
      promised,
      promised.map((view) => ({ ...view, comment: 'Better.' })),
    ),
  ).toEqual([]);
});

test.each([
  ['vanished view', viewOf('meraki_v2.gaps', 'organization_id text'), ['gaps vanished']],
  ['vanished column', viewOf('gaps', 'organization_id text, lost_at timestamptz'), ['gaps.copies vanished']],
  [
    'other type',
    viewOf('gaps', 'organization_id text, lost_at timestamptz, copies numeric'),
    ['gaps.copies was bigint and is numeric'],
  ],
  [
    'column in between',
    viewOf('gaps', 'organization_id text, reason text, lost_at timestamptz, copies bigint'),
    ['gaps.lost_at was column 2 and is column 3', 'gaps.copies was column 3 and is column 4'],
  ],
  [
    'other name',
    viewOf('gaps', 'organization_id text, lost_on timestamptz, copies bigint'),
    ['gaps.lost_at vanished'],
  ],
])('a break is told: %s', (_what, present, breaks) => {
  expect(contractBreaks(promised, [present])).toEqual(breaks);
});

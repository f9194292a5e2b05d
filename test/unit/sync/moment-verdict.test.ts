import { expect, test } from 'vitest';
import type { LedgerMoment } from '../../../src/db/moment-facts.ts';
import { instantOfSeconds } from '../../../src/instant.ts';
import { type MomentFacts, type MomentVerdict, momentVerdict } from '../../../src/sync/moment-verdict.ts';

const SECOND = instantOfSeconds(1);
const DAY = 86_400 * SECOND;
const now = instantOfSeconds(1_790_000_000);

const ledger: LedgerMoment = {
  key: { organizationId: '1', stream: 'webhook_logs', series: 'all' },
  createdAt: now - 10 * DAY,
  wantedFrom: now - 40 * DAY,
  lookbackSeconds: 30 * 86_400,
  expectedLagSeconds: 1_500,
  limits: {},
  retiredAt: null,
  droppedBefore: null,
  isUnwanted: false,
  state: 'uncovered',
  lost: null,
  error: null,
};
const facts: MomentFacts = {
  moment: now - 5 * DAY,
  now,
  ledger,
  rows: 0,
  quarantined: { near: 0, timeUnknown: 0 },
  organization: { state: 'active', since: now - 40 * DAY },
};
const error = { code: 'KEY_REFUSED', message: 'no', at: now - DAY };
const lost = { lostAt: now - DAY, reason: 'not_running', detail: 'Nothing ran.' };
const skipped = { skipped: [{ from: facts.moment, to: facts.moment + 1, until: now + DAY }] };
const stale = { skipped: [{ from: facts.moment, to: facts.moment + 1, until: now }] };
const disabled = { state: 'api_disabled', since: now - 6 * DAY } as const;

type Change = Partial<Omit<MomentFacts, 'ledger'>> & { readonly ledger?: Partial<LedgerMoment> };

test.each<[MomentVerdict['verdict'], MomentVerdict['cause'], string, Change]>([
  ['in_future', null, 'a microsecond from now', { moment: now + 1, ledger: { state: 'provisional' } }],
  ['final_with_rows', null, 'rows', { rows: 3, ledger: { state: 'final' } }],
  ['final_empty', null, 'no rows', { ledger: { state: 'final' } }],
  [
    'final_empty',
    null,
    'rows of unknown time',
    { quarantined: { near: 0, timeUnknown: 4 }, ledger: { state: 'final' } },
  ],
  ['provisional', null, 'not settled', { rows: 3, ledger: { state: 'provisional' } }],
  [
    'quarantined',
    null,
    'nothing but refused rows',
    { quarantined: { near: 1, timeUnknown: 0 }, ledger: { state: 'final' } },
  ],
  [
    'final_with_rows',
    null,
    'good and refused rows',
    { rows: 1, quarantined: { near: 1, timeUnknown: 0 }, ledger: { state: 'final' } },
  ],
  ['final_with_rows', null, 'covered though once lost', { rows: 1, ledger: { state: 'final', lost } }],
  ['dropped', null, 'dropped', { ledger: { droppedBefore: facts.moment + 1, wantedFrom: facts.moment + 1 } }],
  ['before_archive', null, 'before what was wanted', { ledger: { wantedFrom: facts.moment + 1 } }],
  ['not_wanted', null, 'retired since', { ledger: { retiredAt: facts.moment } }],
  ['never_read', 'backfill', 'retired later', { ledger: { retiredAt: facts.moment + 1 } }],
  ['not_wanted', null, 'between retirement and return', { ledger: { isUnwanted: true } }],
  ['lost', null, 'recorded, though the source may keep more', { ledger: { lost } }],
  ['lost', null, 'not recorded yet', { moment: now - 31 * DAY }],
  ['organization_disabled', null, 'no access', { organization: disabled, ledger: { error } }],
  ['not_settled', null, 'newer than a read can be expected', { moment: now - 60 * SECOND }],
  ['never_read', 'error', 'new, but reads fail', { moment: now - 60 * SECOND, ledger: { error } }],
  ['never_read', 'skipped', 'left alone', { ledger: { limits: skipped, error } }],
  ['never_read', 'error', 'left alone no longer', { ledger: { limits: stale, error } }],
  ['never_read', 'backfill', 'under way', {}],
])('%s (%s): %s', (verdict, cause, _, changed) => {
  const told = momentVerdict({ ...facts, ...changed, ledger: { ...ledger, ...changed.ledger } });
  expect(told).toMatchObject({ verdict, cause });
});

test('what can still be read has a deadline', () => {
  expect(momentVerdict(facts).deadline).toBe(facts.moment + 30 * DAY);
  expect(momentVerdict({ ...facts, organization: disabled }).deadline).toBe(facts.moment + 30 * DAY);
});

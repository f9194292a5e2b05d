import { expect, test } from 'vitest';
import type { OrganizationState } from '../../../src/db/schema.ts';
import { instantOfSeconds } from '../../../src/instant.ts';
import { type LossFacts, lossReason } from '../../../src/sync/loss-reason.ts';

const DAY = instantOfSeconds(86_400);
const now = instantOfSeconds(1_790_000_000);
const healthy: LossFacts = {
  stretch: { from: now - 95 * DAY, to: now - 90 * DAY },
  leftReachAt: now,
  lookbackLearnedAt: null,
  unanswered: [],
  organization: { state: 'active', since: now - 200 * DAY },
  ran: true,
  error: null,
};
const error = { code: 'MERAKI_UNREACHABLE', message: 'Meraki cannot be reached' };
const inState = (state: OrganizationState) => ({ organization: { state, since: now - 100 * DAY } });

test.each<[string, Partial<LossFacts>, string]>([
  ['nothing was wrong', {}, 'fell_behind'],
  ['the state is not known', { organization: undefined }, 'fell_behind'],
  ['its runs failed', { error }, 'MERAKI_UNREACHABLE'],
  ['nothing ran, whatever the last error', { ran: false, error }, 'not_running'],
  ['API access was disabled', { ...inState('api_disabled'), ran: false }, 'api_disabled'],
  ['it was refused', { ...inState('refused'), error }, 'refused'],
  ['it had vanished', inState('vanished'), 'vanished'],
  [
    'the source failed on that very stretch',
    { unanswered: [{ from: now - 91 * DAY, to: now - 89 * DAY }], error },
    'source_cannot_answer',
  ],
  [
    'the source failed on time beside it',
    { unanswered: [{ from: now - 90 * DAY, to: now - 89 * DAY }] },
    'fell_behind',
  ],
  [
    'a lesson has just moved the edge',
    { lookbackLearnedAt: now - 1, ...inState('api_disabled') },
    'source_keeps_less',
  ],
  [
    'it had left the reach before the lesson',
    { lookbackLearnedAt: now, leftReachAt: now - DAY },
    'source_keeps_less',
  ],
  ['it left the reach long after the lesson', { lookbackLearnedAt: now - DAY, ran: false }, 'not_running'],
])('lost when %s', (_, changed, reason) => {
  const told = lossReason({ ...healthy, ...changed });
  expect(told.reason).toBe(reason);
  expect(told.detail).toMatch(/^[A-Z].*\.?$/);
});

test('the detail names the state and the error', () => {
  expect(lossReason({ ...healthy, ...inState('api_disabled') }).detail).toContain(
    'API access was disabled, since 20',
  );
  expect(lossReason({ ...healthy, error }).detail).toContain(error.message);
});

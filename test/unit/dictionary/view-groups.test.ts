import { expect, test } from 'vitest';
import { groupViews } from '../../dictionary/view-groups.ts';
import { viewOf } from '../../dictionary/view-of.ts';

test.each([
  ['Webhook deliveries', viewOf('webhook_deliveries', 'endpoint_id text, alert_type text')],
  ['Webhook deliveries', viewOf('webhook_anything_weekly', 'organization_id text, deliveries bigint')],
  ['Webhook receivers', viewOf('webhook_anything_weekly', 'endpoint_id text, deliveries bigint')],
  ['API requests', viewOf('api_anything', 'organization_id text, series text')],
  ['Coverage and ledger', viewOf('anything', 'organization_id text, stream text')],
  ['Dimensions', viewOf('webhook_endpoints', 'organization_id text, id text, name text, endpoint_id text')],
  ['Dimensions', viewOf('network_names', 'valid_from timestamptz, valid_to timestamptz')],
  ['API requests', viewOf('meraki_v2.api_anything', 'organization_id text')],
])('%s holds %j', (title, view) => {
  const holding = groupViews([view]).filter(({ views }) => views.length > 0);
  expect(holding.map((group) => [group.title, group.views])).toEqual([[title, [view]]]);
});

test('a view that fits nowhere is an error and not left out', () => {
  const odd = viewOf('odd', 'organization_id text');
  expect(() => groupViews([viewOf('api_responses', 'series text'), odd])).toThrow(/^odd has no group/);
});

/* What the views make of a run of failures. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { parseInstant } from '../../src/instant.ts';
import { staleWebhooks } from '../support/stale-webhooks.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let owned: TestDatabase;

beforeAll(async () => {
  owned = await createTestDatabase();
  const month = parseInstant('2026-01-15T00:00:00Z') ?? 0;
  await new Partitions(owned.database).ensure('webhook_deliveries', { from: month, to: month + 1 });
});

describe('what the views make of a run of failures', () => {
  /** One delivery a minute to one receiver, with these response codes. */
  async function deliver(organizationId: string, codes: readonly number[]): Promise<void> {
    await owned.database.pool.query(
      `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence,
         network_key, alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
       select $1, at, n, 0, 1, 1, 7, at, code, 5, at
       from unnest($2::integer[]) with ordinality as given(code, n)
       cross join lateral (select timestamptz '2026-01-15T00:00:00Z' + n * interval '1 minute' as at) times`,
      [organizationId, codes],
    );
    await owned.database.pool.query(
      `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
       values ($1, $1, now(), now())`,
      [organizationId],
    );
    await staleWebhooks(owned.database);
  }

  test.each([
    [
      [200, 500, 503, 200, 429, 200],
      ['00:02-00:04 2 503', '00:05-00:06 1 429'],
    ],
    [[500, 301], ['00:01- 2 301']],
    [[200, 200], []],
    [
      [-1, 200, 404, -1, 200],
      ['00:01-00:02 1 none', '00:03-00:05 2 none'],
    ],
    [[500, 0, 200], ['00:01-00:03 2 none']],
  ])('%j are the incidents %j', async (codes, incidents) => {
    const organizationId = codes.join();
    await deliver(organizationId, codes);
    const found = await owned.database.pool.query<{ text: string }>(
      `select to_char(started_at at time zone 'UTC', 'HH24:MI') || '-' ||
         coalesce(to_char(ended_at at time zone 'UTC', 'HH24:MI'), '') || ' ' || failures || ' ' ||
         coalesce(last_response_code::text, 'none') as text
       from meraki.webhook_incidents where organization_id = $1 order by started_at`,
      [organizationId],
    );
    expect(found.rows.map(({ text }) => text)).toEqual(incidents);
    const agreeing = await owned.database.pool.query<{ agree: boolean }>(
      `select i.last_response_code is not distinct from d.response_code as agree
       from meraki.webhook_incidents i
       join meraki.webhook_deliveries d on d.organization_id = i.organization_id and d.sent_at = i.last_failure_at
       where i.organization_id = $1`,
      [organizationId],
    );
    expect(agreeing.rows).toEqual(incidents.map(() => ({ agree: true })));
  });
});

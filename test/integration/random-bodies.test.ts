/*
 * Random bodies, read and committed as the loop does it: every row received is in the store or in quarantine
 * afterwards, and a second read of the same body changes nothing. `RANDOM_PAGES` sets how many bodies each
 * endpoint gets.
 */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { apiResponses } from '../../src/streams/api-responses.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { openWindow } from '../../src/sync/open-window.ts';
import type { Reading, Stream } from '../../src/sync/stream.ts';
import { bucketList, webhookLogList } from '../support/random-bodies.ts';
import { ASKED, commitReading, NOW, SETTINGS } from '../support/stream-reads.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { startClient, startServer } from '../unit/meraki/loopback-server.ts';

const RUNS = Number(process.env['RANDOM_PAGES'] ?? 200);

let owned: TestDatabase;
let partitions: Partitions;

beforeEach(async () => {
  owned = await emptyTestDatabase();
  await owned.database.pool.query(
    `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
     values ('1', 'One', now(), now())`,
  );
  partitions = new Partitions(owned.database);
});

interface Held {
  readonly deliveries: number;
  readonly quarantined: number;
  readonly buckets: number;
}

async function held(): Promise<Held> {
  const found = await owned.database.pool.query<Held>(`
    select (select count(*)::integer from meraki_store.webhook_deliveries) as deliveries,
      (select coalesce(sum(copies), 0)::integer from meraki.quarantine) as quarantined,
      (select count(distinct (interval_seconds, bucket_start))::integer from meraki_store.api_response_counts)
        as buckets`);
  return found.rows[0] ?? { deliveries: -1, quarantined: -1, buckets: -1 };
}

async function emptied(): Promise<void> {
  await owned.database.pool.query(`
    delete from meraki_store.webhook_deliveries; delete from meraki_ingest.quarantine;
    delete from meraki_store.api_response_counts; delete from meraki_ingest.coverage;
    delete from meraki_ingest.checkpoints; delete from meraki_store.api_response_revisions`);
}

async function expectKept(
  key: StreamKey,
  lists: fc.Arbitrary<string>,
  streamOf: (client: ReturnType<typeof startClient>['client']) => Stream,
  expectHeld: (held: Held, reading: Reading, list: readonly unknown[]) => void,
): Promise<void> {
  let body = '';
  const server = await startServer((_request, response) => response.end(body));
  const stream = streamOf(startClient(server.url).client);
  const read = () => stream.read(openWindow(ASKED, ASKED, NOW), {}, new AbortController().signal);
  await fc.assert(
    fc.asyncProperty(lists, async (text) => {
      body = text;
      await emptied();
      const list = JSON.parse(text) as readonly unknown[];
      for (const reading of [await read(), await read()]) {
        await commitReading(owned.database, key, reading, { partitions });
        expectHeld(await held(), reading, list);
      }
    }),
    { numRuns: RUNS },
  );
}

test('I7 webhook logs: deliveries and quarantined rows are together as many as were received', async () => {
  const key = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;
  await expectKept(
    key,
    webhookLogList(ASKED, '1'),
    (client) => webhookLogs(key, client, SETTINGS),
    ({ deliveries, quarantined }, { tally }, list) => {
      expect(deliveries + quarantined).toBe(list.length);
      expect(quarantined).toBe(tally.refused);
    },
  );
});

test('I7 api responses: refused buckets are in quarantine, the others in the store where they are whole', async () => {
  const key = { organizationId: '1', stream: 'api_responses', series: 'all' } as const;
  await expectKept(
    key,
    bucketList(ASKED),
    (client) => apiResponses(key, client, SETTINGS, {}),
    ({ quarantined, buckets }, { tally, claims }, list) => {
      expect(quarantined + tally.taken + tally.left).toBe(list.length);
      expect(buckets).toBeLessThanOrEqual(tally.taken);
      if (tally.taken > 0) expect(claims.some(({ final }) => final.length > 0)).toBe(true);
    },
  );
});

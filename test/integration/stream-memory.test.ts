import { beforeEach, expect, test } from 'vitest';
import { instantOfSeconds } from '../../src/instant.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { StreamMemory } from '../../src/sync/stream-memory.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { recordingClock, startClient } from '../unit/meraki/loopback-server.ts';

const DAY = instantOfSeconds(86_400);
const settings = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: instantOfSeconds(900),
  perPage: 1_000,
  quarantineLimit: 1_000,
};

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

/** What a worker remembers whose clock is so many days ahead. */
async function memory(daysAhead = 0): Promise<StreamMemory> {
  const clock = recordingClock(Date.now() + daysAhead * 86_400_000);
  const { client } = startClient('http://127.0.0.1:9', { clock });
  const key = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;
  const remembered = new StreamMemory(owned.database, webhookLogs(key, client, settings), undefined);
  await remembered.recall();
  return remembered;
}

test('I2: an order that another lesson took the place of stays disproved when all lessons have expired', async () => {
  const first = await memory();
  await first.learn({ order: 'ascending' });
  // A window that began before that was known came out of turn.
  await first.learn({ order: 'unordered', wholeSpan: DAY }, {});
  expect(first.learned).toMatchObject({ order: 'unordered', disproved: 'ascending' });
  const { learned } = await memory(8);
  expect(learned).toMatchObject({ disproved: 'ascending' });
  expect(learned).not.toHaveProperty('order');
});

test('an order that only expired was not disproved', async () => {
  await (await memory()).learn({ order: 'ascending' });
  const later = await memory(8);
  expect(later.learned).not.toHaveProperty('order');
  await later.learn({ order: 'descending' });
  expect(later.learned).not.toHaveProperty('disproved');
});

import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openQueueStore } from '../../src/jobs/queue-store.ts';
import { applySchedule, type WantedSchedule } from '../../src/jobs/schedule.ts';
import { STREAM_NAMES } from '../../src/stream-key.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const HOUR = 3_600_000;

const wantedFor = (...organizationIds: readonly string[]): readonly WantedSchedule[] =>
  organizationIds.flatMap((organizationId) =>
    STREAM_NAMES.map((stream) => ({ job: { organizationId, stream }, everyMs: HOUR })),
  );

async function openQueues() {
  const { database, url } = await createTestDatabase();
  const store = await openQueueStore(undefined, url, database, testLog, systemClock);
  const queues = { live: store.openQueue('live'), history: store.openQueue('history') };
  onTestFinished(async () => {
    await queues.live.close();
    await queues.history.close();
    await store.close();
  });
  return queues;
}

test('audits are scheduled once for each organization, leave with it, and can be turned off', async () => {
  const queues = await openQueues();
  const present = async () =>
    (await queues.history.getJobSchedulers(0, -1))
      .filter(({ key }) => key.startsWith('audit_'))
      .map(({ key, every }) => `${key} ${Number(every)}`)
      .sort();

  const first = await applySchedule(queues, wantedFor('1', '2'), 6 * HOUR);
  expect(first.added).toHaveLength(6);
  expect(await present()).toEqual([`audit_1 ${6 * HOUR}`, `audit_2 ${6 * HOUR}`]);

  expect(await applySchedule(queues, wantedFor('1', '2'), 6 * HOUR)).toEqual({ added: [], removed: [] });

  const second = await applySchedule(queues, wantedFor('2'), 12 * HOUR);
  expect([...second.removed].sort()).toEqual(['audit_1', 'live_1_api_responses', 'live_1_webhook_logs']);
  expect(await present()).toEqual([`audit_2 ${12 * HOUR}`]);

  expect((await applySchedule(queues, wantedFor('2'))).removed).toEqual(['audit_2']);
  expect(await present()).toEqual([]);
  expect((await queues.live.getJobSchedulers(0, -1)).length).toBe(3);
});

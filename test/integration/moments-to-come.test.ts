import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { backfillOptions } from '../../src/jobs/jobs.ts';
import { bringBack, takeOutStuck } from '../../src/jobs/moments-to-come.ts';
import { openQueueStore } from '../../src/jobs/queue-store.ts';
import {
  applySchedule,
  isScheduleWhole,
  type JobQueues,
  type WantedSchedule,
} from '../../src/jobs/schedule.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { configFor, unpaced, work } from '../support/archive-run.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { describeWithRedis, flushTestRedis, testRedisUrl } from '../support/test-redis.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 8_766 * HOUR;
const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const WANTED: readonly WantedSchedule[] = [
  { job: { organizationId: '1', stream: 'webhook_logs' }, everyMs: 5 * MINUTE },
  { job: { organizationId: '1', stream: 'api_responses' }, everyMs: 15 * MINUTE },
];

interface Queues extends JobQueues {
  /** Has a job of the live queue be gone, as a store that lost it. */
  lose(jobId: string): Promise<void>;
}

async function openQueues(redisUrl: string | undefined, owned?: TestDatabase): Promise<Queues> {
  const { database, url } = owned ?? (await createTestDatabase());
  const store = await openQueueStore(redisUrl, url, database, testLog, systemClock);
  const queues = { live: store.openQueue('live'), history: store.openQueue('history') };
  onTestFinished(async () => {
    await queues.live.close();
    await queues.history.close();
    await store.close();
  });
  return {
    ...queues,
    async lose(jobId) {
      if (redisUrl === undefined) {
        await database.pool.query('delete from bullmq.job where id = $1', [jobId]);
        return;
      }
      const redis = new Redis(redisUrl);
      await redis.del(`meraki-historian:historian:${jobId}`);
      await redis.quit();
    },
  };
}

/** BullMQ goes by the machine's clock. */
async function withClockAhead<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

const bringAllBack = async ({ live, history }: JobQueues) => [
  await bringBack(live, Date.now(), 15 * MINUTE),
  await bringBack(history, Date.now(), 6 * HOUR),
];

function tests(redisUrl: () => Promise<string | undefined>) {
  test('what a clock a year ahead has put off is done as soon as it is set right', async () => {
    const queues = await openQueues(await redisUrl());
    await withClockAhead(YEAR, async () => {
      await applySchedule(queues, WANTED, 6 * HOUR);
      const options = { ...backfillOptions(KEY, 1), delay: 10_000 };
      await queues.history.add('backfill', KEY, options);
    });
    const other = { ...KEY, organizationId: '2' };
    await queues.history.add('backfill', other, { ...backfillOptions(other, 1), delay: 20 * MINUTE });
    expect(await queues.live.getDelayedCount(Date.now() + HOUR)).toBe(0);
    expect(await bringAllBack(queues)).toEqual([3, 2]);
    expect(await isScheduleWhole(queues, WANTED, 6 * HOUR)).toBe(false);

    await applySchedule(queues, WANTED, 6 * HOUR);
    const next = (await queues.live.getJobSchedulers(0, -1)).map((one) => Number(one.next) - Date.now());
    expect(next).toHaveLength(3);
    for (const left of next) expect(left).toBeLessThanOrEqual(15 * MINUTE);
    expect(await queues.live.getDelayedCount(Date.now() + HOUR)).toBeGreaterThanOrEqual(2);
    expect(await queues.history.getJobCounts('prioritized', 'delayed')).toEqual({
      prioritized: 1,
      delayed: 2,
    });
    expect(await bringAllBack(queues)).toEqual([0, 0]);
  });

  test('a scheduler whose next job is gone is made anew, and one whose job waits for a worker is left alone', async () => {
    const queues = await openQueues(await redisUrl());
    await withClockAhead(-2 * HOUR, () => applySchedule(queues, WANTED, 6 * HOUR));
    expect(await takeOutStuck(queues.live, Date.now())).toBe(0);
    const id = 'live_1_webhook_logs';
    const next = async () =>
      (await queues.live.getJobSchedulers(0, -1)).find(({ key }) => key === id)?.next ?? Number.NaN;
    await queues.lose(`repeat:${id}:${await next()}`);
    expect(await takeOutStuck(queues.live, Date.now())).toBe(1);
    expect(await isScheduleWhole(queues, WANTED, 6 * HOUR)).toBe(false);
    await applySchedule(queues, WANTED, 6 * HOUR);
    expect(Math.abs((await next()) - Date.now())).toBeLessThanOrEqual(5 * MINUTE);
    expect(await takeOutStuck(queues.live, Date.now())).toBe(0);
  });

  test('what is put off as long as it should be stays so', async () => {
    const queues = await openQueues(await redisUrl());
    await applySchedule(queues, WANTED, 6 * HOUR);
    await queues.history.add('backfill', KEY, { ...backfillOptions(KEY, 1), delay: 20 * MINUTE });
    expect(await bringAllBack(queues)).toEqual([0, 0]);
    expect(await queues.history.getDelayedCount()).toBe(2);
  });
}

describe('in Postgres', () => tests(async () => undefined));

describeWithRedis('in Redis', () =>
  tests(async () => {
    await flushTestRedis();
    return await testRedisUrl();
  }),
);

test('a worker looks after it when it begins', async () => {
  const simulator = await startSimulator({ organizations: 1, rows: 10, rate: false });
  onTestFinished(() => simulator.stop());
  const owned = await createTestDatabase();
  const queues = await openQueues(undefined, owned);
  const [organizationId = ''] = simulator.organizations.map(({ id }) => id);
  const wanted = WANTED.map(({ job, everyMs }) => ({ job: { ...job, organizationId }, everyMs }));
  await withClockAhead(YEAR, () => applySchedule(queues, wanted));
  const farOff = async () =>
    (await queues.live.getJobSchedulers(0, -1)).filter(({ next }) => Number(next) > Date.now() + HOUR);
  expect(await farOff()).toHaveLength(3);
  await work(unpaced(configFor(simulator, owned)), {}, async () => {
    await expect.poll(farOff, { timeout: 10_000 }).toEqual([]);
    await expect.poll(async () => await queues.live.getJobSchedulersCount()).toBe(3);
  });
});

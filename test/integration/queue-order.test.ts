import { DelayedError, type Job } from 'bullmq';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { withScheduleLock } from '../../src/db/schedule-lock.ts';
import { instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { backfillPriority, priorityAfterSlice } from '../../src/jobs/backfill-priority.ts';
import { auditOptions, backfillOptions, liveOptions } from '../../src/jobs/jobs.ts';
import { jobsDue } from '../../src/jobs/jobs-due.ts';
import { openQueueStore, type QueueRole } from '../../src/jobs/queue-store.ts';
import { applySchedule, type JobQueues, type WantedSchedule } from '../../src/jobs/schedule.ts';
import { STREAM_NAMES, type StreamKey } from '../../src/stream-key.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { describeWithRedis, flushTestRedis, testRedisUrl } from '../support/test-redis.ts';

const HOUR = instantOfSeconds(3_600);
const DEADLINE = parseInstant('2026-03-01T12:30:00Z') ?? 0;

type Work = (job: Job, token: string | undefined) => Promise<void>;

async function openStore(redisUrl: string | undefined) {
  const { database, url } = await createTestDatabase();
  const store = await openQueueStore(redisUrl, url, database, testLog, systemClock);
  const openQueues = (): JobQueues => {
    const queues = { live: store.openQueue('live'), history: store.openQueue('history') };
    onTestFinished(async () => {
      await Promise.all([queues.live.close(), queues.history.close()]);
    });
    return queues;
  };
  onTestFinished(() => store.close());
  const queues = openQueues();
  const work = (role: QueueRole, concurrency: number, processor: Work) => {
    const settings = { backoffStrategy: () => 0 };
    const worker = store.openWorker(role, (job, token) => processor(job, token), { concurrency, settings });
    onTestFinished(() => worker.close());
    void worker.run();
  };
  return { database, queues, openQueues, work };
}

const keyOf = (organizationId: string): StreamKey => ({
  organizationId,
  stream: 'webhook_logs',
  series: 'all',
});
const nameOf = (job: Job): string => (job.data as { organizationId: string }).organizationId;

function addBackfill({ history }: JobQueues, organizationId: string, deadline: number | undefined) {
  const key = keyOf(organizationId);
  return history.add('backfill', key, backfillOptions(key, backfillPriority(deadline)));
}

/** Resolves with the first `count` names that were noted. */
function noted(count: number) {
  const names: string[] = [];
  let enough = (): void => undefined;
  const all = new Promise<readonly string[]>((resolve) => {
    enough = () => resolve([...names]);
  });
  const note = (name: string) => {
    names.push(name);
    if (names.length === count) enough();
  };
  return { note, all };
}

function ordersJobs(redisUrl: () => Promise<string | undefined>) {
  test('backfills go by deadline over all organizations, then audits', async () => {
    const { queues, work } = await openStore(await redisUrl());
    await queues.history.add('audit', { organizationId: 'audit' }, auditOptions);
    await addBackfill(queues, 'unknown', undefined);
    await addBackfill(queues, 'in 20 days', DEADLINE + 480 * HOUR);
    await addBackfill(queues, 'in an hour', DEADLINE + HOUR);
    await addBackfill(queues, 'in 2 days', DEADLINE + 48 * HOUR);
    await addBackfill(queues, 'first of its hour', DEADLINE + 72 * HOUR);
    await addBackfill(queues, 'second of its hour', DEADLINE + 72 * HOUR + 60);
    const { note, all } = noted(7);
    work('history', 1, async (job) => note(nameOf(job)));
    expect(await all).toEqual([
      'in an hour',
      'in 2 days',
      'first of its hour',
      'second of its hour',
      'in 20 days',
      'unknown',
      'audit',
    ]);
  });

  test('a stream that comes back after a slice goes behind those that have read less', async () => {
    const { queues, work } = await openStore(await redisUrl());
    await addBackfill(queues, 'large', DEADLINE);
    await addBackfill(queues, 'stuck', DEADLINE + 60);
    for (const name of ['small 1', 'small 2']) await addBackfill(queues, name, DEADLINE + 120);
    const { note, all } = noted(7);
    let slices = 0;
    work('history', 1, async (job, token) => {
      const name = nameOf(job);
      note(name);
      // The large one gets some days further with each slice, the other one nowhere.
      if (name.startsWith('small') || slices >= 3) return;
      slices += 1;
      const deadline = name === 'large' ? DEADLINE + slices * 48 * HOUR : DEADLINE;
      await job.changePriority({ priority: priorityAfterSlice(job.priority, deadline) });
      await job.moveToDelayed(Date.now(), token);
      throw new DelayedError();
    });
    const order = await all;
    expect(order.slice(0, 4)).toEqual(['large', 'stuck', 'small 1', 'small 2']);
    expect(order.slice(4)).toEqual(['stuck', 'stuck', 'large']);
  });

  test('who was put off until a time that has come waits for a place, though no worker has looked', async () => {
    const { queues, work } = await openStore(await redisUrl());
    const { history } = queues;
    const taken = noted(1);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await addBackfill(queues, 'long', DEADLINE);
    work('history', 1, async (job) => {
      taken.note(nameOf(job));
      await released;
    });
    onTestFinished(release);
    await taken.all;
    const now = Date.now();
    expect(await jobsDue(history, now)).toBe(0);
    const key = keyOf('put off');
    await history.add('backfill', key, { ...backfillOptions(key, 1), delay: 3_600_000 });
    expect(await jobsDue(history, now)).toBe(0);
    expect(await jobsDue(history, now + 2 * 3_600_000)).toBe(1);
    await addBackfill(queues, 'small', DEADLINE);
    expect(await jobsDue(history, now)).toBe(1);
  });

  test('live goes on while backfills have taken every place of theirs', async () => {
    const { queues, work } = await openStore(await redisUrl());
    const places = 3;
    const taken = noted(places);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (let number = 0; number < 4 * places; number += 1) await addBackfill(queues, `${number}`, DEADLINE);
    work('history', places, async (job) => {
      taken.note(nameOf(job));
      await released;
    });
    await taken.all;
    const { note, all } = noted(2);
    work('live', 1, async (job) => note(nameOf(job)));
    for (const name of ['a', 'b']) {
      await queues.live.add('live', { organizationId: name, stream: 'webhook_logs' }, liveOptions);
    }
    expect(await all).toEqual(['a', 'b']);
    release();
  });

  test('many workers that start at once make each scheduler, and its next job, once', async () => {
    const { database, queues, openQueues } = await openStore(await redisUrl());
    const organizations = Array.from({ length: 20 }, (_, index) => String(index + 1));
    const wanted: readonly WantedSchedule[] = organizations.flatMap((organizationId) =>
      STREAM_NAMES.map((stream) => ({ job: { organizationId, stream }, everyMs: 3_600_000 })),
    );
    const workers = [queues, openQueues(), openQueues(), openQueues()];
    await Promise.all(
      workers.map((worker) => withScheduleLock(database, () => applySchedule(worker, wanted, 6 * 3_600_000))),
    );
    const counts = async (role: QueueRole) => {
      const ids = (await queues[role].getJobSchedulers(0, -1)).map(({ key }) => key);
      const jobs = await queues[role].getJobCounts('delayed', 'waiting', 'prioritized');
      const waiting = Object.values(jobs).reduce((sum, count) => sum + count, 0);
      return { ids: ids.length, different: new Set(ids).size, waiting };
    };
    expect(await counts('live')).toEqual({ ids: 41, different: 41, waiting: 41 });
    expect(await counts('history')).toEqual({ ids: 20, different: 20, waiting: 20 });
  });
}

describe('the queue in Postgres', () => ordersJobs(async () => undefined));

describeWithRedis('the queue in Redis', () => {
  ordersJobs(async () => {
    await flushTestRedis();
    return await testRedisUrl();
  });
});

import { createHash } from 'node:crypto';
import { type LiveJob, liveOptions, liveSchedulerId, RECONCILE_EVERY_MS } from './jobs.ts';
import type { JobQueue } from './queue-store.ts';

export interface WantedSchedule {
  readonly job: LiveJob;
  readonly everyMs: number;
}

export interface ScheduleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Makes the queue's schedulers match `wanted`: one for each organization and stream, and the one that repeats
 * this very comparison. Safe to run from any number of workers at once.
 */
export async function applySchedule(
  queue: JobQueue,
  wanted: readonly WantedSchedule[],
): Promise<ScheduleChange> {
  const present = new Map(
    (await queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler.every]),
  );
  const wantedIds = new Set(wanted.map(({ job }) => liveSchedulerId(job)));
  const removed = [...present.keys()].filter((id) => id.startsWith('live_') && !wantedIds.has(id));
  for (const id of removed) await queue.removeJobScheduler(id);
  const added: string[] = [];
  for (const { job, everyMs } of wanted) {
    const id = liveSchedulerId(job);
    if (Number(present.get(id)) === everyMs) continue;
    await queue.upsertJobScheduler(
      id,
      { every: everyMs, offset: spread(id, everyMs) },
      { name: 'live', data: job, opts: liveOptions },
    );
    added.push(id);
  }
  if (Number(present.get('reconcile')) !== RECONCILE_EVERY_MS) {
    await queue.upsertJobScheduler(
      'reconcile',
      { every: RECONCILE_EVERY_MS },
      { name: 'reconcile', data: {}, opts: liveOptions },
    );
  }
  return { added, removed };
}

/** Spreads hundreds of schedulers over their period, the same way on every start. */
function spread(id: string, everyMs: number): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % everyMs;
}

/**
 * Reads every stream once now, whenever its next turn is: whoever starts a worker wants to see it work, and may
 * have stopped it for long.
 */
export async function readNow(queue: JobQueue, wanted: readonly WantedSchedule[]): Promise<void> {
  for (const { job } of wanted) {
    const jobId = `now_${job.organizationId}_${job.stream}`;
    await queue.add('live', job, { ...liveOptions, jobId, removeOnFail: true });
  }
}

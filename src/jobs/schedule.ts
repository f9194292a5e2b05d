import type { JobsOptions } from 'bullmq';
import {
  auditOptions,
  auditSchedulerId,
  type JobName,
  type LiveJob,
  liveOptions,
  liveSchedulerId,
  RECONCILE_EVERY_MS,
} from './jobs.ts';
import type { JobQueue } from './queue-store.ts';
import { spread } from './spread.ts';

export interface WantedSchedule {
  readonly job: LiveJob;
  readonly everyMs: number;
}

export interface ScheduleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

interface Scheduler {
  readonly id: string;
  readonly everyMs: number;
  readonly offset?: number;
  readonly name: JobName;
  readonly data: object;
  readonly options: Omit<JobsOptions, 'jobId' | 'delay' | 'deduplication'>;
}

/**
 * Makes the queue's schedulers match `wanted`: one for each organization and stream, one for the audits of each
 * of these organizations, and the one that repeats this very comparison. Safe to run from any number of workers
 * at once.
 *
 * @param auditEveryMs `undefined`: no audits
 */
export async function applySchedule(
  queue: JobQueue,
  wanted: readonly WantedSchedule[],
  auditEveryMs?: number,
): Promise<ScheduleChange> {
  const present = new Map(
    (await queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler.every]),
  );
  const schedulers = [...wanted.map(liveScheduler), ...auditSchedulers(wanted, auditEveryMs)];
  const wantedIds = new Set(schedulers.map(({ id }) => id));
  const removed = [...present.keys()].filter((id) => /^(?:live|audit)_/.test(id) && !wantedIds.has(id));
  for (const id of removed) await queue.removeJobScheduler(id);
  const added: string[] = [];
  for (const scheduler of schedulers) {
    if (Number(present.get(scheduler.id)) === scheduler.everyMs) continue;
    await upsert(queue, scheduler);
    added.push(scheduler.id);
  }
  if (Number(present.get('reconcile')) !== RECONCILE_EVERY_MS) {
    await upsert(queue, {
      id: 'reconcile',
      everyMs: RECONCILE_EVERY_MS,
      name: 'reconcile',
      data: {},
      options: liveOptions,
    });
  }
  return { added, removed };
}

function liveScheduler({ job, everyMs }: WantedSchedule): Scheduler {
  const id = liveSchedulerId(job);
  return { id, everyMs, offset: spread(id, everyMs), name: 'live', data: job, options: liveOptions };
}

function auditSchedulers(wanted: readonly WantedSchedule[], everyMs: number | undefined): Scheduler[] {
  if (everyMs === undefined) return [];
  return [...new Set(wanted.map(({ job }) => job.organizationId))].map((organizationId) => {
    const id = auditSchedulerId({ organizationId });
    const offset = spread(id, everyMs);
    return { id, everyMs, offset, name: 'audit', data: { organizationId }, options: auditOptions };
  });
}

async function upsert(
  queue: JobQueue,
  { id, everyMs, offset, name, data, options }: Scheduler,
): Promise<void> {
  const every = offset === undefined ? { every: everyMs } : { every: everyMs, offset };
  await queue.upsertJobScheduler(id, every, { name, data, opts: options });
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

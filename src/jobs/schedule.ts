import type { JobsOptions } from 'bullmq';
import type { ReadStream } from '../db/stream-standing.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import {
  auditOptions,
  auditSchedulerId,
  type JobName,
  type LiveJob,
  liveOptions,
  liveSchedulerId,
  RECONCILE_EVERY_MS,
} from './jobs.ts';
import type { JobQueue, QueueRole } from './queue-store.ts';
import { spread } from './spread.ts';

export interface WantedSchedule {
  readonly job: LiveJob;
  readonly everyMs: number;
}

export interface ScheduleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Jobs of one round trip. */
const BULK = 200;
const RECONCILE = 'reconcile';
const OURS = /^(?:live|audit)_/;

interface Scheduler {
  readonly id: string;
  readonly everyMs: number;
  readonly offset?: number;
  readonly name: JobName;
  readonly data: object;
  readonly options: Omit<JobsOptions, 'jobId' | 'delay' | 'deduplication'>;
}

export type JobQueues = Readonly<Record<QueueRole, JobQueue>>;

/**
 * Makes the queues' schedulers match `wanted`: one for each organization and stream, one for the audits of each
 * of these organizations, and the one that repeats this very comparison. Safe to run from any number of workers
 * at once; where two make the same scheduler at the same moment, its next job may come twice
 * (see `db/schedule-lock.ts`).
 *
 * @param auditEveryMs `undefined`: no audits
 */
export async function applySchedule(
  { live, history }: JobQueues,
  wanted: readonly WantedSchedule[],
  auditEveryMs?: number,
): Promise<ScheduleChange> {
  const reconcile: Scheduler = {
    id: RECONCILE,
    everyMs: RECONCILE_EVERY_MS,
    name: 'reconcile',
    data: {},
    options: liveOptions,
  };
  const changes = [
    await applyTo(live, [...wanted.map(liveScheduler), reconcile]),
    await applyTo(history, auditSchedulers(wanted, auditEveryMs)),
  ];
  return {
    added: changes.flatMap(({ added }) => added),
    removed: changes.flatMap(({ removed }) => removed),
  };
}

/**
 * Whether the queues have about as many schedulers as they should: a look that costs next to nothing, at what
 * {@link applySchedule} compares one by one.
 */
export async function isScheduleWhole(
  { live, history }: JobQueues,
  wanted: readonly WantedSchedule[],
  auditEveryMs?: number,
): Promise<boolean> {
  const audits = auditSchedulers(wanted, auditEveryMs).length;
  return (
    (await live.getJobSchedulersCount()) > wanted.length && (await history.getJobSchedulersCount()) >= audits
  );
}

async function applyTo(queue: JobQueue, schedulers: readonly Scheduler[]): Promise<ScheduleChange> {
  const present = new Map(
    (await queue.getJobSchedulers(0, -1)).map((scheduler) => [scheduler.key, scheduler.every]),
  );
  const wantedIds = new Set(schedulers.map(({ id }) => id));
  const removed = [...present.keys()].filter((id) => OURS.test(id) && !wantedIds.has(id));
  for (const id of removed) await queue.removeJobScheduler(id);
  const added: string[] = [];
  for (const scheduler of schedulers) {
    if (Number(present.get(scheduler.id)) === scheduler.everyMs) continue;
    await upsert(queue, scheduler);
    if (scheduler.id !== RECONCILE) added.push(scheduler.id);
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
 * Reads streams once now, whenever their next turn is: whoever starts a worker wants to see it work, and may have
 * stopped it for long.
 */
export async function readNow(live: JobQueue, wanted: readonly WantedSchedule[]): Promise<void> {
  const jobs = wanted.map(({ job }) => ({
    name: 'live',
    data: { ...job, atOnce: true } satisfies LiveJob,
    opts: { ...liveOptions, jobId: `now_${job.organizationId}_${job.stream}`, removeOnFail: true },
  }));
  for (let at = 0; at < jobs.length; at += BULK) await live.addBulk(jobs.slice(at, at + BULK));
}

/**
 * What of `wanted` was not read within its period: where other workers are at work, there is nothing else for a new
 * one to catch up on.
 *
 * @param now by Meraki's clock
 */
export function notReadLately(
  wanted: readonly WantedSchedule[],
  reads: readonly ReadStream[],
  now: Instant,
): readonly WantedSchedule[] {
  const readAt = new Map(reads.map((read) => [liveSchedulerId(read.key), read.readAt]));
  return wanted.filter(({ job, everyMs }) => {
    const at = readAt.get(liveSchedulerId(job));
    return at === undefined || at < now - instantOfMilliseconds(everyMs);
  });
}

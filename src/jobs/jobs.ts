import type { JobsOptions } from 'bullmq';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { LAST_PRIORITY } from './backfill-priority.ts';

/**
 * - `reconcile`: compare schedules with the organizations the key sees;
 * - `live`: read the newest edge of a stream, all its series;
 * - `backfill`: read what is missing of one series, in slices;
 * - `audit`: read some final time of an organization again and compare it with what is stored.
 */
export type JobName = 'reconcile' | 'live' | 'backfill' | 'audit';

export interface LiveJob {
  readonly organizationId: string;
  readonly stream: StreamName;
  /** Read it though it has failed and would be left alone for a while: somebody has just started a worker. */
  readonly atOnce?: boolean;
}

export type BackfillJob = StreamKey;

export interface AuditJob {
  readonly organizationId: string;
}

const SECOND = 1_000;

export const RECONCILE_EVERY_MS = 600 * SECOND;
/** A backfill hands its worker on after so long, so that no organization waits for another's history. */
export const BACKFILL_SLICE_MS = 10 * SECOND;

export const liveOptions: Omit<JobsOptions, 'jobId' | 'delay' | 'deduplication'> = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 20 * SECOND, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: { age: 7 * 86_400, count: 1_000 },
};

/**
 * The job's id is the stream's name: it cannot be queued twice, and is free again once it has ended.
 *
 * @param priority see `backfill-priority.ts`
 */
export function backfillOptions(key: StreamKey, priority: number): JobsOptions {
  return {
    jobId: `backfill_${key.organizationId}_${key.stream}_${key.series}`,
    priority,
    attempts: 1_000,
    backoff: { type: 'slowing' },
    removeOnComplete: true,
    removeOnFail: true,
  };
}

export function liveSchedulerId({ organizationId, stream }: LiveJob): string {
  return `live_${organizationId}_${stream}`;
}

/** Behind all backfills. One that fails is not tried again: the next one looks elsewhere anyway. */
export const auditOptions: Omit<JobsOptions, 'jobId' | 'delay' | 'deduplication'> = {
  priority: LAST_PRIORITY,
  attempts: 1,
  removeOnComplete: true,
  removeOnFail: { age: 7 * 86_400, count: 1_000 },
};

export function auditSchedulerId({ organizationId }: AuditJob): string {
  return `audit_${organizationId}`;
}

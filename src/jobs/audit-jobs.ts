import type { Job } from 'bullmq';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import { HistorianError } from '../errors.ts';
import type { Log } from '../log.ts';
import { describeStream, type Lane, STREAM_NAMES } from '../stream-key.ts';
import { auditStream, differed } from '../sync/audit-stream.ts';
import type { Stream } from '../sync/stream.ts';
import { endJobWith } from './job-verbs.ts';
import type { AuditJob, LiveJob } from './jobs.ts';

export interface AuditJobsOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly log: Log;
  readonly streamsOf: (job: LiveJob, lane?: Lane) => readonly Stream[];
  /** Requests that one audit may send for each stream. */
  readonly requests: number;
  /** A number from 0 up to but not including 1. */
  readonly random: () => number;
}

/** Does the work of `audit` jobs. */
export class AuditJobs {
  readonly #options: AuditJobsOptions;

  constructor(options: AuditJobsOptions) {
    this.#options = options;
  }

  async audit(job: Job, signal: AbortSignal): Promise<void> {
    const { organizationId } = job.data as AuditJob;
    let failure: unknown;
    for (const name of STREAM_NAMES) {
      for (const stream of this.#options.streamsOf({ organizationId, stream: name }, 'backfill')) {
        if (signal.aborted) return;
        try {
          await this.#auditOne(stream, signal);
        } catch (error) {
          if (signal.aborted) return;
          // What ails one stream says nothing of the others, and one that was not audited has its turn at the next job.
          if (!(error instanceof HistorianError) || error.retry === 'never') failure ??= error;
        }
      }
    }
    if (failure !== undefined) endJobWith(failure);
  }

  async #auditOne(stream: Stream, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    try {
      const records = await auditStream({ ...this.#options, stream, signal, yieldToBackfill: true });
      const rows = records.reduce((sum, record) => sum + record.rowsCompared, 0);
      const differing = records.filter(differed).length;
      log.info({ ...stream.key, windows: records.length, rows, differing }, 'audited');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (!signal.aborted)
        log.warn({ ...stream.key }, `${describeStream(stream.key)}: not audited: ${message}`);
      throw error;
    }
  }
}

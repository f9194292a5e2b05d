import { randomUUID } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { noteAnswer } from '../db/organizations.ts';
import type { Partitions } from '../db/partitions.ts';
import { recordFailure, recordSuccess } from '../db/streams.ts';
import { HistorianError, OrganizationRefusedError } from '../errors.ts';
import { type Instant, MICROSECONDS_PER_MILLISECOND } from '../instant.ts';
import type { Log } from '../log.ts';
import { describeStream, type Lane, type StreamKey } from '../stream-key.ts';
import { rollUp } from '../sync/roll-up.ts';
import { type LaneResult, runLane } from '../sync/run-lane.ts';
import type { Stream } from '../sync/stream.ts';
import { endJobWith } from './job-verbs.ts';
import { BACKFILL_SLICE_MS, type BackfillJob, backfillOptions, type LiveJob } from './jobs.ts';
import type { JobQueue } from './queue-store.ts';

export interface SyncJobsOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly log: Log;
  /** The series of a stream of an organization. */
  readonly streamsOf: (job: LiveJob) => readonly Stream[];
  readonly streamOf: (key: StreamKey) => Stream | undefined;
}

/** Does the work of `live` and `backfill` jobs. */
export class SyncJobs {
  readonly #options: SyncJobsOptions;

  constructor(options: SyncJobsOptions) {
    this.#options = options;
  }

  async live(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const wanted = job.data as LiveJob;
    let failure: unknown;
    for (const stream of this.#options.streamsOf(wanted)) {
      try {
        const result = await this.#run(stream, 'live', signal);
        if (result.outcome === 'busy') await this.#comeBack(job, token, result.heldUntil);
        if (result.remaining.length > 0) await this.#queueBackfill(stream, signal);
      } catch (error) {
        if (error instanceof DelayedError) throw error;
        failure ??= error;
        // History must not wait for the newest edge: it is what Meraki forgets first.
        const hopeless = error instanceof HistorianError && error.retry === 'never';
        if (!hopeless) await this.#queueBackfill(stream, signal).catch(() => undefined);
      }
    }
    if (failure !== undefined) endJobWith(failure);
  }

  async backfill(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const stream = this.#options.streamOf(job.data as BackfillJob);
    if (stream === undefined) return;
    const started = this.#options.clock.now();
    const pauseNow = () => this.#options.clock.now() - started >= BACKFILL_SLICE_MS;
    let result: LaneResult;
    try {
      result = await this.#run(stream, 'backfill', signal, pauseNow);
    } catch (error) {
      endJobWith(error);
      return;
    }
    if (result.outcome === 'busy') await this.#comeBack(job, token, result.heldUntil);
    if (result.outcome === 'paused') await this.#comeBack(job, token, undefined);
  }

  async #run(
    stream: Stream,
    lane: Lane,
    signal: AbortSignal,
    pauseNow: () => boolean = () => false,
  ): Promise<LaneResult> {
    const { database, partitions, clock, log } = this.#options;
    const facts = { ...stream.key, lane };
    try {
      const runId = randomUUID();
      const result = await runLane({
        database,
        partitions,
        stream,
        lane,
        runId,
        log,
        clock,
        signal,
        pauseNow,
      });
      if (result.outcome === 'complete' || result.counts.pages > 0) {
        await recordSuccess(database, stream.key, stream.clockSkewMs(), stream.now());
        await noteAnswer(database, stream.key.organizationId, 'active', stream.now());
      }
      await this.#rollUp(stream, signal);
      const { rowsNew, rowsQuarantined } = result.counts;
      log[rowsNew > 0 ? 'info' : 'debug'](
        { ...facts, ...result.counts, outcome: result.outcome },
        `${lane}: ${rowsNew} new rows`,
      );
      if (rowsQuarantined > 0) {
        log.warn({ ...facts, rowsQuarantined }, `rows of ${describeStream(stream.key)} went to quarantine`);
      }
      return result;
    } catch (error) {
      await this.#failed(stream, lane, error);
      throw error;
    }
  }

  /** Views are right without it, only slower; whatever is left is done by the worker's next look at all streams. */
  async #rollUp(stream: Stream, signal: AbortSignal): Promise<void> {
    const { database, partitions, log } = this.#options;
    try {
      await rollUp({ database, partitions, signal }, stream.key, stream.now());
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      log.warn({ ...stream.key }, `${describeStream(stream.key)}: not rolled up: ${message}`);
    }
  }

  async #failed(stream: Stream, lane: Lane, error: unknown): Promise<void> {
    const { database, log } = this.#options;
    const code = error instanceof HistorianError ? error.code : 'UNEXPECTED';
    const message = error instanceof Error ? error.message : String(error);
    const failure = { code, message };
    const isNew = await recordFailure(database, stream.key, failure, stream.now()).catch(() => true);
    log[isNew ? 'warn' : 'debug']({ ...stream.key, lane, code }, `${describeStream(stream.key)}: ${message}`);
    if (error instanceof OrganizationRefusedError) {
      await noteAnswer(database, stream.key.organizationId, 'refused', stream.now()).catch(() => undefined);
    }
  }

  async #queueBackfill(stream: Stream, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await this.#options.queue.add('backfill', stream.key, backfillOptions(stream.key));
  }

  /** Puts the job back into the queue without counting it as a failure. */
  async #comeBack(job: Job, token: string | undefined, until: Instant | undefined): Promise<never> {
    const at = until === undefined ? this.#options.clock.now() : until / MICROSECONDS_PER_MILLISECOND;
    await job.moveToDelayed(Math.ceil(at) + 1, token);
    throw new DelayedError();
  }
}

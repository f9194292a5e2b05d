import { randomUUID } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import type { Clock } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { noteAnswer } from '../db/organizations.ts';
import type { Partitions } from '../db/partitions.ts';
import { readStanding, recordFailure, recordSuccess } from '../db/stream-standing.ts';
import { HistorianError, OrganizationRefusedError } from '../errors.ts';
import { type Instant, MICROSECONDS_PER_MILLISECOND } from '../instant.ts';
import type { Log } from '../log.ts';
import { describeStream, type Lane, type StreamKey } from '../stream-key.ts';
import { backfillDeadline } from '../sync/backfill-deadline.ts';
import { rollUp } from '../sync/roll-up.ts';
import { type LaneResult, runLane } from '../sync/run-lane.ts';
import type { Stream } from '../sync/stream.ts';
import { withAnySignal } from '../with-any-signal.ts';
import { backfillPriority, priorityAfterSlice, restAfterSlice } from './backfill-priority.ts';
import { BackfillTurn } from './backfill-turn.ts';
import { failingPause, isLeftAlone } from './failing-pause.ts';
import { endJobWith } from './job-verbs.ts';
import { type BackfillJob, backfillOptions, type LiveJob } from './jobs.ts';
import { jobsDue } from './jobs-due.ts';
import { OnceAtATime } from './once-at-a-time.ts';
import type { JobQueues } from './schedule.ts';

export interface SyncJobsOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly queues: JobQueues;
  readonly clock: Clock;
  readonly log: Log;
  /** The series of a stream of an organization. */
  readonly streamsOf: (job: LiveJob) => readonly Stream[];
  readonly streamOf: (key: StreamKey) => Stream | undefined;
}

interface RunTerms {
  readonly pauseNow?: () => boolean;
  /** Whether the organization may be known as one that refuses, so that an answer is to be noted. */
  readonly wasRefused?: boolean;
  /** What is rolled up while the lane is read. */
  readonly rollUps?: OnceAtATime;
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
      const { retryAt, isRefused } = await readStanding(this.#options.database.query, stream.key);
      if (wanted.atOnce !== true && isLeftAlone(retryAt, stream.now())) continue;
      try {
        const result = await this.#run(stream, 'live', signal, { wasRefused: isRefused });
        if (result.outcome === 'busy') await this.#comeBack(job, token, result.heldUntil);
        if (result.outcome === 'paused') await this.#comeBack(job, token, undefined);
        if (result.remaining.length > 0) await this.#queueBackfill(stream, result.deadline);
      } catch (error) {
        if (error instanceof DelayedError) throw error;
        failure ??= error;
        // History must not wait for the newest edge: it is what Meraki forgets first.
        const hopeless = error instanceof HistorianError && error.retry === 'never';
        if (!hopeless && !signal.aborted) await this.#queueUnread(stream).catch(() => undefined);
      }
    }
    if (failure !== undefined) endJobWith(failure);
  }

  async backfill(job: Job, token: string | undefined, signal: AbortSignal): Promise<void> {
    const stream = this.#options.streamOf(job.data as BackfillJob);
    if (stream === undefined) return;
    const rollUps = this.#rollUpsBeside(stream, signal);
    const turn = new BackfillTurn({
      clock: this.#options.clock,
      othersWait: () => this.#othersWait(),
      onSlice: () => rollUps.begin(),
    });
    let result: LaneResult;
    try {
      result = await this.#run(stream, 'backfill', signal, { pauseNow: () => turn.isOver(), rollUps });
    } catch (error) {
      endJobWith(error);
      return;
    }
    if (result.outcome === 'busy') await this.#comeBack(job, token, result.heldUntil);
    if (result.outcome !== 'paused') return;
    if (signal.aborted) await this.#comeBack(job, token, undefined);
    await job.changePriority({ priority: priorityAfterSlice(job.priority, result.deadline) });
    const { waiting = 0 } = await this.#options.queues.live.getJobCounts('waiting');
    const rest = restAfterSlice(waiting, result.deadline, stream.now());
    await job.moveToDelayed(this.#options.clock.now() + rest, token);
    throw new DelayedError();
  }

  /** Whether a place has to be handed on: to whoever waits for one, or for the sake of newest edges that wait. */
  async #othersWait(): Promise<boolean> {
    const { queues, clock } = this.#options;
    const [history, { waiting: live = 0 }] = await Promise.all([
      jobsDue(queues.history, clock.now()),
      queues.live.getJobCounts('waiting'),
    ]);
    return history + live > 0;
  }

  async #run(
    stream: Stream,
    lane: Lane,
    signal: AbortSignal,
    { pauseNow = () => false, wasRefused = true, rollUps }: RunTerms,
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
      }).finally(() => rollUps?.end());
      if (result.outcome === 'complete' || result.counts.pages > 0) {
        await recordSuccess(database, stream.key, stream.clockSkewMs(), stream.now());
        if (wasRefused) await noteAnswer(database, stream.key.organizationId, 'active', stream.now());
      }
      const { rowsNew, rowsQuarantined } = result.counts;
      // Buckets come to count and so change rollups without being new; deliveries do not.
      if (rowsNew > 0 || stream.key.stream !== 'webhook_logs') await this.#rollUp(stream, signal);
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
  async #rollUp(stream: Stream, signal: AbortSignal, rest?: (ms: number) => Promise<void>): Promise<void> {
    const { database, partitions, log } = this.#options;
    try {
      await rollUp({ database, partitions, signal }, stream.key, stream.now(), rest);
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      log.warn({ ...stream.key }, `${describeStream(stream.key)}: not rolled up: ${message}`);
    }
  }

  #rollUpsBeside(stream: Stream, signal: AbortSignal): OnceAtATime {
    return new OnceAtATime((ending) =>
      withAnySignal([signal, ending], (either) =>
        this.#rollUp(stream, either, (ms) => this.#options.clock.sleep(ms, either)),
      ),
    );
  }

  async #failed(stream: Stream, lane: Lane, error: unknown): Promise<void> {
    const { database, log } = this.#options;
    const code = error instanceof HistorianError ? error.code : 'UNEXPECTED';
    const message = error instanceof Error ? error.message : String(error);
    const failure = { code, message };
    const passes = lane === 'live' && (!(error instanceof HistorianError) || error.retry === 'later');
    const pause = passes ? failingPause : undefined;
    const isNew = await recordFailure(database, stream.key, failure, stream.now(), pause).catch(() => true);
    log[isNew ? 'warn' : 'debug']({ ...stream.key, lane, code }, `${describeStream(stream.key)}: ${message}`);
    if (error instanceof OrganizationRefusedError) {
      await noteAnswer(database, stream.key.organizationId, 'refused', stream.now()).catch(() => undefined);
    }
  }

  /** Queues the backfill of a stream whose live lane failed, so that its deadline has to be looked up. */
  async #queueUnread(stream: Stream): Promise<void> {
    await this.#queueBackfill(stream, await backfillDeadline(this.#options.database, stream));
  }

  async #queueBackfill({ key }: Stream, deadline: Instant | undefined): Promise<void> {
    await this.#options.queues.history.add('backfill', key, backfillOptions(key, backfillPriority(deadline)));
  }

  /** Puts the job back into the queue without counting it as a failure: at once, or when the lane may be free. */
  async #comeBack(job: Job, token: string | undefined, heldUntil: Instant | undefined): Promise<never> {
    const at =
      heldUntil === undefined
        ? this.#options.clock.now()
        : Math.ceil(heldUntil / MICROSECONDS_PER_MILLISECOND) + 1;
    await job.moveToDelayed(at, token);
    throw new DelayedError();
  }
}

import type { Job } from 'bullmq';
import { systemClock } from '../clock.ts';
import { deleteOldAudits } from '../db/audits.ts';
import { extendCalendars } from '../db/calendar.ts';
import { deleteOldLateness } from '../db/lateness.ts';
import { dropExpired } from '../db/retention.ts';
import { retireStreams } from '../db/retired-streams.ts';
import { deleteOldRuns } from '../db/sync-runs.ts';
import { instantOfSeconds } from '../instant.ts';
import { STREAM_NAMES, type StreamName } from '../stream-key.ts';
import { rollUpAll } from '../sync/roll-up.ts';
import { AuditJobs } from './audit-jobs.ts';
import { GapWatch } from './gap-watch.ts';
import { endJobWith } from './job-verbs.ts';
import { LatenessWatch } from './lateness-watch.ts';
import { NetworkWatch, type NetworkWatchOptions } from './network-watch.ts';
import type { JobQueue, JobWorker, QueueStore } from './queue-store.ts';
import { type ReconcileOptions, reconcileOrganizations } from './reconcile.ts';
import { applySchedule, readNow, type WantedSchedule } from './schedule.ts';
import { SyncJobs, type SyncJobsOptions } from './sync-jobs.ts';

export interface SyncWorkerOptions
  extends ReconcileOptions,
    NetworkWatchOptions,
    Omit<SyncJobsOptions, 'queue'> {
  readonly store: QueueStore;
  readonly everyMs: Readonly<Record<StreamName, number>>;
  /** `undefined`: no audits. */
  readonly auditEveryMs: number | undefined;
  /** Requests that one audit may send for each stream. */
  readonly auditRequests: number;
  /** A number from 0 up to but not including 1. */
  readonly random?: () => number;
  /** How long rows are kept at least, in seconds; `undefined` for ever. */
  readonly retentionSeconds: number | undefined;
  /** How long before its deadline a pending gap is warned of. */
  readonly gapWarningSeconds: number;
  /** Jobs this process works on at the same time. */
  readonly concurrency: number;
}

const WATCH_EVERY_MS = 60_000;
/** Also of audits that found nothing and of lateness: views look back no further. */
const RUNS_KEPT = instantOfSeconds(90 * 86_400);

/** One process's share of the work: it keeps the schedule and works on jobs of every organization. */
export class SyncWorker {
  readonly #options: SyncWorkerOptions;
  readonly #queue: JobQueue;
  readonly #jobs: SyncJobs;
  readonly #gapWatch: GapWatch;
  readonly #audits: AuditJobs;
  readonly #lateness: LatenessWatch;
  readonly #networks: NetworkWatch;
  readonly #stopping = new AbortController();
  #worker: JobWorker | undefined;
  #scheduled: readonly WantedSchedule[] = [];
  #keepUp: Promise<void> | undefined;

  constructor(options: SyncWorkerOptions) {
    this.#options = options;
    this.#queue = options.store.openQueue();
    this.#jobs = new SyncJobs({ ...options, queue: this.#queue });
    this.#gapWatch = new GapWatch({ ...options, warningSeconds: options.gapWarningSeconds });
    this.#audits = new AuditJobs({
      ...options,
      requests: options.auditRequests,
      random: options.random ?? Math.random,
    });
    this.#lateness = new LatenessWatch(options);
    this.#networks = new NetworkWatch(options);
  }

  /**
   * Brings organizations and schedules up to date.
   *
   * @returns the organizations that are synced
   */
  async reconcile(signal: AbortSignal = this.#stopping.signal): Promise<readonly string[]> {
    const organizationIds = await reconcileOrganizations(this.#options, signal);
    await this.#retireStreams(organizationIds);
    // Before anything is read: later, a run would seem to have begun while the time was still to be had.
    await this.#gapWatch.look(this.#options.client.now());
    this.#scheduled = this.#wanted(organizationIds);
    await applySchedule(this.#queue, this.#scheduled, this.#options.auditEveryMs);
    await extendCalendars(this.#options.database, this.#options.client.now());
    await this.#forget();
    await this.#lateness.look(organizationIds);
    return organizationIds;
  }

  /** Begins to work, with one read of every stream that is scheduled. */
  async start(): Promise<void> {
    await readNow(this.#queue, this.#scheduled);
    this.#keepUp = this.#watch();
    const { store, concurrency, log } = this.#options;
    // BullMQ hands over its abort signal only to a processor that declares three parameters.
    const processor = (job: Job, token?: string, signal?: AbortSignal) => this.#work(job, token, signal);
    this.#worker = store.openWorker(processor, { concurrency });
    this.#worker.on('stalled', (jobId: string) =>
      log.warn({ jobId }, 'a job was left by its worker; it is taken up again'),
    );
    void this.#worker.run().catch((error: unknown) => {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'the worker stopped');
    });
  }

  /**
   * Stops taking jobs, ends those at hand after their current page, and waits for that.
   *
   * @returns whether everything ended before the deadline; what did not is repeated at the next start
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping.abort(new Error('the worker is stopping'));
    const closed = (async () => {
      await Promise.all([this.#worker?.close(), this.#keepUp]);
      return true;
    })();
    const deadline = new AbortController();
    // By the machine's own time, whatever time the work goes by: what ends here is a process.
    const late = systemClock.sleep(deadlineMs, deadline.signal).then(
      () => false,
      () => false,
    );
    const inTime = await Promise.race([closed, late]);
    deadline.abort();
    if (inTime) await this.#queue.close();
    return inTime;
  }

  /** A queue that was wiped has lost its schedulers, and with them the job that would notice. */
  async #watch(): Promise<void> {
    const { clock, log, auditEveryMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#networks.look(signal);
        await this.#gapWatch.lookInTime(this.#options.client.now());
        await rollUpAll({ ...this.#options, signal }, this.#options.client.now());
        const { added } = await applySchedule(this.#queue, this.#scheduled, auditEveryMs);
        if (added.length > 0)
          log.warn({ schedulers: added.length }, 'the queue had lost schedulers; made anew');
      } catch (error) {
        if (signal.aborted) return;
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'the checks of every minute did not end',
        );
      }
      await clock.sleep(WATCH_EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** A series that is no longer configured must not stay a gap that grows for ever. */
  async #retireStreams(organizationIds: readonly string[]): Promise<void> {
    const { database, client, log, streamsOf } = this.#options;
    for (const organizationId of organizationIds) {
      for (const stream of STREAM_NAMES) {
        const endpoint = { organizationId, stream };
        const configured = streamsOf(endpoint).map(({ key }) => key.series);
        const retired = await retireStreams(database.query, endpoint, configured, client.now());
        for (const series of retired) {
          log.warn({ ...endpoint, series }, 'a series is no longer configured, and not wanted from now on');
        }
      }
    }
  }

  async #forget(): Promise<void> {
    const { database, client } = this.#options;
    const before = client.now() - RUNS_KEPT;
    await deleteOldRuns(database.query, before);
    await deleteOldAudits(database.query, before);
    await deleteOldLateness(database.query, before);
    await this.#dropExpired();
  }

  async #dropExpired(): Promise<void> {
    const { database, client, log, retentionSeconds } = this.#options;
    if (retentionSeconds === undefined) return;
    const before = client.now() - instantOfSeconds(retentionSeconds);
    const dropped = await dropExpired(database, before, client.now());
    if (dropped.length > 0) log.info({ dropped }, 'months older than RETENTION were dropped');
  }

  #wanted(organizationIds: readonly string[]): readonly WantedSchedule[] {
    const { everyMs } = this.#options;
    return organizationIds.flatMap((organizationId) =>
      STREAM_NAMES.map((stream) => ({ job: { organizationId, stream }, everyMs: everyMs[stream] })),
    );
  }

  async #work(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal === undefined ? [] : [signal];
    const either = AbortSignal.any([this.#stopping.signal, ...signals]);
    if (job.name === 'live') return await this.#jobs.live(job, token, either);
    if (job.name === 'backfill') return await this.#jobs.backfill(job, token, either);
    if (job.name === 'audit') return await this.#audits.audit(job, either);
    try {
      await this.reconcile(either);
    } catch (error) {
      if (!either.aborted) endJobWith(error);
    }
  }
}

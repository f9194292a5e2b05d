import { randomUUID } from 'node:crypto';
import type { Job } from 'bullmq';
import { systemClock } from '../clock.ts';
import { extendCalendars } from '../db/calendar.ts';
import { renewCalendars } from '../db/changed-days.ts';
import { type ChoreName, claimChore } from '../db/chores.ts';
import { readOrganizations } from '../db/organizations.ts';
import { withScheduleLock } from '../db/schedule-lock.ts';
import { readStreamsReadSince } from '../db/stream-standing.ts';
import { forgetWorker, hasOtherWorkers, noteWorker } from '../db/workers.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import { isChosen } from '../organization-choice.ts';
import { STREAM_NAMES, type StreamName } from '../stream-key.ts';
import { withAnySignal } from '../with-any-signal.ts';
import { AuditJobs } from './audit-jobs.ts';
import { backfillBackoff } from './failing-pause.ts';
import { GapWatch } from './gap-watch.ts';
import { endJobWith } from './job-verbs.ts';
import { type LiveJob, RECONCILE_EVERY_MS } from './jobs.ts';
import { dropOldMonths, forgetOldFigures } from './keep-no-longer.ts';
import { LatenessWatch } from './lateness-watch.ts';
import { MinuteWatch } from './minute-watch.ts';
import { bringBack, takeOutStuck } from './moments-to-come.ts';
import { NetworkWatch, type NetworkWatchOptions } from './network-watch.ts';
import type { JobWorker, QueueRole, QueueStore } from './queue-store.ts';
import { type ReconcileOptions, reconcileOrganizations } from './reconcile.ts';
import { retireUnwanted } from './retire-unwanted.ts';
import {
  applySchedule,
  isScheduleWhole,
  type JobQueues,
  notReadLately,
  readNow,
  type ScheduleChange,
  type WantedSchedule,
} from './schedule.ts';
import { StoreWatch } from './store-watch.ts';
import { SyncJobs, type SyncJobsOptions } from './sync-jobs.ts';

export interface SyncWorkerOptions
  extends ReconcileOptions,
    NetworkWatchOptions,
    Omit<SyncJobsOptions, 'queues'> {
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
  /** Jobs of each queue that this process works on at the same time. */
  readonly concurrency: Readonly<Record<QueueRole, number>>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** One process's share of the work: it keeps the schedule and works on jobs of every organization. */
export class SyncWorker {
  readonly #options: SyncWorkerOptions;
  readonly #queues: JobQueues;
  readonly #jobs: SyncJobs;
  readonly #gapWatch: GapWatch;
  readonly #audits: AuditJobs;
  readonly #lateness: LatenessWatch;
  readonly #watch: MinuteWatch;
  readonly #id = randomUUID();
  readonly #stopping = new AbortController();
  #workers: readonly JobWorker[] = [];
  #scheduled: readonly WantedSchedule[] = [];
  #keepUp: Promise<void> | undefined;

  constructor(options: SyncWorkerOptions) {
    this.#options = options;
    const { store } = options;
    this.#queues = { live: store.openQueue('live'), history: store.openQueue('history') };
    this.#jobs = new SyncJobs({ ...options, queues: this.#queues });
    this.#gapWatch = new GapWatch({ ...options, warningSeconds: options.gapWarningSeconds });
    this.#audits = new AuditJobs({
      ...options,
      requests: options.auditRequests,
      random: options.random ?? Math.random,
    });
    this.#lateness = new LatenessWatch(options);
    this.#watch = new MinuteWatch({
      ...options,
      networks: new NetworkWatch(options),
      gaps: this.#gapWatch,
      store: new StoreWatch(options),
      keepUp: async () => {
        await noteWorker(options.database.query, this.#id, this.#localNow());
        await this.#keepSchedule();
      },
    });
  }

  /**
   * Brings organizations and schedules up to date.
   *
   * @returns the organizations that are synced
   */
  async reconcile(signal: AbortSignal = this.#stopping.signal): Promise<readonly string[]> {
    const organizationIds = await reconcileOrganizations(this.#options, signal);
    await retireUnwanted(this.#options, organizationIds);
    // Before anything is read: later, a run would seem to have begun while the time was still to be had.
    await this.#gapWatch.look(this.#options.client.now());
    await this.#claim('gaps', 0);
    this.#scheduled = this.#wanted(organizationIds);
    await this.#applySchedule();
    await extendCalendars(this.#options.database, this.#options.client.now());
    if (await this.#claim('forget', DAY_MS)) await this.#renew();
    await dropOldMonths(this.#options);
    if (await this.#claim('lateness', HOUR_MS)) await this.#lateness.look(organizationIds);
    return organizationIds;
  }

  /** Begins to work, with one read of every stream that is scheduled and that no other worker has read lately. */
  async start(): Promise<void> {
    await readNow(this.#queues.live, await this.#unread());
    this.#keepUp = this.#watch.run(this.#stopping.signal);
    this.#workers = [this.#openWorker('live'), this.#openWorker('history')];
  }

  async #unread(): Promise<readonly WantedSchedule[]> {
    const { database, client, everyMs } = this.#options;
    await noteWorker(database.query, this.#id, this.#localNow());
    if (!(await hasOtherWorkers(database.query, this.#id, this.#localNow()))) return this.#scheduled;
    const longest = instantOfMilliseconds(Math.max(...Object.values(everyMs)));
    const reads = await readStreamsReadSince(database.query, client.now() - longest);
    return notReadLately(this.#scheduled, reads, client.now());
  }

  async #renew(): Promise<void> {
    const { database, client, log } = this.#options;
    const timeZones = await renewCalendars(database, client.now());
    if (timeZones.length > 0)
      log.warn({ timeZones }, 'the days of time zones are others by now, and put right');
    await forgetOldFigures(this.#options);
  }

  #localNow(): Instant {
    return instantOfMilliseconds(this.#options.clock.now());
  }

  #openWorker(role: QueueRole): JobWorker {
    const { store, concurrency, log, random = Math.random } = this.#options;
    // BullMQ hands over its abort signal only to a processor that declares three parameters.
    const processor = (job: Job, token?: string, signal?: AbortSignal) => this.#work(job, token, signal);
    const settings = { backoffStrategy: (attempts: number) => backfillBackoff(attempts, random()) };
    const worker = store.openWorker(role, processor, { concurrency: concurrency[role], settings });
    worker.on('stalled', (jobId: string) =>
      log.warn({ jobId }, 'a job was left by its worker; it is taken up again'),
    );
    void worker.run().catch((error: unknown) => {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'the worker stopped');
    });
    return worker;
  }

  /**
   * Stops taking jobs, ends those at hand after their current page, and waits for that.
   *
   * @returns whether everything ended before the deadline; what did not is repeated at the next start
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopping.abort(new Error('the worker is stopping'));
    const closed = (async () => {
      await Promise.all([...this.#workers.map((worker) => worker.close()), this.#keepUp]);
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
    await forgetWorker(this.#options.database.query, this.#id, this.#localNow()).catch(() => undefined);
    if (inTime) await Promise.all(Object.values(this.#queues).map((queue) => queue.close()));
    return inTime;
  }

  /**
   * A queue that was wiped has lost its schedulers, and with them the job that would notice. Which ones there should be
   * is read anew: another worker may have found that organizations came or went.
   */
  async #keepSchedule(): Promise<void> {
    const { database, log, auditEveryMs, organizations } = this.#options;
    const synced = (await readOrganizations(database)).filter(
      ({ organizationId, state }) =>
        (state === 'active' || state === 'refused') && isChosen(organizations, organizationId),
    );
    this.#scheduled = this.#wanted(synced.map(({ organizationId }) => organizationId));
    const farOff = await this.#bringBack();
    if (farOff > 0) log.warn({ farOff }, 'the queue held what a wrong clock had put off; it is done now');
    if (await isScheduleWhole(this.#queues, this.#scheduled, auditEveryMs)) return;
    const { added } = await this.#applySchedule();
    if (added.length > 0) log.warn({ schedulers: added.length }, 'the queue had lost schedulers; made anew');
  }

  async #bringBack(): Promise<number> {
    const { clock, log, auditEveryMs = 0 } = this.#options;
    const longest = Math.max(RECONCILE_EVERY_MS, ...this.#scheduled.map(({ everyMs }) => everyMs));
    const live = await bringBack(this.#queues.live, clock.now(), longest);
    const history = await bringBack(this.#queues.history, clock.now(), auditEveryMs);
    let stuck = 0;
    for (const queue of Object.values(this.#queues)) stuck += await takeOutStuck(queue, clock.now());
    if (stuck > 0)
      log.warn({ schedulers: stuck }, 'schedulers waited for jobs that are not there; made anew');
    return live + history;
  }

  #applySchedule(): Promise<ScheduleChange> {
    const { database, auditEveryMs } = this.#options;
    return withScheduleLock(database, () => applySchedule(this.#queues, this.#scheduled, auditEveryMs));
  }

  async #claim(name: ChoreName, everyMs: number): Promise<boolean> {
    return await claimChore(this.#options.database.query, name, this.#localNow(), everyMs);
  }

  #wanted(organizationIds: readonly string[]): readonly WantedSchedule[] {
    const { everyMs } = this.#options;
    return organizationIds.flatMap((organizationId) =>
      STREAM_NAMES.map((stream) => ({ job: { organizationId, stream }, everyMs: everyMs[stream] })),
    );
  }

  async #work(job: Job, token: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal === undefined ? [] : [signal];
    await withAnySignal([this.#stopping.signal, ...signals], (either) => this.#workUntil(either, job, token));
  }

  async #workUntil(either: AbortSignal, job: Job, token: string | undefined): Promise<void> {
    // What was queued before an organization was left out would be read to its end, and make it wanted again.
    const { organizationId } = job.data as Partial<LiveJob>;
    if (organizationId !== undefined && !isChosen(this.#options.organizations, organizationId)) return;
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

import { type Clock, systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { formatDuration } from '../duration.ts';
import { SyncWorker } from '../jobs/sync-worker.ts';
import type { Log } from '../log.ts';
import { hash64 } from '../streams/hash.ts';
import { type Archive, openArchive } from './archive.ts';
import { withPatience } from './patience.ts';

/** A page at hand ends in seconds; after this long a stop goes ahead without it. */
const STOP_DEADLINE_MS = 15_000;
/** Closing a pool waits for every statement on it, and one may stand behind somebody's lock for hours. */
const CLOSE_DEADLINE_MS = 5_000;

/** Both mostly wait for answers. What they hold of connections is in `openArchive`. */
const CONCURRENCY = { live: 8, history: 8 };

export interface RunWorkerOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly migrations: 'apply' | 'expect';
  readonly source?: string;
  readonly onOpen?: (archive: Archive) => void;
  /** Called when the first organizations are scheduled; the run ends when it resolves. */
  readonly whileRunning?: (
    archive: Archive,
    organizationIds: readonly string[],
    signal: AbortSignal,
  ) => Promise<void>;
}

/**
 * Migrates, schedules and works until the signal is given. Waits patiently for a database, a queue or a dashboard
 * that cannot be reached; ends at once for what a person has to mend.
 */
export async function runWorker(options: RunWorkerOptions): Promise<void> {
  const { config, log, clock, signal } = options;
  const patience = { clock, log, signal };
  try {
    const archive = await withPatience('opening the archive', () => openArchive(options), patience);
    try {
      options.onOpen?.(archive);
      await work(archive, options, patience);
    } finally {
      if (!(await endsWithin(archive.close(), CLOSE_DEADLINE_MS))) {
        log.warn('connections on which nothing is heard were left open');
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  log.info({ dataDir: config.databaseUrl === undefined ? config.dataDir : undefined }, 'stopped');
}

async function work(
  archive: Archive,
  options: RunWorkerOptions,
  patience: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const { config, log, signal } = options;
  // A queue that failed while it was opened stays failed: each attempt has a worker and a queue of its own.
  const begin = () => beginWork(archive, options);
  const { worker, organizationIds } = await withPatience('beginning to work', begin, patience);
  try {
    log.info(
      {
        organizations: organizationIds.length,
        queue: archive.store.kind,
        webhookLogsEvery: formatDuration(config.webhookLogs.every),
        apiResponsesEvery: formatDuration(config.apiResponses.every),
      },
      'working',
    );
    const running = options.whileRunning?.(archive, organizationIds, signal) ?? aborted(signal);
    await running;
  } finally {
    if (!(await worker.stop(STOP_DEADLINE_MS))) {
      log.warn('not all pages ended in time; they are repeated at the next start');
    }
  }
}

async function beginWork(
  archive: Archive,
  { config, log, clock, signal }: RunWorkerOptions,
): Promise<{ readonly worker: SyncWorker; readonly organizationIds: readonly string[] }> {
  const worker = new SyncWorker({
    database: archive.database,
    partitions: archive.partitions,
    client: archive.client,
    store: archive.store,
    clock,
    log,
    organizations: config.meraki.organizations,
    timeZoneOf: archive.timeZoneOf,
    hash64,
    streamsOf: archive.streamsOf,
    streamOf: archive.streamOf,
    everyMs: {
      webhook_logs: config.webhookLogs.every * 1_000,
      api_responses: config.apiResponses.every * 1_000,
    },
    auditEveryMs: config.audit.every === undefined ? undefined : config.audit.every * 1_000,
    auditRequests: config.audit.requests,
    retentionSeconds: config.retention,
    gapWarningSeconds: config.gapWarning,
    concurrency: CONCURRENCY,
  });
  try {
    const organizationIds = await worker.reconcile(signal);
    await archive.claimSource();
    await worker.start();
    return { worker, organizationIds };
  } catch (error) {
    await worker.stop(STOP_DEADLINE_MS).catch(() => undefined);
    throw error;
  }
}

/** @returns whether it ended, by the machine's own time, whatever time the work goes by: what ends here is a process */
async function endsWithin(work: Promise<void>, milliseconds: number): Promise<boolean> {
  const inTime = new AbortController();
  const late = systemClock.sleep(milliseconds, inTime.signal).then(
    () => false,
    () => false,
  );
  const ended = await Promise.race([work.then(() => true), late]);
  inTime.abort();
  return ended;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

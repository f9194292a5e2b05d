import {
  createPostgresBackend,
  createRedisBackend,
  DEFAULT_SCHEMA,
  type PgPool,
  type Processor,
  type Queue,
  runMigrations,
  type Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Clock } from '../clock.ts';
import { type Database, databaseError, GuardedClient, SESSION, translated } from '../db/database.ts';
import { HistorianError, QueueUnreachableError } from '../errors.ts';
import type { Log } from '../log.ts';
import { faultLog } from './fault-log.ts';
import type { RequestBudgetOptions } from './request-budget.ts';

/**
 * Two queues, each with places of its own in every worker, so that history never takes those of the newest edge:
 * `live` for what is short and due by the clock, `history` for backfills and audits.
 */
export type QueueRole = 'live' | 'history';
export const QUEUE_NAMES: Readonly<Record<QueueRole, string>> = {
  live: 'historian',
  history: 'historian-history',
};
const REDIS_PREFIX = 'meraki-historian';
const CONNECT_TIMEOUT_MS = 5_000;
/** In Postgres, of all queues of a process: each worker listens on one. */
const MOST_CONNECTIONS = 8;
/**
 * A job whose lock was not renewed for so long is another worker's at the next look. Renewed a good deal more often, so
 * that a process that was busy for seconds keeps its jobs. Two at work would be no harm (invariant I4), but waste.
 */
const TAKE_OVER = { lockDuration: 6_000, lockRenewTime: 2_000, stalledInterval: 2_000 };
/** The next turn of a stream would queue it anew anyway: a job is never given up for workers that died. */
const MOST_STALLS = 1_000_000;

export type JobQueue = Pick<
  Queue,
  | 'add'
  | 'addBulk'
  | 'close'
  | 'getDelayedCount'
  | 'getJob'
  | 'getJobCounts'
  | 'getJobSchedulers'
  | 'getJobSchedulersCount'
  | 'getJobs'
  | 'removeJobScheduler'
  | 'upsertJobScheduler'
  | 'waitUntilReady'
>;
export type JobWorker = Pick<Worker, 'close' | 'on' | 'run' | 'waitUntilReady'>;
export type JobProcessor = Processor<unknown, unknown, string>;

/** Where the queue lives: Redis when there is one, else the archive's own Postgres. */
export interface QueueStore {
  readonly kind: 'redis' | 'postgres';
  readonly budgetStore: RequestBudgetOptions['store'];
  openQueue(role: QueueRole): JobQueue;
  openWorker(
    role: QueueRole,
    processor: JobProcessor,
    options: Pick<WorkerOptions, 'concurrency' | 'settings'>,
  ): JobWorker;
  close(): Promise<void>;
}

/**
 * Opens the queue's store, and makes or updates its tables where it lives in Postgres.
 *
 * @throws {QueueUnreachableError} when it does not answer within seconds
 */
export async function openQueueStore(
  redisUrl: string | undefined,
  databaseUrl: string,
  database: Database,
  log: Log,
  clock: Clock,
): Promise<QueueStore> {
  const onFault = faultLog('the queue has a fault', log, clock);
  return redisUrl === undefined
    ? await openPostgresStore(databaseUrl, database, onFault)
    : await openRedisStore(redisUrl, onFault);
}

type FaultListener = (error: Error) => void;

async function openRedisStore(url: string, onFault: FaultListener): Promise<QueueStore> {
  await pingRedis(url);
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  redis.on('error', onFault);
  const bullmq = withBackend(createRedisBackend);
  const base = { connection: redis, prefix: REDIS_PREFIX };
  const workerBase = { ...base, ...TAKE_OVER, maxStalledCount: MOST_STALLS, autorun: false };
  return {
    kind: 'redis',
    budgetStore: { redis },
    openQueue: (role) =>
      withErrorListener(new bullmq.Queue(QUEUE_NAMES[role], base), onFault) as unknown as JobQueue,
    openWorker: (role, processor, options) =>
      withErrorListener(
        new bullmq.Worker(QUEUE_NAMES[role], processor, { ...workerBase, ...options }),
        onFault,
      ) as unknown as JobWorker,
    async close() {
      // A Redis that is gone answers nothing, and behind commands that wait for it `quit` waits for ever.
      if (redis.status === 'ready') await redis.quit().catch(() => redis.disconnect());
      else redis.disconnect();
    },
  };
}

/**
 * Asks Redis once, without the reconnecting that a long-lived connection does.
 *
 * @throws {QueueUnreachableError}
 */
export async function pingRedis(url: string): Promise<void> {
  const probe = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
  });
  let fault: Error | undefined;
  probe.on('error', (error: Error) => {
    fault ??= error;
  });
  try {
    await probe.connect();
    await probe.ping();
  } catch (error) {
    const said = fault?.message || (error instanceof Error ? error.message : String(error));
    throw new QueueUnreachableError(
      `Redis cannot be reached at ${new URL(url).host}: ${said}. Check REDIS_URL, or leave it unset to keep the queue in Postgres.`,
      { host: new URL(url).host },
    );
  } finally {
    probe.disconnect();
  }
}

async function openPostgresStore(
  url: string,
  database: Database,
  onFault: FaultListener,
): Promise<QueueStore> {
  try {
    const client = await database.pool.connect();
    try {
      await runMigrations(client, DEFAULT_SCHEMA);
    } finally {
      client.release();
    }
  } catch (error) {
    const cause = databaseError(error);
    if (cause instanceof HistorianError) throw cause;
    throw new QueueUnreachableError(
      `The queue's tables in Postgres cannot be prepared: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const bullmq = withBackend(createPostgresBackend);
  // BullMQ would open a connection of its own kind to listen on, which ends the process when it breaks in between.
  const pool = new pg.Pool({
    connectionString: url,
    Client: GuardedClient,
    max: MOST_CONNECTIONS,
    application_name: 'meraki-historian queue',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: `-c search_path=${DEFAULT_SCHEMA} ${SESSION}`,
  });
  // Whoever only asks for budgets opens no queue, whose listener it would be.
  pool.on('error', onFault);
  const connection = pool as unknown as PgPool;
  const workerBase = { connection, ...TAKE_OVER, maxStalledCount: MOST_STALLS, autorun: false };
  return {
    kind: 'postgres',
    // Not the pool that transactions are taken from: a budget that waits for one of these counts as gone.
    budgetStore: { postgres: pool },
    openQueue: (role) =>
      withTranslatedErrors(
        withErrorListener(
          new bullmq.Queue(QUEUE_NAMES[role], { connection }),
          onFault,
        ) as unknown as JobQueue,
      ),
    openWorker: (role, processor, options) =>
      withErrorListener(
        new bullmq.Worker(QUEUE_NAMES[role], processor, { ...workerBase, ...options }),
        onFault,
      ) as unknown as JobWorker,
    close: () => pool.end(),
  };
}

/** The queue with the errors of its Postgres turned into this program's, which say whether they pass. */
function withTranslatedErrors(queue: JobQueue): JobQueue {
  return {
    add: (...given) => translated(queue.add(...given)),
    addBulk: (...given) => translated(queue.addBulk(...given)),
    close: () => translated(queue.close()),
    getDelayedCount: (...given) => translated(queue.getDelayedCount(...given)),
    getJob: (id) => translated(queue.getJob(id)),
    getJobCounts: (...given) => translated(queue.getJobCounts(...given)),
    getJobSchedulers: (...given) => translated(queue.getJobSchedulers(...given)),
    getJobSchedulersCount: () => translated(queue.getJobSchedulersCount()),
    getJobs: (...given) => translated(queue.getJobs(...given)),
    removeJobScheduler: (...given) => translated(queue.removeJobScheduler(...given)),
    upsertJobScheduler: (...given) => translated(queue.upsertJobScheduler(...given)),
    waitUntilReady: () => translated(queue.waitUntilReady()),
  };
}

function withErrorListener<T extends { on(event: 'error', listener: FaultListener): unknown }>(
  emitter: T,
  onFault: FaultListener,
): T {
  emitter.on('error', onFault);
  return emitter;
}

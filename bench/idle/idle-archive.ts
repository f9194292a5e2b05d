import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { readServerLoad } from '../ingest/store/server-load.ts';
import type { BenchRedis } from '../own-redis.ts';
import { WorkerFleet } from '../worker-fleet.ts';
import type { IdleOptions } from './idle-options.ts';

/** Everything that was used so far. */
export interface Usage {
  readonly at: number;
  readonly workerCpuSeconds: number;
  /** `null` where Postgres runs elsewhere. */
  readonly postgresCpuSeconds: number | null;
  readonly redisCpuSeconds: number;
  readonly queries: number;
  readonly redisCommands: number;
  readonly walBytes: number;
  readonly runs: number;
  readonly requests: number;
  readonly rowsNew: number;
}

const COUNT_QUERIES = join(import.meta.dirname, 'count-queries.mjs');
/** What was there before is read within seconds: only the cost of keeping up is asked for. */
const LOOKBACK = '1h';
const LOOK_EVERY_MS = 1_000;
const PATIENCE_MS = 1_800_000;

/** An archive of simulated organizations, and the workers that keep it up. */
export class IdleArchive {
  readonly #options: IdleOptions;
  readonly #databaseUrl: string;
  readonly #redis: BenchRedis | undefined;
  readonly #simulator = new WorkerFleet();
  readonly #workers = new WorkerFleet();
  #directory = '';

  constructor(options: IdleOptions, databaseUrl: string, redis: BenchRedis | undefined) {
    this.#options = options;
    this.#databaseUrl = databaseUrl;
    this.#redis = redis;
  }

  async start(): Promise<void> {
    const { organizations, perDay, workers } = this.#options;
    this.#directory = await mkdtemp(join(tmpdir(), 'historian-bench-idle-'));
    const rows = 90 * perDay * organizations;
    const dashboard = this.#simulator.start(
      ['simulator', '--organizations', String(organizations), '--rows', String(rows)],
      {},
    );
    if (dashboard.stdout === null) throw new Error('the simulator says nothing');
    const [said] = await once(dashboard.stdout, 'data');
    const baseUrl = /http:\S+/.exec(String(said))?.[0].replace(/\.$/, '') ?? '';
    for (let worker = 0; worker < workers; worker += 1) {
      this.#workers.start(
        ['worker'],
        {
          MERAKI_DASHBOARD_API_KEY: 'simulator-key',
          MERAKI_BASE_URL: baseUrl,
          WEBHOOK_LOGS_LOOKBACK: LOOKBACK,
          API_RESPONSES_LOOKBACK: LOOKBACK,
          DATABASE_URL: this.#databaseUrl,
          LOG_LEVEL: 'warn',
          BENCH_QUERY_COUNT: this.#countFile(worker),
          ...(this.#redis === undefined ? {} : { REDIS_URL: this.#redis.url }),
        },
        ['--import', COUNT_QUERIES],
      );
    }
  }

  /** Resolves when every stream was read, and nothing of before is missing. */
  async untilCaughtUp(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!(await this.#isCaughtUp())) {
      this.#workers.check();
      this.#simulator.check();
      if (performance.now() > end) throw new Error('the workers did not catch up within half an hour');
      await delay(LOOK_EVERY_MS);
    }
  }

  async usage(): Promise<Usage> {
    this.#workers.check();
    const server = await readServerLoad(this.#databaseUrl);
    const redis = await this.#redis?.load();
    const [figures] = await this.#ask<{ runs: number; requests: number; rows: number }>(
      `select count(*)::integer as runs, coalesce(sum(requests), 0)::integer as requests,
         coalesce(sum(rows_new), 0)::integer as rows from meraki_ingest.sync_runs`,
    );
    return {
      at: performance.now(),
      workerCpuSeconds: await this.#workers.cpuSeconds(),
      postgresCpuSeconds: server.cpuMicroseconds === null ? null : server.cpuMicroseconds / 1e6,
      redisCpuSeconds: redis?.cpuSeconds ?? 0,
      queries: await this.#queries(),
      redisCommands: redis?.commands ?? 0,
      walBytes: server.walBytes,
      runs: figures?.runs ?? 0,
      requests: figures?.requests ?? 0,
      rowsNew: figures?.rows ?? 0,
    };
  }

  async stop(): Promise<void> {
    await this.#workers.stop();
    await this.#simulator.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #isCaughtUp(): Promise<boolean> {
    const [found] = await this.#ask<{ read: number; missing: number }>(
      `select (select count(*) from meraki_ingest.streams where last_success_at is not null)::integer as read,
         (select count(*) from meraki.gaps where state = 'pending')::integer as missing`,
    );
    return (found?.read ?? 0) >= 2 * this.#options.organizations && found?.missing === 0;
  }

  #countFile(worker: number): string {
    return join(this.#directory, `queries-${worker}`);
  }

  async #queries(): Promise<number> {
    let sum = 0;
    for (let worker = 0; worker < this.#options.workers; worker += 1) {
      sum += Number(await readFile(this.#countFile(worker), 'utf8').catch(() => '0'));
    }
    return sum;
  }

  async #ask<T extends pg.QueryResultRow>(question: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.#databaseUrl });
    await client.connect();
    try {
      return (await client.query<T>(question)).rows;
    } finally {
      await client.end();
    }
  }
}

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { DashboardPlan } from '../ingest/pages/dashboard-plan.ts';
import { planOrganizations } from '../ingest/pages/dashboard-plan.ts';
import type { PageServer } from '../ingest/pages/page-server.ts';
import type { BenchRedis } from '../own-redis.ts';
import type { BenchServer } from '../reports/bench-server.ts';
import { WorkerFleet } from '../worker-fleet.ts';

export interface WorkersRun {
  readonly workers: number;
  readonly organizations: number;
  readonly rows: number;
  /** From the start of the processes until all of these organizations' deliveries were committed. */
  readonly seconds: number;
  /** Of all worker processes. */
  readonly workerCpuSeconds: number;
}

export interface Subject {
  readonly server: BenchServer;
  readonly redis: BenchRedis;
  readonly pages: PageServer;
  readonly plan: DashboardPlan;
  readonly workers: number;
  /** The organizations that are archived. */
  readonly archived: readonly string[];
  /** Those whose time is taken. */
  readonly timed: readonly string[];
}

const WORKER = join(import.meta.dirname, 'worker-unpaced.mjs');
const LOOK_EVERY_MS = 250;
const PATIENCE_MS = 3_600_000;

/** Archives into a new database with so many worker processes, until the timed organizations are done. */
export async function measureWorkers(subject: Subject): Promise<WorkersRun> {
  const { server, redis, pages, plan, workers, archived, timed } = subject;
  const wanted = new Map(planOrganizations(plan).map(({ customer, rows }) => [customer.id, rows]));
  const rows = timed.reduce((sum, id) => sum + (wanted.get(id) ?? 0), 0);
  await redis.flush();
  const name = await server.create();
  const fleet = new WorkerFleet();
  try {
    const started = performance.now();
    for (let worker = 0; worker < workers; worker += 1) {
      fleet.startScript([WORKER], {
        MERAKI_DASHBOARD_API_KEY: 'bench',
        MERAKI_BASE_URL: pages.baseUrl,
        MERAKI_ORGANIZATION_IDS: archived.join(','),
        DATABASE_URL: server.urlOf(name),
        REDIS_URL: redis.url,
        AUDIT_EVERY: 'off',
        LOG_LEVEL: 'warn',
      });
    }
    await waitForRows(server.urlOf(name), fleet, timed, wanted);
    const seconds = (performance.now() - started) / 1_000;
    return {
      workers,
      organizations: timed.length,
      rows,
      seconds,
      workerCpuSeconds: await fleet.cpuSeconds(),
    };
  } finally {
    await fleet.stop();
    await server.drop(name);
  }
}

async function waitForRows(
  url: string,
  fleet: WorkerFleet,
  timed: readonly string[],
  wanted: ReadonlyMap<string, number>,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      fleet.check();
      const found = await client.query<{ id: string; rows: number }>(
        `select organization_id as id, sum(rows_new)::double precision as rows from meraki_ingest.sync_runs
         where stream = 'webhook_logs' group by 1`,
      );
      const read = new Map(found.rows.map(({ id, rows }) => [id, rows]));
      if (timed.every((id) => (read.get(id) ?? 0) >= (wanted.get(id) ?? 0))) return;
      if (performance.now() > end) throw new Error('the workers did not end within an hour');
      await delay(LOOK_EVERY_MS);
    }
  } finally {
    await client.end();
  }
}

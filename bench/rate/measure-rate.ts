import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { BenchRedis } from '../own-redis.ts';
import type { BenchServer } from '../reports/bench-server.ts';
import { WorkerFleet } from '../worker-fleet.ts';
import type { RateCase } from './rate-options.ts';
import { readRuns } from './read-runs.ts';
import {
  type DashboardReport,
  type SimulatedDashboard,
  startSimulatedDashboard,
} from './simulated-dashboard.ts';

export interface RateFigures {
  /** Of the webhook logs, from the first request to the last. */
  readonly seconds: number;
  /** What the deliveries would take in full pages at the whole budget. */
  readonly leastSeconds: number;
  /** Share of the budget that was used while all organizations had something to read. */
  readonly use: number;
  /** Share of the answers that were a 429. */
  readonly refused: number;
  readonly answers: number;
  /** Share of the backfills' requests beyond the full pages that their rows take. */
  readonly waste: number;
  /** Of requests of `live` while the backfill ran: the longest wait for the budget, in milliseconds; null: none. */
  readonly liveWaitedMs: number | null;
}

export interface Servers {
  readonly server: BenchServer;
  readonly redis: BenchRedis | undefined;
}

const LOOK_EVERY_MS = 500;
const PATIENCE_MS = 3_600_000;
const WEBHOOK_LOGS = 'getOrganizationWebhooksLogs';

/** Has worker processes fill an archive from nothing, and says how they used the budget. */
export async function measureRate({ server, redis }: Servers, wanted: RateCase): Promise<RateFigures> {
  const { organizations, pages, perPage, latencyMs } = wanted;
  await redis?.flush();
  const name = await server.create();
  const dashboard = await startSimulatedDashboard({ organizations, rows: pages * perPage, latencyMs });
  const fleet = new WorkerFleet();
  const client = new pg.Client({ connectionString: server.urlOf(name) });
  try {
    await client.connect();
    for (let worker = 0; worker < wanted.workers; worker += 1) {
      fleet.start(['worker'], environmentOf(wanted, dashboard, server.urlOf(name), redis));
    }
    await untilFilled(client, fleet, organizations);
    await fleet.stop();
    return figuresOf(wanted, await dashboard.report(), await readRuns(client, perPage));
  } finally {
    await fleet.stop();
    await client.end();
    await dashboard.stop();
    await server.drop(name);
  }
}

function environmentOf(
  wanted: RateCase,
  { baseUrl, key }: SimulatedDashboard,
  databaseUrl: string,
  redis: BenchRedis | undefined,
): Readonly<Record<string, string>> {
  return {
    MERAKI_DASHBOARD_API_KEY: key,
    MERAKI_BASE_URL: baseUrl,
    DATABASE_URL: databaseUrl,
    ...(wanted.store === 'redis' && redis !== undefined && { REDIS_URL: redis.url }),
    REQUESTS_PER_SECOND: String(wanted.requestsPerSecond),
    REQUESTS_PER_SECOND_PER_ADDRESS: String(wanted.perAddress),
    WEBHOOK_LOGS_PER_PAGE: String(wanted.perPage),
    // More often than by default, so that there are live requests to see while a backfill runs.
    WEBHOOK_LOGS_EVERY: '10s',
    AUDIT_EVERY: 'off',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'json',
  };
}

/** Waits until the log of every organization has been read to its end. */
async function untilFilled(client: pg.Client, fleet: WorkerFleet, organizations: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    fleet.check();
    const { rows } = await client.query<{ done: number }>(
      `select count(distinct organization_id)::integer as done from meraki_ingest.sync_runs
       where stream = 'webhook_logs' and lane = 'backfill' and outcome = 'complete'`,
    );
    if (rows[0]?.done === organizations) return;
    if (performance.now() > end) throw new Error('the archive was not filled within an hour');
    await delay(LOOK_EVERY_MS);
  }
}

function figuresOf(
  { organizations, pages, requestsPerSecond, perAddress }: RateCase,
  { passed, counts }: DashboardReport,
  runs: Pick<RateFigures, 'waste' | 'liveWaitedMs'>,
): RateFigures {
  const budget = Math.min(organizations * requestsPerSecond, perAddress);
  const logs = passed.filter(({ operation }) => operation === WEBHOOK_LOGS);
  const lastOf = new Map(logs.map(({ organizationId, at }) => [organizationId, at]));
  const first = logs[0]?.at ?? 0;
  // Once one has nothing left to read, the others cannot use what was its own.
  const busyUntil = Math.min(...lastOf.values());
  const busy = passed.filter(
    ({ at, organizationId }) => organizationId !== undefined && at >= first && at <= busyUntil,
  );
  const answers = counts.reduce((sum, { count }) => sum + count, 0);
  const refusals = counts.reduce((sum, { status, count }) => sum + (status === 429 ? count : 0), 0);
  return {
    seconds: ((logs.at(-1)?.at ?? 0) - first) / 1_000,
    leastSeconds: pages / budget,
    use: ((busy.length - 1) * 1_000) / (busyUntil - first) / budget,
    refused: refusals / answers,
    answers,
    ...runs,
  };
}

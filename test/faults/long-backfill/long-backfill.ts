/*
 * One window of millions of rows, read with page tokens that are refused after fifty pages, by a worker that is
 * killed every few seconds. It has to end (invariant I3), exact, with less than twice the requests it takes at
 * least. A killed worker's lease and its jobs' locks would keep the next one waiting for half a minute each time:
 * the driver, which knows that it is dead, ends them.
 */
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { finalStretches, type Stretch, storedDeliveries, trueDeliveries } from '../../support/truth.ts';
import { compareMultisets } from '../multiset.ts';
import { askPostgres } from '../processes/ask-postgres.ts';
import { Fleet } from '../processes/fleet.ts';
import { expireLeases } from '../processes/postgres-acts.ts';
import { PostgresServer } from '../processes/postgres-server.ts';
import { RedisServer } from '../processes/redis-server.ts';
import { startWatchdog } from '../processes/watchdog.ts';

export interface LongBackfillOptions {
  readonly rows: number;
  /** How long a worker lives once it works. */
  readonly lifeSeconds: number;
  readonly minutesAtMost: number;
}

export interface LongBackfill {
  readonly rows: number;
  readonly seconds: number;
  readonly kills: number;
  /** Requests for the log, refused ones among them. */
  readonly requests: number;
  readonly refusedTokens: number;
  /** Full pages that hold all rows. */
  readonly leastRequests: number;
  readonly lost: number;
  readonly doubled: number;
  /** Whether the whole lookback is final. */
  readonly isComplete: boolean;
}

const LOGS = 'getOrganizationWebhooksLogs';
const LOOKBACK_DAYS = 30;
const PER_PAGE = 1_000;
const DAY_MS = 86_400_000;

export async function runLongBackfill(options: LongBackfillOptions): Promise<LongBackfill> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'historian-backfill-')));
  await chmod(directory, 0o755);
  const watchdog = startWatchdog();
  const simulator = await startSimulator({
    seed: 'long backfill',
    organizations: 1,
    rows: options.rows * (90 / LOOKBACK_DAYS),
    rate: false,
    tokenPages: 50,
    lateness: { share: 0.1, max: 100 },
  });
  const passwords = { superuser: 'superuser-of-the-backfill', owner: 'owner-of-the-backfill' };
  const postgres = await PostgresServer.create(join(directory, 'postgres'), passwords, watchdog);
  const redis = await RedisServer.create(join(directory, 'redis'), 'redis-of-the-backfill', watchdog);
  const fleet = new Fleet(
    {
      MERAKI_DASHBOARD_API_KEY: simulator.key,
      MERAKI_BASE_URL: simulator.baseUrl,
      MERAKI_TRUSTED_HOSTS: '127.0.0.1',
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      REQUESTS_PER_SECOND: '10',
      WEBHOOK_LOGS_LOOKBACK: `${LOOKBACK_DAYS}d`,
      WEBHOOK_LOGS_PER_PAGE: String(PER_PAGE),
      WEBHOOK_URLS: 'full',
      AUDIT_EVERY: 'off',
    },
    watchdog,
  );
  try {
    await fleet.start('migrate').program.ended;
    const began = Date.now();
    const organizationId = simulator.organizations[0]?.id ?? '';
    let kills = 0;
    let isComplete = false;
    while (!isComplete && Date.now() - began < options.minutesAtMost * 60_000) {
      const worker = fleet.start('worker');
      await worker.program.says('stderr', '"msg":"working"');
      await delay(options.lifeSeconds * 1_000);
      await fleet.kill(worker);
      kills += 1;
      await expireLeases(postgres.adminUrl);
      await redis.ask((client) => client.flushall());
      isComplete = await askPostgres(postgres.adminUrl, (client) => isFinal(client, organizationId));
    }
    const seconds = (Date.now() - began) / 1_000;
    const found = await askPostgres(postgres.adminUrl, (client) =>
      compare(client, simulator, organizationId),
    );
    const asked = simulator.requests().filter(({ operation }) => operation === LOGS);
    const requests = asked.reduce((sum, { count }) => sum + count, 0);
    const refused = asked.filter(({ status }) => status === 400).reduce((sum, { count }) => sum + count, 0);
    return {
      ...found,
      seconds,
      kills,
      requests,
      refusedTokens: refused,
      leastRequests: Math.ceil(found.rows / PER_PAGE),
      isComplete,
    };
  } finally {
    await fleet.end();
    await redis.kill();
    await postgres.stop();
    await simulator.stop();
    watchdog.release();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whether all that is wanted and has settled is final. */
async function isFinal(client: pg.Client, organizationId: string): Promise<boolean> {
  const found = await client.query<{ done: boolean }>(
    `select c.final @> tstzrange(s.wanted_from, now() - interval '1 hour') as done
     from meraki_ingest.streams s join meraki_ingest.coverage c using (organization_id, stream, series)
     where s.organization_id = $1 and s.stream = 'webhook_logs'`,
    [organizationId],
  );
  return found.rows[0]?.done === true;
}

/** Day by day: millions of rows at once would fill the memory. */
async function compare(client: pg.Client, simulator: Simulator, organizationId: string) {
  const total = { rows: 0, lost: 0, doubled: 0 };
  for (const stretch of await finalStretches(client, organizationId, 'webhook_logs')) {
    for (const day of daysOf(stretch)) {
      const truth = trueDeliveries(simulator, organizationId, day);
      const stored = await storedDeliveries(client, organizationId, day);
      const difference = compareMultisets(stored, truth, ['stored', 'true']);
      total.rows += truth.length;
      total.lost += difference.onlySecond;
      total.doubled += difference.onlyFirst;
    }
  }
  return total;
}

function daysOf({ from, to }: Stretch): readonly Stretch[] {
  const days: Stretch[] = [];
  for (let begin = from; begin < to; ) {
    const next = new Date((Math.floor(Date.parse(begin) / DAY_MS) + 1) * DAY_MS).toISOString();
    const midnight = next.replace('.000Z', '.000000Z');
    const end = midnight < to ? midnight : to;
    days.push({ from: begin, to: end });
    begin = end;
  }
  return days;
}

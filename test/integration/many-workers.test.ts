import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { until } from '../support/archive-run.ts';
import { buildProgram, endPrograms, type Program, startProgram } from '../support/program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { describeWithRedis, flushTestRedis, testRedisUrl } from '../support/test-redis.ts';
import { asReader, expectNothingOpen, expectTrueBuckets, expectTrueDeliveries } from '../support/truth.ts';

const LEFT = 'a job was left by its worker';
const ROWS = 240;

beforeAll(() => buildProgram());
afterEach(() => endPrograms());

/** A dashboard whose first answer to a backfill is held back until it is released. */
async function holdingDashboard(options: SimulatorOptions = {}) {
  let held = (): void => undefined;
  const isHeld = new Promise<void>((resolve) => {
    held = resolve;
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let pages = 0;
  const simulator = await startSimulator({
    organizations: 1,
    rows: ROWS,
    ...options,
    beforeAnswer: async ({ operation, url }) => {
      // The live lane begins with the newest hours; the second page of a window is a backfill's.
      if (operation !== 'getOrganizationWebhooksLogs' || !url.includes('startingAfter=')) return;
      pages += 1;
      if (pages !== 3) return;
      held();
      await released;
    },
  });
  onTestFinished(async () => {
    release();
    await simulator.stop();
  });
  return { simulator, isHeld, release };
}

function environmentOf(simulator: Simulator, { url }: TestDatabase, queue: Environment): Environment {
  return {
    MERAKI_DASHBOARD_API_KEY: simulator.key,
    MERAKI_BASE_URL: simulator.baseUrl,
    MERAKI_TRUSTED_HOSTS: '127.0.0.1,localhost',
    DATABASE_URL: url,
    WEBHOOK_URLS: 'full',
    WEBHOOK_LOGS_PER_PAGE: '20',
    API_RESPONSES_INTERVAL: '3600',
    REQUESTS_PER_SECOND: '10',
    AUDIT_EVERY: 'off',
    LOG_FORMAT: 'json',
    ...queue,
  };
}

async function startWorker(environment: Environment): Promise<Program> {
  const worker = startProgram(['worker'], environment);
  await worker.says('stderr', '"working"');
  return worker;
}

async function untilNothingIsMissing({ database }: TestDatabase): Promise<void> {
  await until(async () => {
    const found = await database.pool.query<{ open: number }>(
      `select (2 - count(*) filter (where last_success_at is not null)
         + (select count(*) from meraki.gaps where state = 'pending'))::integer as open
       from meraki_ingest.streams`,
    );
    return found.rows[0]?.open === 0;
  });
}

async function expectTruth(simulator: Simulator, database: TestDatabase): Promise<void> {
  await asReader(database, async (reader) => {
    for (const { id } of simulator.organizations) {
      await expectTrueDeliveries(reader, simulator, id);
      await expectTrueBuckets(reader, simulator, id);
    }
    await expectNothingOpen(reader);
  });
}

function sharesWork(queue: () => Promise<Environment>) {
  test('I1, I3, I4: the work of a worker that is killed goes on in another one', async () => {
    const database = await createTestDatabase();
    const { simulator, isHeld, release } = await holdingDashboard();
    const environment = environmentOf(simulator, database, await queue());
    const victim = await startWorker(environment);
    await isHeld;
    const heir = await startWorker(environment);
    const taken = heir.says('stderr', LEFT);
    victim.process.kill('SIGKILL');
    await victim.ended;
    await taken;
    release();
    await untilNothingIsMissing(database);
    heir.process.kill('SIGTERM');
    expect((await heir.ended).exitCode).toBe(0);
    await expectTruth(simulator, database);
  });

  test('a worker that is stopped hands its job to another one, which need not find it left behind', async () => {
    const database = await createTestDatabase();
    const { simulator, isHeld, release } = await holdingDashboard();
    const environment = environmentOf(simulator, database, await queue());
    const first = await startWorker(environment);
    await isHeld;
    const second = await startWorker(environment);
    first.process.kill('SIGTERM');
    expect((await first.ended).exitCode).toBe(0);
    release();
    await untilNothingIsMissing(database);
    second.process.kill('SIGTERM');
    const { exitCode, stderr } = await second.ended;
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain(LEFT);
    await expectTruth(simulator, database);
  });
}

describe('with the queue in Postgres', () => sharesWork(async () => ({})));

describeWithRedis('with the queue in Redis', () => {
  sharesWork(async () => {
    await flushTestRedis();
    return { REDIS_URL: await testRedisUrl() };
  });
});

import { EventEmitter, once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { Config, Environment } from '../../src/config.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { MOST_WINDOWS } from '../../src/sync/slices.ts';
import { configFor, until, untilCaughtUp, work, workUntilCaughtUp } from '../support/archive-run.ts';
import { impatientClock } from '../support/stepped-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { describeWithRedis, testRedisUrl } from '../support/test-redis.ts';
import {
  asReader,
  expectNothingOpen,
  expectSumsAgree,
  expectTrueBuckets,
  expectTrueDeliveries,
} from '../support/truth.ts';

const PER_PAGE = 20;
const ROWS = 600;
const PAGED = { WEBHOOK_LOGS_PER_PAGE: String(PER_PAGE), API_RESPONSES_INTERVAL: '3600' };
/**
 * 90 days of thirty pages are cut into seven windows at most, of four pages at least; the live lane's is the eighth. A
 * window can end with a page that is not full, and the first of all shows only how they have to be cut.
 */
const WINDOWS = 9;
const PAGES_A_STOP = 8;
/** A few more, for a page can be thrown away, and two stops must leave something to be read. */
const ANSWERS_A_STOP = 12;
const LOGS = 'getOrganizationWebhooksLogs';

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ organizations: 1, rows: ROWS, ...options });
  onTestFinished(() => simulator.stop());
  return simulator;
}

function asked(simulator: Simulator, operation: string, status?: number): number {
  return simulator
    .requests()
    .filter((request) => request.operation === operation && (status ?? request.status) === request.status)
    .reduce((sum, { count }) => sum + count, 0);
}

/** Pages of one stream that are committed. */
async function committedPages({ database }: TestDatabase, stream = 'webhook_logs'): Promise<number> {
  const found = await database.pool.query<{ pages: number }>(
    'select coalesce(sum(pages), 0)::integer as pages from meraki_ingest.sync_runs where stream = $1',
    [stream],
  );
  return found.rows[0]?.pages ?? 0;
}

/** Whether the other stream has nothing to fill in. */
async function hasAllCounts({ database }: TestDatabase): Promise<boolean> {
  const whole = await database.pool.query(
    `select from meraki.freshness where stream = 'api_responses'
       and not exists (select from meraki.gaps where stream = 'api_responses')`,
  );
  return whole.rowCount === 1;
}

async function expectTruth(simulator: Simulator, database: TestDatabase): Promise<number> {
  return await asReader(database, async (reader) => {
    let deliveries = 0;
    for (const { id, enabled } of simulator.organizations) {
      deliveries += await expectTrueDeliveries(reader, simulator, id);
      expect((await expectTrueBuckets(reader, simulator, id)) > 0).toBe(enabled);
    }
    expect(deliveries).toBeGreaterThan(0);
    await expectNothingOpen(reader);
    await expectSumsAgree(reader);
    return deliveries;
  });
}

/** Holds back answers, so that however late a test looks, no more than it allows has been answered by then. */
class HeldAnswers {
  readonly #events = new EventEmitter().setMaxListeners(0);
  #allowed = Number.POSITIVE_INFINITY;

  readonly beforeAnswer = async ({ operation }: { readonly operation: string }): Promise<void> => {
    if (operation !== LOGS) return;
    if (this.#allowed > 0) this.#allowed -= 1;
    // Whoever asked before the next allowance is gone by then, and is no part of it.
    else await once(this.#events, 'allowed');
  };

  allow(answers: number): void {
    this.#allowed = answers;
    this.#events.emit('allowed');
  }
}

/** Works until `PAGES_A_STOP` pages of the log are committed, then stops by the signal, as SIGTERM does. */
async function workForPages(config: Config, database: TestDatabase): Promise<void> {
  const stopping = new AbortController();
  const before = await committedPages(database);
  const areCommitted = async () => (await committedPages(database)) >= before + PAGES_A_STOP;
  const working = work(config, { signal: stopping.signal }, (_, __, signal) =>
    until(async () => (await areCommitted()) || signal.aborted),
  );
  await until(areCommitted);
  stopping.abort(new Error('the test stops the worker'));
  await working;
}

function stopsAndResumes(environment: () => Promise<Environment>) {
  return async (): Promise<void> => {
    const answers = new HeldAnswers();
    const simulator = await start({ beforeAnswer: answers.beforeAnswer });
    const database = await createTestDatabase();
    const config = configFor(simulator, database, { ...PAGED, ...(await environment()) });
    const stops = 2;
    for (let stop = 1; stop <= stops; stop += 1) {
      answers.allow(ANSWERS_A_STOP);
      await workForPages(config, database);
    }
    expect(await committedPages(database)).toBeLessThan(ROWS / PER_PAGE);
    answers.allow(Number.POSITIVE_INFINITY);
    await workUntilCaughtUp(config);
    const deliveries = await expectTruth(simulator, database);
    const least = Math.ceil(deliveries / PER_PAGE);
    // For each start: the live window once more, and what was under way for each window at the stop.
    const most = least + WINDOWS + stops * (1 + MOST_WINDOWS);
    expect(asked(simulator, LOGS)).toBeGreaterThanOrEqual(least);
    expect(asked(simulator, LOGS)).toBeLessThanOrEqual(most);
  };
}

function twoAtOnce(environment: () => Promise<Environment>) {
  return async (): Promise<void> => {
    const simulator = await start({ organizations: 2 });
    const database = await createTestDatabase();
    const config = configFor(simulator, database, { ...PAGED, ...(await environment()) });
    // Whatever the other one has read before need not be read again.
    const caughtUp = () =>
      work(config, {}, (archive, organizationIds, signal) =>
        untilCaughtUp(archive, organizationIds, signal, 0),
      );
    await Promise.all([caughtUp(), caughtUp()]);
    await expectTruth(simulator, database);
    const superseded = await database.database.pool.query(
      "select * from meraki_ingest.sync_runs where outcome = 'failed'",
    );
    expect(superseded.rows).toEqual([]);
  };
}

describe('with the queue in Postgres', () => {
  const environment = async () => ({});
  test('I3: a worker that is stopped goes on from its checkpoint', stopsAndResumes(environment));
  test('I1 and I4: two workers on one database archive exactly', twoAtOnce(environment));
});

describeWithRedis('with the queue in Redis', () => {
  const environment = async () => ({ REDIS_URL: await testRedisUrl() });
  test('I3: a worker that is stopped goes on from its checkpoint', stopsAndResumes(environment));
  test('I1 and I4: two workers on one database archive exactly', twoAtOnce(environment));
});

describe('when Meraki falls silent in the middle', () => {
  async function fallsSilent(clock: Clock | undefined, enough: (seen: Silence) => Promise<boolean>) {
    const answers = new HeldAnswers();
    const simulator = await start({ beforeAnswer: answers.beforeAnswer });
    const database = await createTestDatabase();
    const config = configFor(simulator, database, PAGED);
    answers.allow(ANSWERS_A_STOP);
    await work(config, clock === undefined ? {} : { clock }, async (archive, organizationIds, signal) => {
      const since = archive.client.now();
      await until(async () => (await committedPages(database)) >= PAGES_A_STOP, signal);
      // A short window that Meraki falls silent in the middle of may be left alone for half an hour: none is to be under way.
      await until(() => hasAllCounts(database), signal);
      simulator.outage(true);
      answers.allow(Number.POSITIVE_INFINITY);
      await until(() => enough({ simulator, database }), signal);
      simulator.outage(false);
      await untilCaughtUp(archive, organizationIds, signal, since);
    });
    const deliveries = await expectTruth(simulator, database);
    const answered = asked(simulator, LOGS, 200);
    expect(answered).toBeLessThanOrEqual(Math.ceil(deliveries / PER_PAGE) + WINDOWS + 2);
  }

  interface Silence {
    readonly simulator: Simulator;
    readonly database: TestDatabase;
  }

  test('for some seconds: the page is asked again, and no run fails', async () => {
    await fallsSilent(undefined, async ({ simulator }) => asked(simulator, LOGS, 0) >= 2);
  });

  test('for longer: the job fails, is tried again and goes on from its checkpoint', async () => {
    await fallsSilent(impatientClock, async ({ database: { database } }) => {
      const failed = await database.pool.query(
        "select from meraki_ingest.sync_runs where outcome = 'failed' and stream = 'webhook_logs'",
      );
      return failed.rows.length > 0;
    });
  });
});

test('a worker ends though a statement of its own waits behind somebody who does not', async () => {
  const simulator = await start();
  const owned = await createTestDatabase();
  const holder = await owned.database.pool.connect();
  try {
    await holder.query('create table held ()');
    await holder.query('begin; lock table held');
    const isWaiting = async () => {
      const look = `select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query = 'select from held'`;
      return (await owned.database.pool.query(look)).rowCount === 1;
    };
    let waited: Promise<unknown> = Promise.resolve();
    await work(configFor(simulator, owned, PAGED), {}, async ({ database }) => {
      waited = database.pool.query('select from held');
      await until(isWaiting);
    });
    expect(await isWaiting()).toBe(true);
    await holder.query('rollback');
    await waited;
  } finally {
    holder.release(true);
  }
});

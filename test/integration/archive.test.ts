import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compareWithTruth } from '../../src/commands/compare-with-truth.ts';
import type { Environment } from '../../src/config.ts';
import {
  type RequestFilters,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../../src/simulator/simulator.ts';
import { configFor, unpaced, workUntilCaughtUp } from '../support/archive-run.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { describeWithRedis, testRedisUrl } from '../support/test-redis.ts';
import {
  asReader,
  expectNothingOpen,
  expectSumsAgree,
  expectTrueBuckets,
  expectTrueDeliveries,
  finalStretches,
} from '../support/truth.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;
const SMALL = { organizations: 2, rows: 6_000 };
/** For variants that are not about the pace: nothing waits for the next request. */
const UNPACED = { rate: false } as const;
/** For variants that are about deliveries: 30 times fewer counts to compare. */
const HOURLY = { API_RESPONSES_INTERVAL: '3600' };

/** As many pages for a window as the default size needs for five times the rows. */
const FEW_ROWS = { organizations: 1, rows: 1_500 };
const SEVERAL_PAGES = { WEBHOOK_LOGS_PER_PAGE: '200' };

interface Archived {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  /** Milliseconds since the epoch, when the worker was started. */
  readonly startedAt: number;
}

/** Archives a simulated dashboard with a real worker and compares everything with the truth. */
async function archive(
  options: SimulatorOptions,
  environment: Environment = {},
  migrated = true,
): Promise<Archived> {
  const simulator = await startSimulator({ ...SMALL, ...options });
  onTestFinished(() => simulator.stop());
  const database = await createTestDatabase({ migrated });
  const config = configFor(simulator, database, environment);
  const isPaced = options.rate !== false;
  const startedAt = Date.now();
  await workUntilCaughtUp(isPaced ? config : unpaced(config));
  for (const { id, enabled } of simulator.organizations) {
    const compared = await compareWithTruth(
      database.database,
      simulator,
      id,
      Number(environment['API_RESPONSES_INTERVAL'] ?? 120),
    );
    expect(compared).toMatchObject({ deliveriesWrong: 0, bucketsWrong: 0 });
    expect(compared.deliveries > 0).toBe(enabled);
    expect(compared.buckets > 0).toBe(enabled);
    await asReader(database, async (reader) => {
      expect(await expectTrueDeliveries(reader, simulator, id)).toBe(compared.deliveries);
      expect((await expectTrueBuckets(reader, simulator, id)) > 0).toBe(enabled);
    });
  }
  await asReader(database, async (reader) => {
    await expectNothingOpen(reader);
    await expectSumsAgree(reader);
  });
  return { simulator, database, startedAt };
}

/** Expects one unbroken final stretch, from nearly `days` ago to the last bucket that had settled. */
async function expectWhole({ simulator, database, startedAt }: Archived, stream: string, days: number) {
  await asReader(database, async (reader) => {
    for (const { id, enabled } of simulator.organizations) {
      const stretches = await finalStretches(reader, id, stream);
      expect(stretches.length).toBe(enabled ? 1 : 0);
      for (const { from, to } of stretches) {
        expect(Date.parse(from)).toBeLessThan(startedAt - days * DAY + 2 * HOUR);
        expect(Date.parse(to)).toBeGreaterThan(startedAt - 1.5 * HOUR);
      }
    }
  });
}

test('I1 and I2: with the queue in Postgres, from an empty database, everything is archived exactly', async () => {
  const archived = await archive({}, {}, false);
  await expectWhole(archived, 'webhook_logs', 90);
  await expectWhole(archived, 'api_responses', 31);
});

describeWithRedis('with the queue in Redis', () => {
  test('everything is archived exactly', async () => {
    const archived = await archive({ organizations: 3 }, { ...HOURLY, REDIS_URL: await testRedisUrl() });
    await expectWhole(archived, 'webhook_logs', 90);
    await expectWhole(archived, 'api_responses', 31);
  });
});

interface Variant {
  readonly name: string;
  readonly simulator: SimulatorOptions;
  readonly environment?: Environment;
  /** Days of webhook logs that can be had. */
  readonly days?: number;
  /** Days of request counts that are read. */
  readonly requestDays?: number;
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'newest rows first',
    simulator: { ...UNPACED, ...FEW_ROWS, order: 'descending' },
    environment: { ...HOURLY, ...SEVERAL_PAGES },
  },
  {
    name: 'pages of 3 rows',
    simulator: { ...UNPACED, organizations: 1, rows: 70 },
    environment: { ...HOURLY, WEBHOOK_LOGS_PER_PAGE: '3' },
  },
  {
    name: 'pages of 50 rows, newest first',
    simulator: { ...UNPACED, rows: 1_200, order: 'descending' },
    environment: { ...HOURLY, WEBHOOK_LOGS_PER_PAGE: '50' },
  },
  {
    name: 'lookback and span of 30 days',
    simulator: { ...UNPACED, organizations: 1, lookback: 30, span: 30 },
    environment: HOURLY,
    days: 30,
  },
  {
    name: 'buckets whose width follows the window',
    simulator: { ...UNPACED, organizations: 1, rows: 600, intervalRule: 'timespan' },
  },
  {
    name: 'idle buckets listed',
    simulator: { ...UNPACED, organizations: 1, rows: 600, idleBuckets: 'empty' },
    environment: { API_RESPONSES_LOOKBACK: '7d' },
    requestDays: 7,
  },
  {
    name: 'redirects to another host name',
    simulator: { ...UNPACED, ...FEW_ROWS, redirect: true },
    environment: { ...HOURLY, ...SEVERAL_PAGES },
  },
  {
    name: 'page tokens that expire in the middle of a window',
    simulator: { organizations: 1, rows: 1_500, tokenLifetime: 0.2 },
    environment: { ...HOURLY, WEBHOOK_LOGS_PER_PAGE: '50' },
  },
  {
    name: 'a tight rate limit that does not say how long to wait',
    simulator: { organizations: 1, rows: 1_000, rate: { perSecond: 4, burst: 2 }, retryAfter: 'missing' },
    environment: { ...HOURLY, WEBHOOK_LOGS_PER_PAGE: '100' },
  },
];

test.each(VARIANTS)(
  'I1: exact with $name',
  async ({ simulator, environment, days = 90, requestDays = 31 }) => {
    const archived = await archive(simulator, environment);
    await expectWhole(archived, 'webhook_logs', days);
    await expectWhole(archived, 'api_responses', requestDays);
    if (simulator.redirect === true) {
      const statuses = archived.simulator.requests().map(({ status }) => status);
      expect(statuses).toEqual(expect.arrayContaining([302, 307, 308]));
    }
    if (typeof simulator.rate === 'object') {
      expect(archived.simulator.requests().some(({ status }) => status === 429)).toBe(true);
    }
  },
);

test('every series of SERIES_FILE is counted by its own filters', async () => {
  const series: Readonly<Record<string, RequestFilters>> = {
    'old-version': { version: 0 },
    devices: { operationIds: ['getOrganizationDevicesStatuses', 'getOrganizationNetworks'] },
    inventory: { userAgent: 'python-meraki' },
  };
  const directory = await mkdtemp(join(tmpdir(), 'historian-series-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = join(directory, 'series.json');
  const definitions = Object.entries(series).map(([name, filters]) => ({ name, ...filters }));
  await writeFile(file, JSON.stringify({ series: definitions }));
  const { simulator, database } = await archive(
    { ...UNPACED, organizations: 1, rows: 600 },
    { ...HOURLY, SERIES_FILE: file },
  );
  await asReader(database, async (reader) => {
    const totals = new Map<string, number>();
    for (const { id, enabled } of simulator.organizations) {
      if (!enabled) continue;
      for (const [name, filters] of Object.entries(series)) {
        expect(await finalStretches(reader, id, 'api_responses', name)).not.toEqual([]);
        const compared = await expectTrueBuckets(reader, simulator, id, name, filters);
        totals.set(name, (totals.get(name) ?? 0) + compared);
      }
    }
    for (const name of ['devices', 'inventory']) expect(totals.get(name)).toBeGreaterThan(0);
  });
});

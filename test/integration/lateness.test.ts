import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { doctor } from '../../src/commands/doctor.ts';
import { status } from '../../src/commands/status.ts';
import { sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { addLateness } from '../../src/db/lateness.ts';
import { instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { createLog } from '../../src/log.ts';
import { type Delivery, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { readByPlan } from '../reports/read-by-plan.ts';
import { configFor, unpaced, work } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const MINUTE = 60_000;
/** Percentiles are read off buckets whose ends differ by this factor. */
const BUCKET_RATIO = 2 ** (1 / 4);

interface Row {
  readonly rows: string;
  readonly p50_seconds: number;
  readonly p99_seconds: number;
  readonly max_seconds: number;
  readonly rows_found_late: string;
  readonly late_max_seconds: number | null;
  readonly rows_after_final: string;
}

async function setUp(options: SimulatorOptions, environment: Environment) {
  const clock = new SteppedClock(Math.floor(Date.now() / 1_000) * 1_000 - 70 * MINUTE);
  const settings = { organizations: 1, rows: 1_500_000, rate: false, clock, ...options } as const;
  const simulator = await startSimulator(settings);
  onTestFinished(() => simulator.stop());
  const database = await emptyTestDatabase();
  const config = unpaced(
    configFor(simulator, database, {
      WEBHOOK_LOGS_LOOKBACK: '6h',
      API_RESPONSES_LOOKBACK: '6h',
      ...environment,
    }),
  );
  return {
    clock,
    simulator,
    config,
    database,
    async read() {
      const stream = new PassThrough();
      stream.resume();
      await sync({
        config,
        log: testLog,
        clock,
        signal: new AbortController().signal,
        output: { stream, terminal: false },
        json: true,
        organization: undefined,
        stream: 'webhook_logs',
        only: undefined,
      });
    },
    async measured(): Promise<Row | undefined> {
      const found = await database.database.pool.query<Row>(
        `select * from meraki.lateness where period = '7 days' and stream = 'webhook_logs'`,
      );
      return found.rows[0];
    },
    deliveries(): readonly Delivery[] {
      return simulator.truthDeliveries(simulator.organizations[0]?.id ?? '', {
        from: new Date(clock.now() - 5 * 60 * MINUTE).toISOString(),
      });
    },
  };
}

const secondsBetween = (now: number, timestamp: string) =>
  now / 1_000 - (Date.parse(`${timestamp.slice(0, 19)}Z`) / 1_000 + Number(`0${timestamp.slice(19, -1)}`));

test('lateness is what a reader of the source sees who reads as often', async () => {
  const bench = await setUp({ lateness: { share: 0.3, max: 500 } }, { WEBHOOK_LOGS_EVERY: '5m' });
  const { clock } = bench;
  const known = new Map<string, number>();
  const lateness: number[] = [];
  const late: number[] = [];
  let readAt: number | undefined;
  for (let step = 0; step < 14; step += 1) {
    await bench.read();
    const now = clock.now();
    const seen = new Map<string, number>();
    for (const row of bench.deliveries()) {
      const content = JSON.stringify(row);
      seen.set(content, (seen.get(content) ?? 0) + 1);
      if ((seen.get(content) ?? 0) <= (known.get(content) ?? 0)) continue;
      const seconds = secondsBetween(now, row.loggedAt);
      const first =
        readAt === undefined ||
        secondsBetween(readAt, row.loggedAt) <= 0 ||
        secondsBetween(readAt, row.sentAt) <= 0;
      if (first && seconds > 600) continue;
      lateness.push(seconds);
      if (!first) late.push(seconds);
    }
    for (const [content, copies] of seen) known.set(content, copies);
    readAt = now;
    clock.set(now + 5 * MINUTE);
  }
  lateness.sort((a, b) => a - b);
  const measured = await bench.measured();
  expect(late.length).toBeGreaterThan(10);
  expect(measured).toMatchObject({
    rows: String(lateness.length),
    rows_found_late: String(late.length),
    rows_after_final: '0',
  });
  expect(measured?.max_seconds).toBeCloseTo(Math.max(...lateness), 3);
  expect(measured?.late_max_seconds).toBeCloseTo(Math.max(...late), 3);
  for (const [share, told] of [
    [0.5, measured?.p50_seconds],
    [0.99, measured?.p99_seconds],
  ] as const) {
    const exact = lateness[Math.ceil(share * lateness.length) - 1] ?? Number.NaN;
    expect(told).toBeGreaterThanOrEqual(exact - 0.001);
    expect(told).toBeLessThanOrEqual(exact * BUCKET_RATIO + 0.001);
  }
});

test('rows that were read after a pause say nothing of when they appeared', async () => {
  const bench = await setUp({ lateness: { share: 0, max: 3 } }, { WEBHOOK_LOGS_EVERY: '60s' });
  await bench.read();
  bench.clock.set(bench.clock.now() + 60 * MINUTE);
  await bench.read();
  expect((await bench.measured())?.max_seconds).toBeLessThanOrEqual(120);
});

test('a settle time that is too short is told by doctor, by status and in the log', async () => {
  const bench = await setUp(
    { lateness: { share: 0.5, max: 400 } },
    { WEBHOOK_LOGS_EVERY: '60s', WEBHOOK_LOGS_SETTLE: '6m' },
  );
  for (let step = 0; step < 16; step += 1) {
    await bench.read();
    bench.clock.set(bench.clock.now() + MINUTE);
  }
  const hint =
    /rows appeared up to \d+(s|m) after they were logged, WEBHOOK_LOGS_SETTLE is 6m: set it to at least \d+m/;
  const { config, clock, simulator, database } = bench;

  const said = async (run: (output: PassThrough) => Promise<unknown>) => {
    const output = new PassThrough();
    const all = text(output);
    await run(output).finally(() => output.end());
    return await all;
  };
  const looked = await said((stream) =>
    status({ config, log: testLog, clock, output: { stream, terminal: false }, json: false, metrics: false }),
  );
  expect(looked).toMatch(hint);
  const examined = await said((stream) =>
    doctor({
      environment: {
        MERAKI_DASHBOARD_API_KEY: simulator.key,
        MERAKI_BASE_URL: simulator.baseUrl,
        MERAKI_TRUSTED_HOSTS: '127.0.0.1',
        DATABASE_URL: database.url,
        WEBHOOK_LOGS_SETTLE: '6m',
      },
      terminal: false,
      log: testLog,
      clock,
      signal: new AbortController().signal,
      output: { stream, terminal: false },
      json: true,
    }),
  );
  const { findings } = JSON.parse(examined) as {
    findings: readonly { check: string; state: string; said: string }[];
  };
  expect(findings.find(({ check }) => check === 'settle time')).toMatchObject({
    state: 'warning',
    said: expect.stringMatching(hint),
  });
  const lines = await said(async (stream) => {
    const log = createLog({ level: 'warn', format: 'json', secrets: [] }, stream);
    await work(config, { clock, log }, async () => undefined);
  });
  expect(lines.match(new RegExp(hint, 'g'))).toHaveLength(1);
});

test('the lateness of one organization, or of one period, is made of its own rows', async () => {
  const { database } = await emptyTestDatabase();
  await database.pool.query(
    `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
     select id, id, now(), now() from unnest(array['1', '2', '3']) id`,
  );
  const now = instantOfMilliseconds(Date.now());
  const row = { rows: 1, rowsFoundLate: 0, rowsAfterFinal: 0, maxSeconds: 1, lateMaxSeconds: 0 };
  await database.transaction(async (tx) => {
    for (const organizationId of ['1', '2', '3']) {
      for (const days of [0, 20, 40]) {
        const key: StreamKey = { organizationId, stream: 'webhook_logs', series: 'all' };
        await addLateness(tx, key, [{ ...row, bucket: 0 }], now - days * instantOfSeconds(86_400));
      }
    }
  });
  const readOf = async (condition: string) =>
    (await readByPlan(database, `select * from meraki.lateness where ${condition}`)).rows.get('lateness');
  expect(await readOf(`organization_id = '2'`)).toBe(1 + 3);
  expect(await readOf(`period = '7 days'`)).toBe(3);
  expect(await readOf(`organization_id = '2' and period = '90 days'`)).toBe(3);
});

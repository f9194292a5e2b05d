/* What a stream costs in which nothing happens: counts of requests that nobody sends, on the simulated dashboard. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import type { MerakiClient } from '../../src/meraki/client.ts';
import type { Range } from '../../src/ranges.ts';
import { RESPONSE_CODES_BY_INTERVAL } from '../../src/simulator/operations.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { apiResponses } from '../../src/streams/api-responses.ts';
import { runLane } from '../../src/sync/run-lane.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { startClient } from '../unit/meraki/loopback-server.ts';

const MINUTE_MS = 60_000;
const EVERY_MS = 15 * MINUTE_MS;
const SETTLE = instantOfSeconds(600);
const BUCKET = instantOfSeconds(120);
const START = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 30 * 86_400_000;
const settings = {
  everySeconds: EVERY_MS / 1_000,
  lookback: instantOfSeconds(86_400),
  span: instantOfSeconds(86_400),
  settle: SETTLE,
  intervalSeconds: 120,
  quarantineLimit: 1_000,
};

interface Bench {
  readonly key: StreamKey;
  /** One run of the live lane at a time in minutes; how many requests it sent, and up to when final coverage reaches. */
  cycle(minutes: number, only?: Range): Promise<{ readonly requests: number; readonly final: Instant }>;
  readonly database: Database;
}

async function setUp(): Promise<Bench> {
  const clock = new SteppedClock(START);
  const simulator = await startSimulator({ organizations: 1, rows: 1_000, rate: false, clock });
  onTestFinished(() => simulator.stop());
  const { database } = await emptyTestDatabase();
  const organizationId = simulator.organizations[0]?.id ?? '';
  const key: StreamKey = { organizationId, stream: 'api_responses', series: 'nobody' };
  const { client } = startClient(simulator.baseUrl, { clock, key: simulator.key });
  return {
    key,
    database,
    async cycle(minutes, only) {
      clock.set(START + minutes * MINUTE_MS);
      const before = asked(simulator);
      const { outcome } = await live(database, client, clock, key, only);
      expect(outcome).toBe('complete');
      const coverage = (await readCoverage(database.query, key)).get(120);
      expect(coverage?.provisional.at(-1)?.to).toBe(at(minutes));
      return { requests: asked(simulator) - before, final: coverage?.final.at(-1)?.to ?? 0 };
    },
  };
}

function live(
  database: Database,
  client: MerakiClient,
  clock: SteppedClock,
  key: StreamKey,
  only: Range | undefined,
  intervalSeconds = settings.intervalSeconds,
) {
  return runLane({
    database,
    partitions: new Partitions(database),
    stream: apiResponses(key, client, { ...settings, intervalSeconds }, { userAgent: 'nobody' }),
    lane: 'live',
    runId: randomUUID(),
    log: testLog,
    clock,
    signal: new AbortController().signal,
    only,
  });
}

function asked(simulator: Simulator): number {
  return simulator
    .requests()
    .filter(({ operation }) => operation === RESPONSE_CODES_BY_INTERVAL)
    .reduce((sum, { count }) => sum + count, 0);
}

const at = (minutes: number) => instantOfMilliseconds(START + minutes * MINUTE_MS);
/** The end of the last bucket that had settled. */
const settledAt = (minutes: number) => Math.floor((at(minutes) - SETTLE) / BUCKET) * BUCKET;

test('I5 a stream in which nothing happens takes one request a cycle, and is final one cycle later', async () => {
  const { cycle } = await setUp();
  expect(await cycle(0)).toEqual({ requests: 2, final: settledAt(0) });
  expect(await cycle(15)).toEqual({ requests: 1, final: settledAt(0) });
  expect(await cycle(30)).toEqual({ requests: 1, final: settledAt(15) });
  expect(await cycle(45)).toEqual({ requests: 1, final: settledAt(30) });
});

test('after a pause the empty answer is confirmed at once', async () => {
  const { cycle } = await setUp();
  await cycle(0);
  await cycle(15);
  expect(await cycle(90)).toEqual({ requests: 2, final: settledAt(90) });
});

test('I5 an empty answer does not confirm one that was not empty', async () => {
  const { cycle, database, key } = await setUp();
  await cycle(0);
  await cycle(15);
  const busy = settledAt(5);
  await database.pool.query(
    `insert into meraki_store.api_response_counts (organization_id, series, interval_seconds, bucket_start,
       response_code, request_count, updated_at)
     values ($1, $2, 120, to_timestamp($3), 200, 5, now())`,
    [key.organizationId, key.series, busy / 1_000_000],
  );
  expect(await cycle(30)).toEqual({ requests: 1, final: busy });
  expect(await cycle(45)).toEqual({ requests: 1, final: settledAt(30) });
});

test('what is asked for by hand is confirmed at once, since nobody comes back for it', async () => {
  const { cycle } = await setUp();
  await cycle(0);
  await cycle(15);
  const only = { from: at(-60), to: at(30) };
  expect(await cycle(30, only)).toEqual({ requests: 2, final: settledAt(30) });
});

test.each([120, 3_600])(
  'time of the newest bucket is no gap before it can be covered: %i s',
  async (width) => {
    const clock = new SteppedClock(START);
    const simulator = await startSimulator({ organizations: 1, rows: 1_000, rate: false, clock });
    onTestFinished(() => simulator.stop());
    const { database } = await emptyTestDatabase();
    const organizationId = simulator.organizations[0]?.id ?? '';
    const key: StreamKey = { organizationId, stream: 'api_responses', series: 'nobody' };
    const { client } = startClient(simulator.baseUrl, { clock, key: simulator.key });
    await live(database, client, clock, key, undefined, width);
    const { rows } = await database.pool.query(
      'select expected_lag_seconds::integer as lag from meraki_ingest.streams',
    );
    // Until the bucket is over and has settled, and the next read but one has come.
    expect(rows).toEqual([{ lag: width + 600 + 2 * settings.everySeconds }]);
  },
);

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { type SyncOptions, sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, unpaced } from './archive-run.ts';
import { SteppedClock } from './stepped-clock.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';
import { asReader, expectTrueBuckets, expectTrueDeliveries } from './truth.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Hourly buckets are 30 times fewer; reads this far apart keep an hour's silence from counting as a gap. */
export const SETTINGS = {
  API_RESPONSES_INTERVAL: '3600',
  WEBHOOK_LOGS_EVERY: '2h',
  API_RESPONSES_EVERY: '2h',
};
/** For tests to which a history of 90 days would show no more than one that needs two windows. */
export const SHORT_HISTORY = { ...SETTINGS, WEBHOOK_LOGS_LOOKBACK: '35d' };

interface Report {
  readonly streams: readonly {
    readonly organization_id: string;
    readonly stream: string;
    readonly rows_new: number;
    readonly rows_known: number;
    readonly requests: number;
    readonly error: { readonly code: string } | null;
  }[];
  readonly gaps: number;
  readonly quarantined: number;
}

export interface Bench {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  readonly clock: SteppedClock;
  sync(options?: Partial<SyncOptions>): Promise<{ readonly exitCode: number; readonly report: Report }>;
}

/**
 * A simulator and an archive on one clock that stands still. It begins in the past and ends at the present, since
 * the views compare with the database's own time.
 */
export async function setUp(
  startedAt: number,
  options: SimulatorOptions = {},
  environment: Environment = SHORT_HISTORY,
): Promise<Bench> {
  const clock = new SteppedClock(startedAt);
  // A clock that stands still would never refill the simulator's token bucket.
  const simulator = await startSimulator({ organizations: 2, rows: 3_000, rate: false, clock, ...options });
  onTestFinished(() => simulator.stop());
  const database = await emptyTestDatabase();
  return {
    simulator,
    database,
    clock,
    async sync(changed = {}) {
      const stream = new PassThrough();
      const said = text(stream);
      const exitCode = await sync({
        config: unpaced(configFor(simulator, database, environment)),
        log: testLog,
        clock,
        signal: new AbortController().signal,
        output: { stream, terminal: false },
        json: true,
        organization: undefined,
        stream: undefined,
        only: undefined,
        ...changed,
      }).finally(() => stream.end());
      return { exitCode, report: JSON.parse(await said) as Report };
    },
  };
}

export async function expectTruth({ simulator, database }: Bench): Promise<void> {
  await asReader(database, async (reader) => {
    for (const { id, enabled } of simulator.organizations) {
      expect((await expectTrueDeliveries(reader, simulator, id)) > 0).toBe(enabled);
      await expectTrueBuckets(reader, simulator, id);
    }
  });
}

/** Every stored row with the transaction that wrote it. */
export async function versions(
  { database }: Bench,
  table: string,
  where = 'true',
): Promise<ReadonlyMap<string, string>> {
  const columns =
    table === 'webhook_deliveries'
      ? 'organization_id, sent_at, fingerprint, occurrence'
      : 'organization_id, series, interval_seconds, bucket_start, response_code';
  const found = await database.database.pool.query<{ key: string; written: string }>(
    `select row(${columns})::text as key, xmin::text as written from meraki_store.${table} f where ${where}`,
  );
  return new Map(found.rows.map(({ key, written }) => [key, written]));
}

export function newRows({ streams }: Report, stream: string): number {
  return streams.filter((row) => row.stream === stream).reduce((sum, { rows_new }) => sum + rows_new, 0);
}

export function rewritten(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...before].filter(([key, written]) => after.get(key) !== written).map(([key]) => key);
}

export async function gapsOf({ database }: Bench, stream: string, state: string) {
  return await asReader(database, async (reader) => {
    const found = await reader.query<{
      organization_id: string;
      from: Date;
      to: Date;
      deadline: Date | null;
    }>(
      `select organization_id, gap_from as from, gap_to as to, deadline from meraki.gaps
       where stream = $1 and state = $2 order by organization_id, gap_from`,
      [stream, state],
    );
    return found.rows;
  });
}

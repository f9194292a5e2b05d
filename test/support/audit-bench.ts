import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { type AuditOptions, audit } from '../../src/commands/audit.ts';
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
export const WEBHOOKS = 'getOrganizationWebhooksLogs';
export const CODES = 'getOrganizationApiRequestsOverviewResponseCodesByInterval';

/** Reads this far apart keep an hour's silence from counting as a gap; an archive of hours is read in no time. */
const SETTINGS: Environment = {
  WEBHOOK_LOGS_EVERY: '2h',
  API_RESPONSES_EVERY: '2h',
  WEBHOOK_LOGS_LOOKBACK: '6h',
  API_RESPONSES_LOOKBACK: '6h',
};
const PUNCTUAL = { share: 0, max: 3 };

interface Audited {
  readonly organization_id: string;
  readonly stream: string;
  readonly audited_from: string;
  readonly audited_to: string;
  readonly outcome: string;
  readonly rows_compared: number;
  readonly rows_missing: number;
  readonly rows_surplus: number;
  readonly figures_changed: number;
  readonly repaired: number;
  readonly requests: number;
  readonly error: string | null;
}

export interface Bench {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  readonly clock: SteppedClock;
  readonly organizationId: string;
  readonly environment: Environment;
  sync(options?: Partial<SyncOptions>): Promise<void>;
  audit(
    options?: Partial<AuditOptions>,
  ): Promise<{ readonly exitCode: number; readonly audits: readonly Audited[] }>;
}

export async function setUp(options: SimulatorOptions = {}, environment: Environment = {}): Promise<Bench> {
  const clock = new SteppedClock(Math.floor(Date.now() / 1_000) * 1_000);
  const simulator = await startSimulator({
    organizations: 1,
    rows: 1_500_000,
    rate: false,
    lateness: PUNCTUAL,
    clock,
    ...options,
  });
  onTestFinished(() => simulator.stop());
  const database = await emptyTestDatabase();
  const settings = { ...SETTINGS, ...environment };
  const base = () => ({
    config: unpaced(configFor(simulator, database, settings)),
    log: testLog,
    clock,
    signal: new AbortController().signal,
    json: true,
    organization: undefined,
    stream: undefined,
  });
  return {
    simulator,
    database,
    clock,
    organizationId: simulator.organizations[0]?.id ?? '',
    environment: settings,
    async sync(changed = {}) {
      const stream = new PassThrough();
      stream.resume();
      await sync({ ...base(), output: { stream, terminal: false }, only: undefined, ...changed });
    },
    async audit(changed = {}) {
      const stream = new PassThrough();
      const said = text(stream);
      const exitCode = await audit({
        ...base(),
        output: { stream, terminal: false },
        requests: undefined,
        random: () => 0,
        ...changed,
      }).finally(() => stream.end());
      const { audits } = JSON.parse(await said) as { audits: readonly Audited[] };
      return { exitCode, audits };
    },
  };
}

export const total = (audits: readonly Audited[], of: (audit: Audited) => number) =>
  audits.reduce((sum, one) => sum + of(one), 0);

export function requestsOf({ simulator }: Bench, operation: string): number {
  return simulator
    .requests()
    .filter((request) => request.operation === operation)
    .reduce((sum, { count }) => sum + count, 0);
}

export async function expectTruth({ simulator, database, organizationId }: Bench): Promise<void> {
  await asReader(database, async (reader) => {
    expect(await expectTrueDeliveries(reader, simulator, organizationId)).toBeGreaterThan(0);
    expect(await expectTrueBuckets(reader, simulator, organizationId)).toBeGreaterThan(0);
  });
}

export async function rowsOf<Row extends object>(
  { database }: Bench,
  query: string,
): Promise<readonly Row[]> {
  return (await database.database.pool.query<Row>(query)).rows;
}

/** Changes rows of the facts behind the program's back. @returns how many */
export async function meddle({ database }: Bench, statement: string): Promise<number> {
  return (await database.database.pool.query(statement)).rowCount ?? 0;
}

/** The very oldest rows can lie within the second before it. */
const COVERED_FROM = `(select lower(final) from meraki_ingest.coverage where stream = 'webhook_logs')`;
export const FIRST_HOURS = `sent_at >= ${COVERED_FROM} and sent_at < ${COVERED_FROM} + interval '50 minutes'`;

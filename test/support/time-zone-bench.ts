import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { applyReportSettings } from '../../src/commands/report-settings.ts';
import { sync } from '../../src/commands/sync.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { configFor, unpaced } from './archive-run.ts';
import { SteppedClock } from './stepped-clock.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';

const DAYS_TABLES = [
  'webhook_days',
  'webhook_endpoint_days',
  'webhook_code_days',
  'webhook_alert_days',
  'webhook_network_days',
  'webhook_failure_runs',
  'api_response_days',
  'api_code_days',
];

export interface Bench {
  readonly owned: TestDatabase;
  /** Organizations that hold rows. */
  readonly ids: readonly string[];
  /** Takes another REPORT_TIME_ZONE, as a start does. */
  set(timeZones: string): Promise<void>;
  rollUp(): Promise<void>;
}

/** An archive of the days before a moment, at two minutes a bucket: zones may begin their days at any half hour. */
export async function fill(
  moment: string,
  { days = 12, timeZones }: { days?: number; timeZones?: string } = {},
): Promise<Bench> {
  const clock = new SteppedClock(Date.parse(moment));
  const simulator = await startSimulator({ organizations: 2, rows: 6_000, rate: false, clock });
  const owned = await createTestDatabase();
  const config = unpaced(
    configFor(simulator, owned, {
      REPORT_TIME_ZONE: timeZones,
      WEBHOOK_LOGS_LOOKBACK: `${days}d`,
      API_RESPONSES_LOOKBACK: `${days}d`,
    }),
  );
  const signal = new AbortController().signal;
  await sync({
    config,
    log: testLog,
    clock,
    signal,
    output: { stream: new PassThrough().resume(), terminal: false },
    json: true,
    organization: undefined,
    stream: undefined,
    only: undefined,
  });
  await simulator.stop();
  const now = instantOfMilliseconds(clock.now());
  const partitions = new Partitions(owned.database);
  return {
    owned,
    ids: simulator.organizations.filter(({ enabled }) => enabled).map(({ id }) => id),
    set: async (zones) => {
      await applyReportSettings(owned.database, reportingIn(config, zones), testLog, now);
    },
    rollUp: () => rollUpAll({ database: owned.database, partitions, signal }, now),
  };
}

function reportingIn(config: Config, zones: string): Config {
  const { reports } = loadConfig({ REPORT_TIME_ZONE: zones }, { key: false, terminal: false });
  return { ...config, reports };
}

export async function rows<Row extends object>(
  { owned }: Bench,
  query: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return (await owned.database.pool.query<Row>(query, values)).rows;
}

interface Day {
  readonly date: string;
  readonly n: string;
}

/** Expects the daily views to say what the facts say by local date. */
export async function expectDays(bench: Bench, organizationId: string, zone: string): Promise<void> {
  const local = (time: string) => `to_char(${time} at time zone $2, 'YYYY-MM-DD')`;
  const ask = (query: string) => rows<Day>(bench, `${query} group by 1 order by 1`, [organizationId, zone]);
  const deliveries = await ask(
    `select ${local('sent_at')} as date, count(*) as n from meraki_store.webhook_deliveries
     where organization_id = $1`,
  );
  const requests = await ask(
    `select ${local('bucket_start')} as date, sum(request_count)::bigint as n from meraki.api_responses
     where organization_id = $1 and series = 'all'`,
  );
  expect(deliveries.length).toBeGreaterThan(1);
  expect(requests.length).toBe(deliveries.length);
  const inZone = 'organization_id = $1 and bucket_start = date::timestamp at time zone $2';
  expect(
    await ask(
      `select date::text, sum(deliveries)::bigint as n from meraki.webhook_deliveries_daily where ${inZone}`,
    ),
  ).toEqual(deliveries);
  expect(
    await ask(
      `select date::text, sum(deliveries)::bigint as n from meraki.webhook_receivers_daily
       where ${inZone} and deliveries > 0`,
    ),
  ).toEqual(deliveries);
  expect(
    await ask(
      `select date::text, sum(requests)::bigint as n from meraki.api_responses_daily
       where ${inZone} and series = 'all' and requests > 0`,
    ),
  ).toEqual(requests);
  const elsewhere = await rows<{ n: string }>(
    bench,
    `select count(*) as n from meraki.webhook_deliveries_daily
     where organization_id = $1 and bucket_start <> date::timestamp at time zone $2`,
    [organizationId, zone],
  );
  expect(elsewhere).toEqual([{ n: '0' }]);
}

export const stale = async (bench: Bench) =>
  (
    await rows<{ id: string }>(
      bench,
      'select distinct organization_id as id from meraki_store.rollup_stale where not isempty(stale) order by 1',
    )
  ).map(({ id }) => id);

/** All that is kept by day, but for when it was written. */
export async function keptDays(bench: Bench): Promise<Record<string, unknown[]>> {
  const kept: Record<string, unknown[]> = {};
  for (const table of DAYS_TABLES) {
    const found = await rows<{ row: object }>(
      bench,
      `select to_jsonb(t) - 'updated_at' as row from meraki_store.${table} t order by 1`,
    );
    kept[table] = found.map(({ row }) => row);
  }
  return kept;
}

export const hoursOf = async (bench: Bench, zone: string, date: string) =>
  (
    await rows<{ hours: number }>(
      bench,
      `select (extract(epoch from day_end - day_start) / 3600)::float8 as hours from meraki_store.calendar_days
       where time_zone = $1 and date = $2`,
      [zone, date],
    )
  )[0]?.hours;

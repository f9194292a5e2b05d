import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { applyReportSettings } from '../../src/commands/report-settings.ts';
import { sync } from '../../src/commands/sync.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { spellTimeZones } from '../../src/db/report-time-zones.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { configFor, unpaced } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

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

interface Bench {
  readonly owned: TestDatabase;
  /** Organizations that hold rows. */
  readonly ids: readonly string[];
  /** Takes another REPORT_TIME_ZONE, as a start does. */
  set(timeZones: string): Promise<void>;
  rollUp(): Promise<void>;
}

/** An archive of the days before a moment, at two minutes a bucket: zones may begin their days at any half hour. */
async function fill(
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
    organizationId: undefined,
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

async function rows<Row extends object>(
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
async function expectDays(bench: Bench, organizationId: string, zone: string): Promise<void> {
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

const stale = async (bench: Bench) =>
  (
    await rows<{ id: string }>(
      bench,
      'select distinct organization_id as id from meraki_store.rollup_stale where not isempty(stale) order by 1',
    )
  ).map(({ id }) => id);

/** All that is kept by day, but for when it was written. */
async function keptDays(bench: Bench): Promise<Record<string, unknown[]>> {
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

const hoursOf = async (bench: Bench, zone: string, date: string) =>
  (
    await rows<{ hours: number }>(
      bench,
      `select (extract(epoch from day_end - day_start) / 3600)::float8 as hours from meraki_store.calendar_days
       where time_zone = $1 and date = $2`,
      [zone, date],
    )
  )[0]?.hours;

describe.each([
  ['spring', '2025-04-08T10:07:00Z', '2025-03-30', 23, '2025-03-09', 23],
  ['autumn', '2025-11-05T10:07:00Z', '2025-10-26', 25, '2025-11-02', 25],
] as const)('in %s', (_, moment, viennaDay, viennaHours, newfoundlandDay, newfoundlandHours) => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await fill(moment);
  }, 60_000);

  test.each([
    ['Europe/Vienna', viennaDay, viennaHours],
    ['America/St_Johns', newfoundlandDay, newfoundlandHours],
    ['Asia/Kolkata', viennaDay, 24],
    ['UTC', viennaDay, 24],
  ])(
    'days of %s are counted by the local date, before they are rolled up and after',
    async (zone, day, hours) => {
      await bench.set(zone);
      expect(await hoursOf(bench, zone, day)).toBe(hours);
      for (const id of bench.ids) await expectDays(bench, id, zone);
      await bench.rollUp();
      expect(await stale(bench)).toEqual([]);
      for (const id of bench.ids) await expectDays(bench, id, zone);
    },
    60_000,
  );

  test('the hours of the day on which the clocks change add up to it', async () => {
    await bench.set('Europe/Vienna');
    await bench.rollUp();
    const found = await rows<{ hours: string; by_hour: string; by_day: string }>(
      bench,
      `select count(distinct h.bucket_start) as hours, sum(h.deliveries) as by_hour,
         (select sum(deliveries) from meraki.webhook_deliveries_daily
          where organization_id = $1 and date = $2) as by_day
       from meraki.webhook_deliveries_hourly h where organization_id = $1 and date = $2`,
      [bench.ids[0], viennaDay],
    );
    expect(Number(found[0]?.hours)).toBeLessThanOrEqual(viennaHours);
    expect(Number(found[0]?.by_hour)).toBeGreaterThan(0);
    expect(found[0]?.by_hour).toBe(found[0]?.by_day);
  });
});

describe('a change of time zone', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await fill('2025-11-04T10:07:00Z', { days: 4 });
  }, 60_000);

  test('there and back leaves what was there, and the same again changes nothing', async () => {
    await bench.set('UTC');
    await bench.rollUp();
    const before = await keptDays(bench);
    expect(Object.values(before).filter((kept) => kept.length === 0)).toEqual([]);
    for (const zone of ['America/St_Johns', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC']) {
      await bench.set(zone);
      expect(await stale(bench)).toEqual([...bench.ids].sort());
      await bench.rollUp();
      expect(await stale(bench)).toEqual([]);
    }
    expect(await keptDays(bench)).toEqual(before);
    await bench.set('UTC');
    expect(await stale(bench)).toEqual([]);
  }, 60_000);

  test('of one organization leaves the others alone', async () => {
    const [one = '', other = ''] = bench.ids;
    await bench.set('Asia/Kolkata');
    await bench.rollUp();
    await bench.set(`Asia/Kolkata ${one}=America/St_Johns 404=Europe/Vienna`);
    expect(await stale(bench)).toEqual([one]);
    await expectDays(bench, one, 'America/St_Johns');
    await expectDays(bench, other, 'Asia/Kolkata');
    await bench.rollUp();
    await expectDays(bench, one, 'America/St_Johns');
    await expectDays(bench, other, 'Asia/Kolkata');
    const shown = await rows(bench, 'select id, time_zone from meraki.organizations where id = $1', [one]);
    expect(shown).toEqual([{ id: one, time_zone: 'America/St_Johns' }]);
  }, 60_000);

  test('while rollups are at work comes to the same', async () => {
    const zones = ['Europe/Vienna', 'UTC', 'America/St_Johns', 'Asia/Kolkata', 'Europe/Vienna'];
    await Promise.all([
      (async () => {
        for (const zone of zones) await bench.set(zone);
      })(),
      (async () => {
        for (const _ of zones) await bench.rollUp();
      })(),
    ]);
    for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
    await bench.rollUp();
    for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
  }, 60_000);

  test('that cannot be written changes nothing', async () => {
    await bench.set('UTC');
    await bench.rollUp();
    const before = await keptDays(bench);
    const alter = (what: string) => rows(bench, `alter table meraki_store.organizations ${what}`);
    await alter(`add constraint only_utc check (time_zone = 'UTC')`);
    onTestFinished(async () => {
      await alter('drop constraint only_utc');
    });
    await expect(bench.set('Asia/Kolkata')).rejects.toThrow('only_utc');
    expect(await keptDays(bench)).toEqual(before);
    expect(await stale(bench)).toEqual([]);
  });
});

test('an organization has its time zone, and days, from its first sight', async () => {
  const bench = await fill('2025-11-04T10:07:00Z', { days: 3, timeZones: 'europe/vienna' });
  expect(await stale(bench)).toEqual([]);
  for (const id of bench.ids) await expectDays(bench, id, 'Europe/Vienna');
}, 60_000);

test('time zones are spelled as Postgres does, and those it does not know are refused at once', async () => {
  const { database, url } = await createTestDatabase();
  expect(await spellTimeZones(database.query, ['asia/KOLKATA', 'Nowhere/Land', 'UTC'])).toEqual(
    new Map([
      ['asia/KOLKATA', 'Asia/Kolkata'],
      ['UTC', 'UTC'],
    ]),
  );
  const config = loadConfig({ DATABASE_URL: url }, { key: false, terminal: false });
  const timeZones = { otherwise: 'Nowhere/Land', byOrganization: new Map([['1', 'Here/There']]) };
  const refused = applyReportSettings(
    database,
    { ...config, reports: { ...config.reports, timeZones } },
    testLog,
    0,
  );
  await expect(refused).rejects.toBeInstanceOf(ConfigurationError);
  await expect(refused).rejects.toThrow('Nowhere/Land, Here/There');
});

test('the views are told of the objective and of the series of its own', async () => {
  const { database, url } = await createTestDatabase();
  const config = loadConfig({ DATABASE_URL: url, API_OBJECTIVE: '0.95' }, { key: false, terminal: false });
  const series = [
    { name: 'inventory', userAgent: 'Inventory' },
    { name: 'own', userAgent: 'historianfordashboards' },
  ];
  const apiResponses = { ...config.apiResponses, series };
  await applyReportSettings(
    database,
    { ...config, apiResponses },
    testLog,
    instantOfMilliseconds(Date.now()),
  );
  const settings = await database.pool.query(`
    select name, value from meraki_ingest.settings where name in ('api_objective', 'own_series') order by name`);
  expect(settings.rows).toEqual([
    { name: 'api_objective', value: '0.95' },
    { name: 'own_series', value: '["own"]' },
  ]);
});

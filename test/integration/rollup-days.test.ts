/** Days of every length in the dense series: one row each, what is missing is null, what is idle is 0. */
import { beforeAll, describe, expect, test } from 'vitest';
import { rangesOf } from '../../src/ranges.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { at, DAY, delivery, HOUR, RollupBench } from '../support/rollup-bench.ts';

let bench: RollupBench;

const DAYS = [
  ['UTC', '2026-03-29', '2026-03-29T00:00:00Z', 24],
  ['Europe/Vienna', '2026-03-29', '2026-03-28T23:00:00Z', 23],
  ['Europe/Vienna', '2025-10-26', '2025-10-25T22:00:00Z', 25],
  ['Asia/Kolkata', '2026-03-29', '2026-03-28T18:30:00Z', 24],
  ['Asia/Kathmandu', '2026-03-29', '2026-03-28T18:15:00Z', 24],
  ['America/St_Johns', '2026-03-08', '2026-03-08T03:30:00Z', 23],
  ['America/St_Johns', '2025-11-02', '2025-11-02T02:30:00Z', 25],
  // Midnight is skipped.
  ['America/Havana', '2026-03-08', '2026-03-08T05:00:00Z', 23],
  ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00Z', 23],
  ['Asia/Beirut', '2026-03-29', '2026-03-28T22:00:00Z', 23],
  // Midnight comes twice.
  ['America/Havana', '2025-11-02', '2025-11-02T04:00:00Z', 25],
  ['America/Havana', '2026-11-01', '2026-11-01T04:00:00Z', 25],
  ['Atlantic/Azores', '2025-10-26', '2025-10-26T00:00:00Z', 25],
  // The hour before midnight comes twice.
  ['Africa/Cairo', '2025-10-30', '2025-10-29T21:00:00Z', 25],
  // Clocks move by half an hour.
  ['Australia/Lord_Howe', '2026-10-04', '2026-10-03T13:30:00Z', 23.5],
  ['Australia/Lord_Howe', '2026-04-05', '2026-04-04T13:00:00Z', 24.5],
] as const;

describe.each(DAYS)('%s on %s, from %s, has %d hours', (zone, date, start, hours) => {
  const [from, to] = [at(start), at(start) + hours * HOUR];
  const wanted = { from: from - DAY, to: to + DAY };

  test('all of which are counted and covered, before and after they are rolled up', async () => {
    bench = await RollupBench.create();
    await bench.addOrganization('1', zone, wanted, { ended: true });
    const quarters = Array.from(
      { length: (to - from) / (HOUR / 4) },
      (_, quarter) => from + (quarter * HOUR) / 4,
    );
    const beside = [from - 1, to].map((instant) => delivery(instant, { fingerprint: 2n }));
    await bench.writeDeliveries('1', [...quarters.map((instant) => delivery(instant)), ...beside]);
    await bench.coverDeliveries('1', rangesOf({ from, to }));
    const read = rangesOf({ from: from - HOUR, to: to + HOUR });
    const counts = quarters.map((bucketStart) => ({ bucketStart, responseCode: 200, requestCount: 1 }));
    await bench.writeCounts('1', [{ intervalSeconds: 900, counts, read, final: read }]);
    for (const rolled of [false, true]) {
      if (rolled) await rollUpAll(bench.context, bench.now);
      expect(
        await bench.rows(
          `select deliveries::integer, coverage_ratio as covered, is_final, bucket_start = $2 as begins
           from meraki.webhook_totals_daily where date = $1`,
          [date, new Date(from / 1_000)],
        ),
      ).toEqual([{ deliveries: quarters.length, covered: 1, is_final: true, begins: true }]);
      expect(
        await bench.rows(
          `select requests::integer, coverage_ratio as covered, is_final, bucket_start = $2 as begins
           from meraki.api_responses_daily where date = $1`,
          [date, new Date(from / 1_000)],
        ),
      ).toEqual([{ requests: quarters.length, covered: 1, is_final: true, begins: true }]);
      expect(
        await bench.rows(
          `select round(mean_share * 3600 * $2::float8 * 10)::integer as requests from meraki.api_budget_daily
           where date = $1`,
          [date, hours],
        ),
      ).toEqual([{ requests: quarters.length }]);
      expect(
        await bench.rows('select count(*)::integer as n from meraki.webhook_deliveries where date = $1', [
          date,
        ]),
      ).toEqual([{ n: quarters.length }]);
      expect(await monthsBeside()).toEqual([]);
      expect(await bench.rows('select from meraki.api_busiest_hours')).toHaveLength(
        Math.min(24, Math.ceil(to / HOUR) - Math.floor(from / HOUR)),
      );
    }
  });
});

/** Months of reports that do not begin with a day. */
async function monthsBeside(): Promise<readonly object[]> {
  return await bench.rows(
    `select month_start from (
       select month_start from meraki.webhook_heat_map
       union all select month_start from meraki.api_heat_map
       union all select month_start from meraki.api_busiest_hours
       union all select bucket_start from meraki.webhook_receivers_monthly
     ) months
     where month_start not in (select day_start from meraki_store.calendar_days d
       join meraki_store.organizations o on o.time_zone = d.time_zone where extract(day from d.date) = 1)`,
  );
}

const SERIES = [
  'webhook_totals_hourly',
  'webhook_totals_daily',
  'webhook_receivers_hourly',
  'webhook_receivers_daily',
  'api_responses_hourly',
  'api_responses_daily',
] as const;

describe('a dense series', () => {
  const wanted = { from: at('2026-03-26T00:00:00Z'), to: at('2026-04-02T00:00:00Z') };
  const covered = { from: at('2026-03-28T23:00:00Z'), to: at('2026-03-31T22:00:00Z') };
  const final = { from: covered.from, to: at('2026-03-30T22:00:00Z') };

  beforeAll(async () => {
    bench = await RollupBench.create();
    await bench.addOrganization('1', 'Europe/Vienna', wanted, { ended: true });
    // One delivery lies where nothing was read, as a replay leaves it.
    const instants = ['2026-03-26T12:00:00Z', '2026-03-29T12:00:00Z', '2026-03-31T12:00:00Z'];
    await bench.writeDeliveries(
      '1',
      instants.map((text) => delivery(at(text))),
    );
    await bench.coverDeliveries('1', [final], [covered]);
    const counts = instants
      .slice(1)
      .map((text) => ({ bucketStart: at(text), responseCode: 200, requestCount: 1 }));
    await bench.writeCounts('1', [{ intervalSeconds: 3_600, counts, read: [covered], final: [final] }]);
    await rollUpAll(bench.context, bench.now);
  });

  test.each(SERIES)('%s has each stretch once, without holes', async (view) => {
    const step = view.endsWith('hourly') ? "interval '1 hour'" : "interval '1 day'";
    const found = await bench.rows(
      `select count(*) > 6 as many, count(*) = count(distinct bucket_start) as once,
         max(local) - min(local) = (count(*) - 1) * ${step} as contiguous
       from (
         select bucket_start, ${view.endsWith('hourly') ? 'bucket_start' : 'date::timestamp'} as local
         from meraki.${view}
       ) rows`,
    );
    expect(found).toEqual([{ many: true, once: true, contiguous: true }]);
  });

  test.each([
    ['nothing was read', '2026-03-27', { deliveries: null, requests: null, covered: 0, is_final: false }],
    ['read, final', '2026-03-29', { deliveries: 1, requests: 1, covered: 1, is_final: true }],
    ['read and idle', '2026-03-30', { deliveries: 0, requests: 0, covered: 1, is_final: true }],
    ['read, provisional', '2026-03-31', { deliveries: 1, requests: 1, covered: 1, is_final: false }],
  ])('tells apart: %s', async (_name, date, told) => {
    const found = await bench.rows(
      `select t.deliveries::integer, a.requests::integer, t.coverage_ratio as covered, t.is_final
       from meraki.webhook_totals_daily t
       join meraki.webhook_receivers_daily r
         on r.date = t.date and (r.deliveries, r.coverage_ratio, r.is_final)
           is not distinct from (t.deliveries, t.coverage_ratio, t.is_final)
       join meraki.api_responses_daily a
         on a.date = t.date and (a.coverage_ratio, a.is_final) = (t.coverage_ratio, t.is_final)
       where t.date = $1`,
      [date],
    );
    expect(found).toEqual([told]);
  });

  test('shows what is stored, also where nothing was read', async () => {
    const found = await bench.rows(
      `select deliveries::integer, failures::integer, coverage_ratio as covered, is_final
       from meraki.webhook_totals_daily where date = '2026-03-26'`,
    );
    expect(found).toEqual([{ deliveries: 1, failures: 0, covered: 0, is_final: false }]);
  });
});

/*
 * A condition on a view's time reaches what it reads: other partitions are not touched, far fewer rows come out of
 * tables, and nothing is made from facts where nothing is stale. Every view with such a column is asked.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { describeViews } from '../dictionary/described-views.ts';
import { fillKnownArchive } from '../reports/fill-known-archive.ts';
import { makeBuckets, makeDeliveries } from '../reports/known-archive.ts';
import { readByPlan } from '../reports/read-by-plan.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Rollups and facts are stored for March and April; stale are hours of 4, 28 and 29 March. */
const CONDITIONS: Readonly<Record<string, string>> = {
  bucket_start: `bucket_start >= '2026-03-02T12:00Z' and bucket_start < '2026-03-03T12:00Z'`,
  month_start: `month_start >= '2026-03-31T12:00Z' and month_start < '2026-04-30T00:00Z'`,
};
const BOTH_MONTHS = /^(webhook|api)_\w+_2026_0[34]$/;
const ROLLUPS = /^(webhook|api)_.*_(hours|days)(_\d{4}_\d\d)?$/;

/** Its bucket_start is that of a month. */
const MONTHS_WITHOUT_NAME = new Set(['webhook_receivers_monthly']);

let owned: TestDatabase;
let views: readonly { readonly view: string; readonly column: string }[];

beforeAll(async () => {
  owned = await createTestDatabase();
  await fillKnownArchive(owned.database, makeDeliveries(), makeBuckets());
  await owned.database.pool.query('analyze');
  const described = await describeViews(owned.database.pool);
  views = described.flatMap(({ name, columns }) => {
    const view = `meraki.${name}`;
    const times = Object.keys(CONDITIONS).filter((time) => columns.some((column) => column.name === time));
    const column = times.at(-1);
    return column === undefined || MONTHS_WITHOUT_NAME.has(name) ? [] : [{ view, column }];
  });
});

const read = (view: string, condition: string) =>
  readByPlan(owned.database, `select * from ${view} where ${condition}`);

test('views by hour and day read the partitions of their time, and no facts where nothing is stale', async () => {
  const hourly: string[] = [];
  for (const { view, column } of views.filter((one) => one.column === 'bucket_start')) {
    for (const organization of ['', ` and organization_id = 'berlin'`]) {
      const { rows, functions } = await read(view, CONDITIONS[column] + organization);
      const touched = [...rows.keys()].filter((table) => BOTH_MONTHS.test(table));
      expect({ view, touched: touched.filter((table) => !table.endsWith('_03')) }).toEqual({
        view,
        touched: [],
      });
      if (touched.length > 0) hourly.push(view);
      const made = [...functions].filter((name) => /_within$|_of$/.test(name) && name !== 'hours_within');
      expect({ view, made }).toEqual({ view, made: [] });
    }
  }
  expect(hourly).toEqual(
    expect.arrayContaining(['meraki.webhook_week_over_week', 'meraki.api_week_over_week']),
  );
});

describe('what a reader may see is gone through a few times, not for each row of the tables', () => {
  // As if the tables were large enough for several processes to read them.
  const settings = {
    parallel_setup_cost: '0',
    parallel_tuple_cost: '0',
    min_parallel_table_scan_size: '0',
    min_parallel_index_scan_size: '0',
    jit: 'off',
  };
  const readLarge = (statement: string) => readByPlan(owned.database, statement, settings);
  const visible = (loops: ReadonlyMap<string, number>) =>
    (loops.get('visible_webhooks') ?? 0) + (loops.get('visible_series') ?? 0);

  test('in every view by hour and day, and in deliveries', async () => {
    const asked = [...views, { view: 'meraki.webhook_deliveries', column: 'sent_at' }];
    const often: Record<string, number> = {};
    for (const { view, column } of asked.filter((one) => one.column !== 'month_start')) {
      const { loops } = await readLarge(
        `select count(r) from ${view} r where organization_id = 'berlin' and ${column} >= '2026-03-02'`,
      );
      // Some are made of several rollups and each of these of the calendar, too.
      if (visible(loops) > 8) often[view] = visible(loops);
    }
    expect(often).toEqual({});
  });

  test('once or twice for hours of deliveries', async () => {
    const { rows, loops } = await readLarge(
      `select endpoint_id, sum(deliveries) from meraki.webhook_deliveries_hourly
       where organization_id = 'berlin' and bucket_start >= '2026-03-02' group by endpoint_id`,
    );
    expect(rows.get('webhook_hours_2026_03')).toBeGreaterThan(100);
    expect(visible(loops)).toBeLessThanOrEqual(2);
  });
});

test.each(['', ` where organization_id = 'berlin'`])(
  'sums of deliveries look no name of a member up%s',
  async (condition) => {
    for (const view of ['meraki.webhook_deliveries_hourly', 'meraki.webhook_deliveries_daily']) {
      const statement = `select endpoint_id, sum(deliveries), sum(successes) from ${view}${condition} group by 1`;
      const { loops } = await readByPlan(owned.database, statement);
      const names = [...loops.keys()].filter((name) =>
        /^seen_(networks|alert_types|webhook_endpoints)$/.test(name),
      );
      expect({ view, names }).toEqual({ view, names: [] });
      const { loops: named } = await readByPlan(
        owned.database,
        `select network_name from ${view}${condition}`,
      );
      expect([...named.keys()]).toContain('seen_networks');
    }
  },
);

test('views by month read the partitions of their months', async () => {
  const monthly = views.filter((one) => one.column === 'month_start');
  for (const { view, column } of monthly) {
    const { rows } = await read(view, `${CONDITIONS[column]} and organization_id = 'berlin'`);
    const touched = [...rows].filter(([table, count]) => BOTH_MONTHS.test(table) && count > 0);
    // April begins two hours before midnight of UTC.
    const [march = 0, april = 0] = ['_03', '_04'].map((month) =>
      touched.reduce((sum, [table, count]) => sum + (table.endsWith(month) ? count : 0), 0),
    );
    expect({ view, march: march < 10, april: april > 50 }).toEqual({ view, march: true, april: true });
  }
  expect(monthly.map(({ view }) => view)).toEqual([
    'meraki.api_busiest_hours',
    'meraki.api_heat_map',
    'meraki.webhook_heat_map',
  ]);
});

test('the time that is asked for decides how many rows come out of rollups', async () => {
  const counts = async (view: string, condition: string) => {
    const { rows } = await read(view, condition);
    return [...rows].reduce((sum, [table, count]) => sum + (ROLLUPS.test(table) ? count : 0), 0);
  };
  for (const { view, column } of views) {
    const [some, all] = [await counts(view, CONDITIONS[column] ?? ''), await counts(view, 'true')];
    if (all > 0) expect({ view, some, all, few: some < all / 3 }).toMatchObject({ view, few: true });
  }
});

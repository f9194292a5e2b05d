import { beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import { readReportViews } from '../../src/db/report-views.ts';
import { viewQuery } from '../../src/db/view-rows.ts';
import { UsageError } from '../../src/errors.ts';
import { EXPORT_FORMATS } from '../../src/export/export-format.ts';
import { planExport } from '../../src/export/plan-export.ts';
import { timeColumnOf } from '../../src/export/time-column.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, workUntilCaughtUp } from '../support/archive-run.ts';
import { at, exportOf, NEVER, WITHOUT_GUARD, without } from '../support/export-of.ts';
import { exportedRows, parquetRows, storedRows } from '../support/exported-rows.ts';
import { fillOddDeliveries } from '../support/odd-deliveries.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

/** Columns that count from the moment they are asked for. */
const FROM_NOW = ['lag_seconds', 'seconds_left', 'covered_ratio'];

const NOW = instantOfMilliseconds(Date.now());
const DAY = 86_400_000_000;
const WEEK = { from: NOW - 9 * DAY, to: NOW - 2 * DAY };

describe('an archive of a simulated dashboard', () => {
  let archive: TestDatabase;

  beforeAll(async () => {
    const simulator = await startSimulator({ organizations: 2, rows: 1_500 });
    archive = await createTestDatabase();
    try {
      await workUntilCaughtUp(configFor(simulator, archive, { API_RESPONSES_INTERVAL: '3600' }));
    } finally {
      await simulator.stop();
    }
  });

  test.each(EXPORT_FORMATS)('every view gives its rows of a week as %s, in order', async (format) => {
    const views = await readReportViews(archive.database.query);
    expect(views.length).toBeGreaterThan(20);
    let rows = 0;
    for (const view of views) {
      const { name, columns } = view;
      const range = timeColumnOf(view) === undefined ? NEVER : WEEK;
      const exported = await exportOf(archive, name, format, { csv: WITHOUT_GUARD, range });
      const read = await exportedRows(archive, name, format, exported.bytes);
      const stored = await storedRows(archive, name, exported.timeColumn, range);
      expect([name, without(read, FROM_NOW)]).toEqual([name, without(stored, FROM_NOW)]);
      expect(exported.rows, name).toBe(stored.length);
      if (read[0] !== undefined) expect(Object.keys(read[0])).toEqual(columns.map((column) => column.name));
      rows += read.length;
    }
    expect(rows).toBeGreaterThan(1_000);
  });

  test('without a range, views come out whole', async () => {
    const { pool, query } = archive.database;
    const views = await readReportViews(query);
    // The others have a time column like these, and are exported by week above.
    const timed = [
      'webhook_deliveries',
      'webhook_receivers_daily',
      'api_responses_hourly',
      'webhook_incidents',
    ];
    const whole = views.filter((view) => timeColumnOf(view) === undefined || timed.includes(view.name));
    expect(whole.length).toBeGreaterThan(timed.length);
    for (const { name } of whole) {
      const count = async (): Promise<number> =>
        (await pool.query(`select count(*)::integer as rows from meraki.${name}`)).rows[0].rows;
      const before = await count();
      const { rows } = await exportOf(archive, name, 'json');
      // Views of hours gain a row when an hour begins.
      if (rows !== before) {
        expect(rows, name).toBeGreaterThan(before);
        expect(rows, name).toBeLessThanOrEqual(await count());
      }
    }
  });

  test('each format names the columns of a view without rows', async () => {
    const nothing = { range: { from: at('1980-01-01T00:00:00Z'), to: at('1980-01-02T00:00:00Z') } };
    const exported = await exportOf(archive, 'gaps', 'csv', nothing);
    expect(exported.bytes.toString()).toMatch(/^organization_id,stream,series,gap_from,[a-z_,]+\n$/);
    expect((await exportOf(archive, 'gaps', 'json', nothing)).bytes.length).toBe(0);
    const parquet = await exportOf(archive, 'gaps', 'parquet', nothing);
    expect(await parquetRows(parquet.bytes)).toEqual([]);
  });

  test('an organization that is not known is refused, with those that are', async () => {
    const asked = exportOf(archive, 'gaps', 'csv', { organizations: ['nope'] });
    await expect(asked).rejects.toThrow(UsageError);
    const [first] = (await archive.database.pool.query('select id, name from meraki.organizations')).rows;
    await expect(asked).rejects.toThrow(`${first.id}  ${first.name}`);
  });

  test('a role that sees only the views can export them', async ({ skip }) => {
    skip(archive.readerUrl === undefined, 'this server lets meraki_reader in with a password only');
    const database = openDatabase(archive.readerUrl ?? '', testLog);
    try {
      const exported = await exportOf({ ...archive, database }, 'webhook_deliveries', 'csv');
      expect(exported.rows).toBeGreaterThan(100);
    } finally {
      await database.close();
    }
  });
});

describe('what Postgres is asked', () => {
  test('reaches only the partitions of the range, and sorts nothing but them', async () => {
    const { database } = await createTestDatabase();
    for (const month of ['01', '02', '03']) {
      await database.pool.query(
        `create table meraki_store.webhook_deliveries_2026_${month} partition of meraki_store.webhook_deliveries
         for values from ('2026-${month}-01Z') to ('2026-${month}-28Z')`,
      );
    }
    const range = { from: at('2026-02-01T00:00:00Z'), to: at('2026-02-15T00:00:00Z') };
    const selection = planExport(await readReportViews(database.query), {
      view: 'webhook_deliveries',
      columns: undefined,
      range,
      organizations: ['1'],
    });
    const { text, values } = viewQuery(selection, range);
    const plan = await database.pool.query(`explain (costs off) ${text}`, [...values]);
    const said = plan.rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(said).toContain('webhook_deliveries_2026_02');
    expect(said).not.toMatch(/webhook_deliveries_2026_0[13]/);
  });

  test('is answered as of one moment, however long the reader takes', async () => {
    const owned = await createTestDatabase();
    await fillOddDeliveries(owned.database);
    await owned.database.pool.query(
      `insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, updated_at)
       values ('1', 'webhook_logs', 'all', 0, '{[2026-01-15Z,2026-01-31Z)}', now())`,
    );
    const before = await storedRows(owned, 'webhook_deliveries', 'sent_at');
    let changes = 0;
    const { bytes } = await exportOf(owned, 'webhook_deliveries', 'json', {}, async () => {
      changes += 1;
      await owned.database.pool.query(`delete from meraki_store.webhook_deliveries`);
    });
    expect(changes).toBeGreaterThan(1);
    expect(await exportedRows(owned, 'webhook_deliveries', 'json', bytes)).toEqual(before);
    expect(await storedRows(owned, 'webhook_deliveries', 'sent_at')).toEqual([]);
  });
});

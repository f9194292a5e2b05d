/* Each format keeps every value that a row can have, however odd. */
import { beforeAll, describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '../../src/export/export-format.ts';
import { at, exportOf, WITHOUT_GUARD } from '../support/export-of.ts';
import { csvCells, exportedRows, parquetRows, storedRows } from '../support/exported-rows.ts';
import { fillOddDeliveries, ODD_TEXTS } from '../support/odd-deliveries.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe('odd rows', () => {
  let odd: TestDatabase;

  beforeAll(async () => {
    odd = await createTestDatabase();
    await fillOddDeliveries(odd.database);
  });

  test.each(
    EXPORT_FORMATS.flatMap((format) =>
      ['webhook_deliveries', 'networks', 'api_responses', 'sync_runs'].map((view) => [format, view] as const),
    ),
  )('%s keeps every value of %s', async (format, view) => {
    const exported = await exportOf(odd, view, format, { csv: WITHOUT_GUARD });
    const stored = await storedRows(odd, view, exported.timeColumn);
    expect(stored.length).toBeGreaterThan(0);
    expect(await exportedRows(odd, view, format, exported.bytes)).toEqual(stored);
  });

  test('Parquet has types of its own', async () => {
    const { bytes } = await exportOf(odd, 'webhook_deliveries', 'parquet');
    const [row] = await parquetRows(bytes);
    expect(row).toMatchObject({
      sent_at: '2026-01-15T00:00:00.000001Z',
      response_code: null,
      is_success: false,
      response_duration_ms: 5n,
      endpoint_id: '-1234567890123456789',
    });
    const counts = (await parquetRows((await exportOf(odd, 'api_responses', 'parquet')).bytes)).at(-1);
    expect(counts).toMatchObject({ request_count: 9_007_199_254_740_993n, interval_seconds: 120 });
  });

  test('CSV guards texts that begin like formulas, and leaves numbers alone', async () => {
    const { bytes } = await exportOf(odd, 'webhook_deliveries', 'csv');
    const cells = csvCells(bytes);
    const guarded = cells.map(({ alert_type }) => alert_type);
    expect(guarded).toEqual(
      ODD_TEXTS.map((text) => (/^[=+\-@\t\r]/.test(text) && text !== '-1' ? `'${text}` : text)),
    );
    expect(guarded.filter((text) => text?.startsWith("'")).length).toBeGreaterThan(5);
    expect(cells[0]?.['endpoint_id']).toBe('-1234567890123456789');
  });

  test('CSV begins with a byte order mark where one is asked for', async () => {
    const csv = { unguarded: false, byteOrderMark: true };
    const { bytes } = await exportOf(odd, 'response_codes', 'csv', { csv });
    expect(bytes.subarray(0, 5).toString('hex')).toBe('efbbbf6964');
    expect((await exportOf(odd, 'response_codes', 'csv')).bytes.subarray(0, 2).toString()).toBe('id');
  });

  test('a range has its beginning and not its end, to the microsecond', async () => {
    const range = { from: at('2026-01-15T00:01:00.000001Z'), to: at('2026-01-15T00:04:00.000001Z') };
    const { bytes } = await exportOf(odd, 'webhook_deliveries', 'csv', { range, columns: ['sent_at'] });
    expect(csvCells(bytes).map(({ sent_at }) => sent_at?.slice(14))).toEqual([
      '01:00.000001Z',
      '02:00.000001Z',
      '03:00.000001Z',
    ]);
    const days = { from: at('2026-01-15T00:00:01Z'), to: at('2026-01-17T00:00:01Z') };
    const dates = await exportOf(odd, 'dates', 'csv', { range: days, columns: ['id'] });
    expect(dates.bytes.toString()).toBe('id\n2026-01-16\n2026-01-17\n');
  });

  test('columns come in the order asked for, organizations only as asked for', async () => {
    const { bytes } = await exportOf(odd, 'api_responses', 'csv', {
      columns: ['response_code', 'organization_id'],
      organizations: ['2', '3'],
    });
    expect(bytes.toString()).toBe('response_code,organization_id\n200,3\n200,2\n');
  });
});

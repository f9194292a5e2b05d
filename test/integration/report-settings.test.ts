/* What a start tells the views of the settings of reports. */
import { expect, test } from 'vitest';
import { applyReportSettings } from '../../src/commands/report-settings.ts';
import { loadConfig } from '../../src/config.ts';
import { spellTimeZones } from '../../src/db/report-time-zones.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

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

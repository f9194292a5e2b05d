/* What a role, a database or a whole server may be set to, for the sake of others who use it. */
import { expect, onTestFinished, test } from 'vitest';
import { compareWithTruth } from '../../src/commands/compare-with-truth.ts';
import { openDatabase } from '../../src/db/database.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, unpaced, workUntilCaughtUp } from '../support/archive-run.ts';
import { runHere } from '../support/run-here.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const ODD = [
  "datestyle = 'German, DMY'",
  "intervalstyle = 'sql_standard'",
  'extra_float_digits = -15',
  'standard_conforming_strings = off',
  "default_transaction_isolation = 'repeatable read'",
  "timezone = 'America/St_Johns'",
  "bytea_output = 'escape'",
];

test('an archive is exact in a database that writes dates and numbers in another way', async () => {
  const simulator = await startSimulator({ organizations: 1, rows: 600, rate: false });
  onTestFinished(() => simulator.stop());
  const owned = await createTestDatabase();
  for (const setting of ODD) {
    await owned.database.pool.query(`alter database ${owned.name} set ${setting}`);
  }
  const environment = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_LOOKBACK: '40d' };
  await workUntilCaughtUp(unpaced(configFor(simulator, owned, environment)));
  const database = openDatabase(owned.url, testLog);
  onTestFinished(() => database.close());
  const [id = ''] = simulator.organizations.map((organization) => organization.id);
  const compared = await compareWithTruth(database, simulator, id, 3_600);
  expect(compared).toMatchObject({ deliveriesWrong: 0, bucketsWrong: 0 });
  expect(compared.deliveries).toBeGreaterThan(0);
  expect(compared.buckets).toBeGreaterThan(0);

  const settings = { DATABASE_URL: owned.url, MERAKI_DASHBOARD_API_KEY: simulator.key };
  const shown = await runHere(['status', '--json'], settings);
  expect(JSON.parse(shown.stdout).streams[0].covered_until).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d/);
  const explained = await runHere(['explain', id, new Date(Date.now() - 86_400_000).toISOString()], settings);
  expect(explained).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('It was read') });
});

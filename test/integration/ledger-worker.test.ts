import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, workUntilCaughtUp } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTestDatabase } from '../support/test-database.ts';

const DAY_MS = 86_400_000;
const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };

test('a worker that was stopped for 40 days records what was lost, and retires a series that has gone', async () => {
  const clock = new SteppedClock(Date.now() - 40 * DAY_MS);
  const simulator = await startSimulator({ organizations: 1, rows: 1_000, rate: false, clock });
  onTestFinished(() => simulator.stop());
  const directory = await mkdtemp(join(tmpdir(), 'historian-ledger-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'series.json');
  await writeFile(file, JSON.stringify({ series: [{ name: 'inventory', userAgent: 'Inventory' }] }));
  const owned = await createTestDatabase();
  await workUntilCaughtUp(configFor(simulator, owned, { ...SETTINGS, SERIES_FILE: file }), { clock });
  const { pool } = owned.database;
  const lost = async () =>
    (
      await pool.query(
        "select stream, series, reason from meraki.lost_time where lost_to - lost_from > '1 hour'",
      )
    ).rows;
  expect(await lost()).toEqual([]);

  clock.set(Date.now());
  await workUntilCaughtUp(configFor(simulator, owned, SETTINGS), { clock });
  expect(await lost()).toEqual([{ stream: 'api_responses', series: 'all', reason: 'not_running' }]);
  const series = await pool.query(
    'select stream, series, retired_at is not null as retired from meraki.freshness order by 1, 2',
  );
  expect(series.rows).toEqual([
    { stream: 'api_responses', series: 'all', retired: false },
    { stream: 'api_responses', series: 'inventory', retired: true },
    { stream: 'webhook_logs', series: 'all', retired: false },
  ]);
  const gaps = await pool.query(
    "select state from meraki.gaps where series = 'inventory' and state = 'pending'",
  );
  expect(gaps.rows).toEqual([]);
});

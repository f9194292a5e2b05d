import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Figure } from '../../bench/ingest/measure.ts';
import { WAYS } from '../../bench/ingest/measure.ts';
import { measureAll } from '../../bench/ingest/measure-all.ts';
import { createDashboard } from '../../bench/ingest/pages/dashboard.ts';
import {
  type DashboardPlan,
  planOrganizations,
  settledMidnight,
} from '../../bench/ingest/pages/dashboard-plan.ts';
import { createDeliveryDay } from '../../bench/ingest/pages/delivery-day.ts';
import { DeliveryLog } from '../../bench/ingest/pages/delivery-log.ts';
import { floorsOf, memoryFloors } from '../../bench/ingest/results/floors.ts';
import { figureRows, floorRows, markdownTable, plainTable } from '../../bench/ingest/results/ingest-table.ts';
import { forgetCoverage } from '../../bench/ingest/store/forget-coverage.ts';
import { verifyArchive } from '../../bench/ingest/store/verify-archive.ts';
import type { BenchServer } from '../../bench/reports/bench-server.ts';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import { parseWebhookLogRow, type WebhookLogRow } from '../../src/streams/webhook-log-row.ts';
import { buildProgram } from '../support/program.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const DAY = instantOfSeconds(86_400);
const PLAN: DashboardPlan = {
  rows: 5_001,
  organizations: 2,
  days: 40,
  until: settledMidnight(Date.now()),
};
const FROM = PLAN.until - PLAN.days * DAY;

function rowsOf(page: Buffer): readonly WebhookLogRow[] {
  return (JSON.parse(page.toString()) as unknown[]).map((received) => {
    const parsed = parseWebhookLogRow(received, () => '{}');
    if (parsed.isRefused) throw new Error(parsed.reason);
    return parsed;
  });
}

describe('the pages', () => {
  const [first, second] = planOrganizations(PLAN);
  if (first === undefined || second === undefined) throw new Error('there are not two organizations');
  const log = new DeliveryLog(createDeliveryDay(first.customer, first.rowsPerDay), first.from, first.rows);
  const rows = rowsOf(log.page(0, first.rows));

  test('hold all deliveries in the order they were sent, each on its own day', () => {
    expect(first.rows + second.rows).toBe(PLAN.rows);
    expect(rows).toHaveLength(first.rows);
    const sent = rows.map(({ sentAt }) => sentAt);
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    for (const [index, { sentAt, loggedAt }] of rows.entries()) {
      const day = FROM + Math.floor(index / first.rowsPerDay) * DAY;
      expect(sentAt).toBeGreaterThanOrEqual(day);
      expect(loggedAt).toBeGreaterThan(sentAt);
      expect(loggedAt).toBeLessThan(day + DAY);
    }
  });

  test('are the same rows, however they are cut', () => {
    const middle = (rows[700]?.sentAt ?? 0) + 1;
    const early = log.within({ from: FROM - DAY, to: middle });
    const late = log.within({ from: middle, to: PLAN.until });
    expect([early.first, early.end, late.end]).toEqual([0, late.first, first.rows]);
    const cut = [log.page(0, 333), log.page(333, early.end), log.page(late.first, late.end)];
    expect(cut.flatMap(rowsOf)).toEqual(rows);
  });

  test('are refused where Meraki would refuse them', async () => {
    const server = createDashboard(PLAN).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${port}/api/v1${path}`)).status;
    const logs = `/organizations/${first.customer.id}/webhooks/logs?t0=${formatInstant(FROM)}`;
    expect(await statusOf(`${logs}&t1=${formatInstant(FROM + 31 * DAY)}&perPage=1000`)).toBe(200);
    expect(await statusOf(`${logs}&t1=${formatInstant(FROM + 32 * DAY)}`)).toBe(400);
    expect(await statusOf(`${logs}&t1=${formatInstant(FROM + DAY)}&perPage=1001`)).toBe(400);
    expect(await statusOf('/organizations/none/webhooks/logs')).toBe(404);
    server.close();
  });
});

describe('a run', () => {
  const SMALL: DashboardPlan = { ...PLAN, rows: 2_401, days: 3 };
  const made: TestDatabase[] = [];
  let figures: readonly Figure[];
  const server: BenchServer = {
    async create() {
      const database = await createTestDatabase();
      made.push(database);
      return database.name;
    },
    drop: async (name) => made.find((database) => database.name === name)?.drop(),
    urlOf: (name) => made.find((database) => database.name === name)?.url ?? '',
    close: async () => undefined,
  };
  const found = (name: string) => figures.find((figure) => figure.name === name);

  beforeAll(async () => {
    await buildProgram();
    const options = { ...SMALL, skip: [], memory: undefined, profile: false, keep: false, help: false };
    figures = await measureAll(server, { ...options, drizzleRows: 500, insertRows: 20 }, SMALL);
  }, 120_000);

  afterAll(() => {
    made.length = 0;
  });

  test('measures every way with as many rows as it should, and what they cost', () => {
    expect(figures.map(({ name }) => name)).toEqual(Object.values(WAYS));
    expect(found(WAYS.sync)).toMatchObject({ rows: SMALL.rows });
    expect(found(WAYS.copy)).toMatchObject({ rows: SMALL.rows, rowsServed: 0 });
    expect(found(WAYS.least)).toMatchObject({ rows: SMALL.rows, rowsServed: SMALL.rows });
    expect(found(WAYS.insert)).toMatchObject({ rows: 20 });
    for (const figure of figures) {
      expect(figure.seconds).toBeGreaterThan(0);
      expect(figure.clientCpuMicroseconds).toBeGreaterThan(0);
    }
    expect(found(WAYS.sync)?.peakBytes).toBeGreaterThan(10_000_000);
    expect(found(WAYS.sync)?.walBytes).toBeGreaterThan(100 * SMALL.rows);
  });

  test('reads every row from the page server, and again after it has forgotten that it did', () => {
    for (const name of [WAYS.sync, WAYS.reread]) {
      expect(found(name)?.rowsServed).toBeGreaterThanOrEqual(SMALL.rows);
      expect(found(name)?.requests).toBeGreaterThan(SMALL.rows / 1_000);
    }
  });

  test('is told in tables, with the floors that its figures can be held to', () => {
    const floors = floorsOf(figures);
    expect(floors).toHaveLength(5);
    expect(markdownTable(figureRows(figures)).split('\n')).toHaveLength(2 + figures.length);
    expect(plainTable(floorRows(floors))).toContain('peak memory of the worker at 2,401 rows');
  });
});

test('an archive that lacks rows, coverage or rollups is found out', async () => {
  const { url, database } = await createTestDatabase();
  await database.pool.query(`
    insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
    values ('1', 'webhook_logs', 'all', '{[2026-01-01,2026-01-02)}', now())`);
  const verdict = verifyArchive(url, [{ id: '1', rows: 3 }], { from: FROM, to: PLAN.until });
  await expect(verdict).rejects.toThrow(
    /hours are stale\n.*0 rows are stored[\s\S]*rolled up[\s\S]*covered as final/,
  );
});

test('forgotten coverage is wanted again, and what lies around it is not', async () => {
  const { url, database } = await createTestDatabase();
  await database.pool.query(`
    insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, updated_at)
    values ('1', 'webhook_logs', 'all', 0, '{[2026-01-01 00:00Z,2026-01-09 00:00Z)}', now())`);
  const from = Date.UTC(2026, 0, 3) * 1_000;
  await forgetCoverage(url, { from, to: from + DAY });
  const left = await database.pool.query(
    `select upper(r) - lower(r) as "length" from meraki_ingest.coverage, unnest(final) r order by r`,
  );
  expect(left.rows).toMatchObject([{ length: { days: 2 } }, { length: { days: 5 } }]);
});

test('floors are missed by what is too slow, too large or writes too much', () => {
  const figure = (name: string, seconds: number, walBytes: number): Figure => ({
    name,
    rows: 1_000,
    seconds,
    walBytes,
    clientCpuMicroseconds: 1,
    serverCpuMicroseconds: null,
    pagesCpuMicroseconds: 0,
    peakBytes: 150e6,
    rowsServed: 1_000,
    requests: 1,
  });
  const kept = (sync: number, reread: number, wal: number) =>
    floorsOf([
      figure(WAYS.sync, sync, 100),
      figure(WAYS.reread, reread, wal),
      figure(WAYS.copy, 1, 50),
      figure(WAYS.drizzle, 7, 100),
    ]).map(({ kept }) => kept);
  expect(kept(2, 1, 10)).toEqual([true, true, true, true, true]);
  expect(kept(4, 4, 20)).toEqual([false, false, true, false, false]);
  const small = figure(WAYS.sync, 1, 1);
  const memory = memoryFloors(small, { ...small, peakBytes: 199e6 });
  expect(memory.map(({ kept }) => kept)).toEqual([true, true, false]);
});

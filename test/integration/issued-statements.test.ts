/*
 * Holds the rules of the schema, which keep the archive fit for Citus and TimescaleDB, on every statement that a whole life
 * of an archive issues: all connections of this process are listened to.
 */
import { readdir, readFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { beforeAll, expect, test } from 'vitest';
import { audit } from '../../src/commands/audit.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { gaps } from '../../src/commands/gaps.ts';
import { listQuarantine, replayQuarantined } from '../../src/commands/quarantine.ts';
import { checkAllRollups, rebuildRollups } from '../../src/commands/rollups.ts';
import { status } from '../../src/commands/status.ts';
import { sync } from '../../src/commands/sync.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { rowAlterations } from '../../src/simulator/faults/alter-row.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { readPlacements } from '../deploy/citus-placement.ts';
import { type IssuedStatement, recordStatements } from '../statements/record-statements.ts';
import { brokenRules, writesOf } from '../statements/statement-rules.ts';
import { parseStatements } from '../statements/syntax-tree.ts';
import { isOurs, writeTransactions } from '../statements/write-transactions.ts';
import { configFor, workUntilCaughtUp } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SETTINGS = {
  API_RESPONSES_INTERVAL: '3600',
  WEBHOOK_LOGS_EVERY: '2h',
  API_RESPONSES_EVERY: '2h',
  WEBHOOK_LOGS_LOOKBACK: '20d',
  API_RESPONSES_LOOKBACK: '20d',
};

/**
 * What is old of all organizations at once, each a statement of its own that holds nothing else: one for each of a
 * thousand organizations, every ten minutes, would cost more than Citus' asking all machines.
 */
const HOUSEKEEPING =
  /^\s*delete from meraki_ingest\.(sync_runs|audits|lateness)\s+where (started_at|audited_at|day) < \$1/;

let owned: TestDatabase;
let issued: readonly IssuedStatement[];
let distributed: ReadonlySet<string>;

const isDistributed = (table: string) => distributed.has(table);

beforeAll(async () => {
  const placements = await readPlacements();
  distributed = new Set(
    placements.filter(([, placement]) => placement === 'distributed').map(([table]) => table),
  );
  owned = await createTestDatabase();
  const recording = recordStatements(owned.name);
  try {
    await liveThrough(owned);
  } finally {
    recording.stop();
  }
  issued = recording.issued.filter(({ text }) => isOurs(text) && !HOUSEKEEPING.test(text));
}, 240_000);

/** A worker from the first page to being caught up, rows that differ or cannot be read, and every command that writes. */
async function liveThrough(database: TestDatabase): Promise<void> {
  const start = Date.now() - 45 * DAY_MS;
  const clock = new SteppedClock(start);
  const simulator = await startSimulator({
    organizations: 2,
    rows: 20_000,
    rate: false,
    clock,
    faults: {
      alteredRows: { share: 0.02, kinds: [...rowAlterations] },
      recounted: [{ at: start + 40 * DAY_MS + HOUR_MS / 2, share: 0.5, change: 'more' }],
    },
  });
  try {
    const config = configFor(simulator, database, SETTINGS);
    await workUntilCaughtUp(config, { clock });
    clock.set(start + 40 * DAY_MS);
    await workUntilCaughtUp(config, { clock });
    clock.set(start + 40 * DAY_MS + HOUR_MS);
    const stream = new PassThrough();
    stream.resume();
    const output = { stream, terminal: false };
    const signal = new AbortController().signal;
    const base = { config, log: testLog, clock, signal, output, json: true };
    const all = { organization: undefined, stream: undefined };
    await sync({ ...base, ...all, only: undefined });
    await audit({ ...base, ...all, requests: 20, random: () => 0.5 });
    await listQuarantine({ ...base, ...all, raw: true });
    await replayQuarantined({ ...base, ...all });
    await rebuildRollups({ ...base, ...all });
    await checkAllRollups({ ...base, ...all });
    await status({ ...base, metrics: false });
    await status({ ...base, metrics: true });
    await gaps(base);
    await doctor({
      ...base,
      terminal: false,
      environment: {
        DATABASE_URL: database.url,
        MERAKI_DASHBOARD_API_KEY: simulator.key,
        MERAKI_BASE_URL: simulator.baseUrl,
        MERAKI_TRUSTED_HOSTS: '127.0.0.1,localhost',
      },
    });
    const now = instantOfMilliseconds(clock.now());
    await dropExpired(database.database, now, now);
  } finally {
    await simulator.stop();
  }
}

test('statements that were issued break no rule', () => {
  const broken = new Map<string, string>();
  for (const { text } of issued) {
    for (const statement of parseStatements(text)) {
      for (const rule of brokenRules(statement, isDistributed))
        broken.set(`${rule}: ${shortened(text)}`, text);
    }
  }
  expect([...broken.keys()].sort()).toEqual([]);
});

// Retention drops a month of everybody, and has to mark what it drops in the same transaction.
test('a transaction writes rows of one organization, unless it drops partitions', () => {
  const several = writeTransactions(issued, isDistributed)
    .filter(({ organizations }) => organizations.length !== 1 || organizations[0] === '?')
    .filter(({ drops }) => !drops)
    .map(({ organizations, tables }) => `${organizations.length}: ${[...tables].sort().join(', ')}`);
  expect([...new Set(several)].sort()).toEqual([]);
});

test('the run wrote to every table that is distributed', () => {
  const written = new Set(
    issued.flatMap(({ text }) => parseStatements(text).flatMap(writesOf)).map(({ table }) => table),
  );
  expect([...distributed].filter((table) => !written.has(table)).sort()).toEqual([]);
});

test('functions and views of the database break no rule, and nothing has a trigger', async () => {
  const { pool } = owned.database;
  const functions = await pool.query<{ name: string; body: string }>(
    `select p.oid::regprocedure::text as name, p.prosrc as body
     from pg_proc p join pg_language l on l.oid = p.prolang
     where p.pronamespace::regnamespace::text in ('meraki_store', 'meraki_ingest', 'meraki') and l.lanname = 'sql'
       and p.prosrc <> ''`,
  );
  const views = await pool.query<{ name: string; body: string }>(
    `select c.oid::regclass::text as name, pg_get_viewdef(c.oid) as body from pg_class c
     where c.relkind = 'v' and c.relnamespace::regnamespace::text in ('meraki_store', 'meraki_ingest', 'meraki')`,
  );
  expect(functions.rows.length).toBeGreaterThan(20);
  expect(views.rows.length).toBeGreaterThan(20);
  const broken = [...functions.rows, ...views.rows].flatMap(({ name, body }) =>
    parseStatements(body).flatMap((statement) =>
      brokenRules(statement, isDistributed).map((rule) => `${name}: ${rule}`),
    ),
  );
  expect(broken).toEqual([]);
  const triggers = await pool.query('select tgname from pg_trigger where not tgisinternal');
  expect(triggers.rows).toEqual([]);
});

test('migrations break no rule', async () => {
  const broken: string[] = [];
  for (const name of (await readdir('migrations')).sort()) {
    for (const statement of parseStatements(await readFile(`migrations/${name}`, 'utf8'))) {
      broken.push(...brokenRules(statement, () => false).map((rule) => `${name}: ${rule}`));
    }
  }
  expect(broken).toEqual([]);
});

function shortened(text: string): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > 160 ? `${flat.slice(0, 159)}…` : flat;
}

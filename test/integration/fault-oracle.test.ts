/*
 * The judge of the fault suite, judged: it has to see each kind of damage that the suite looks for. The archive is
 * filled once; each test does one damage in it and takes it back.
 */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { type JudgeOptions, judgeArchive } from '../faults/oracle.ts';
import { askPostgres } from '../faults/processes/ask-postgres.ts';
import { outputFaults } from '../faults/processes/output-faults.ts';
import { tablesWithSecrets } from '../faults/secret-search.ts';
import { configFor, unpaced, workUntilCaughtUp } from '../support/archive-run.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

let simulator: Simulator;
let database: TestDatabase;

beforeAll(async () => {
  simulator = await startSimulator({ organizations: 1, rows: 2_000, rate: false });
  database = await createTestDatabase();
  await workUntilCaughtUp(unpaced(configFor(simulator, database, { API_RESPONSES_INTERVAL: '3600' })));
  const signal = new AbortController().signal;
  const partitions = new Partitions(database.database);
  await rollUpAll({ database: database.database, partitions, signal }, instantOfMilliseconds(Date.now()));
});

afterAll(() => simulator.stop());

/** Tables that a test damages, as they were. */
const DAMAGED = [
  'meraki_store.webhook_deliveries',
  'meraki_store.api_response_counts',
  'meraki_ingest.coverage',
  'meraki_ingest.settings',
  'meraki_store.rollup_stale',
  'meraki_store.webhook_hours',
  'meraki_store.webhook_endpoint_days',
  'meraki_store.api_response_days',
];

beforeEach(() =>
  ask(async (client) => {
    await client.query('create schema kept');
    for (const table of DAMAGED) {
      await client.query(`create table kept.${table.split('.')[1]} as table ${table}`);
    }
  }),
);

afterEach(() =>
  ask(async (client) => {
    for (const table of DAMAGED) {
      await client.query(`delete from ${table}`);
      await client.query(`insert into ${table} table kept.${table.split('.')[1]}`);
    }
    await client.query('drop schema kept cascade');
  }),
);

function ask<T>(question: (client: pg.Client) => Promise<T>): Promise<T> {
  return askPostgres(database.url, question);
}

function judgeAfter(damage: string, options?: JudgeOptions) {
  return ask(async (client) => {
    await client.query(damage);
    return await judgeArchive(client, simulator, options);
  });
}

const ONE_ROW = `(select organization_id, sent_at, fingerprint, occurrence from meraki_store.webhook_deliveries
  where sent_at < now() - interval '1 day' order by sent_at limit 1)`;

test('an exact archive has no fault', async () => {
  const verdict = await judgeAfter('select');
  expect(verdict).toMatchObject({
    lost: 0,
    doubled: 0,
    falseCoverage: 0,
    pendingGaps: 0,
    lostGaps: 0,
    faults: [],
  });
  expect(verdict.rowsCompared).toBeGreaterThan(2_000);
});

/** Facts are damaged behind the rollups' back. */
const FACTS_ALONE = { withoutReports: true };

test('I1: a lost delivery', async () => {
  const verdict = await judgeAfter(
    `delete from meraki_store.webhook_deliveries
     where (organization_id, sent_at, fingerprint, occurrence) = ${ONE_ROW}`,
    FACTS_ALONE,
  );
  expect(verdict).toMatchObject({ lost: 1, doubled: 0 });
  expect(verdict.faults).toEqual([expect.stringContaining('only true')]);
});

test('I1: a doubled delivery', async () => {
  const verdict = await judgeAfter(
    `insert into meraki_store.webhook_deliveries
     select (jsonb_populate_record(f, jsonb_build_object('occurrence', f.occurrence + 1))).*
     from meraki_store.webhook_deliveries f
     where (organization_id, sent_at, fingerprint, occurrence) = ${ONE_ROW}`,
    FACTS_ALONE,
  );
  expect(verdict).toMatchObject({ lost: 0, doubled: 1 });
  expect(verdict.faults).toEqual([expect.stringContaining('only stored')]);
});

test('I6: a lost and a wrong count', async () => {
  const verdict = await judgeAfter(
    `with ranked as (
       select *, row_number() over (order by bucket_start, response_code) as place
       from meraki_store.api_response_counts where bucket_start > now() - interval '20 days' and request_count > 0
     )
     update meraki_store.api_response_counts f
     set request_count = case when place = 1 then 0 else f.request_count + 7 end
     from ranked r where place <= 2 and (f.organization_id, f.bucket_start, f.response_code)
       = (r.organization_id, r.bucket_start, r.response_code)`,
    FACTS_ALONE,
  );
  expect(verdict.lost).toBeGreaterThanOrEqual(2);
  expect(verdict.doubled).toBeGreaterThanOrEqual(1);
});

test('I2: coverage of time that was never answered', async () => {
  const verdict = await judgeAfter(
    `update meraki_ingest.coverage set provisional = provisional
       + tstzmultirange(tstzrange(now() + interval '1 hour', now() + interval '2 hours'))`,
    FACTS_ALONE,
  );
  expect(verdict.falseCoverage).toBe(2);
  expect(verdict.faults).toEqual(Array(2).fill(expect.stringContaining('covered and never answered')));
});

test('a gap', async () => {
  const hole = `tstzmultirange(tstzrange(now() - interval '10 days', now() - interval '9 days'))`;
  const verdict = await judgeAfter(
    `update meraki_ingest.coverage set final = final - ${hole}, provisional = provisional - ${hole},
       counted = counted - ${hole}
     where stream = 'webhook_logs'`,
    FACTS_ALONE,
  );
  expect(verdict).toMatchObject({ pendingGaps: 1, lostGaps: 0, lost: 0, falseCoverage: 0 });
  expect(verdict.faults).toEqual(['1 gaps are pending']);
});

const WRONG_FIGURES = [
  ['webhook_hours', 'p95_ms = p95_ms + 1', 'webhook_deliveries_hourly: only shown'],
  ['webhook_endpoint_days', 'deliveries = deliveries + 1', 'webhook_totals_daily: only shown'],
  ['api_response_days', 'requests = requests - 1', 'api_responses_daily: only shown'],
] as const;

test('wrong figures of rollups', async () => {
  const damages = WRONG_FIGURES.map(
    ([table, change]) => `update meraki_store.${table} set ${change} where bucket_start =
      (select max(bucket_start) from meraki_store.${table} where bucket_start < now() - interval '2 days')`,
  );
  const verdict = await judgeAfter(damages.join(';'));
  for (const [table, , said] of WRONG_FIGURES) {
    expect(verdict.faults).toContainEqual(expect.stringContaining(said));
    expect(verdict.faults).toContainEqual(
      expect.stringMatching(`rows of ${table} are not what the facts make`),
    );
  }
});

test('facts that changed and left nothing stale', async () => {
  const verdict = await judgeAfter(
    `update meraki_store.webhook_deliveries set response_code = 200 where response_code = 500`,
  );
  for (const view of ['webhook_deliveries_daily', 'webhook_receivers_hourly', 'webhook_incidents']) {
    expect(verdict.faults).toContainEqual(expect.stringContaining(`${view}: only shown`));
  }
});

test('I8: a secret in a table', async () => {
  const found = await ask(async (client) => {
    await client.query(
      `update meraki_ingest.settings set value = '"a very % secret_key"' where name = 'source'`,
    );
    return await tablesWithSecrets(client, ['% secret_', 'another']);
  });
  expect(found).toContain('the table meraki_ingest.settings holds a secret');
  expect(await ask((client) => tablesWithSecrets(client, ['another']))).toEqual([]);
});

const ENDED = {
  number: 1,
  command: 'worker',
  bidden: 'stopped',
  exitCode: 0,
  stdout: '',
  stderr: '{"msg":"stopped"}',
} as const;

test.each([
  ['a worker that ends unbidden', { bidden: undefined }],
  ['exit code 1', { exitCode: 1 }],
  ['a secret', { stderr: 'the key is KEY' }],
  ['an unhandled rejection', { stderr: 'triggerUncaughtException [UnhandledPromiseRejection]' }],
  ['a stack trace', { stderr: 'Error: no\n    at work (file:///x/dist/main.js:12:3)' }],
  [
    'a stack trace within JSON',
    { stderr: '{"stack":"Error: no\\n    at work (file:///x/dist/main.js:12:3)"}' },
  ],
])('what a process says or does not: %s', (_, change) => {
  expect(outputFaults({ ...ENDED, ...change }, ['KEY'])).toHaveLength(1);
  expect(outputFaults(ENDED, ['KEY'])).toEqual([]);
});

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { openArchive } from '../../src/commands/archive.ts';
import { type AuditOptions, audit } from '../../src/commands/audit.ts';
import { type SyncOptions, sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { auditStream } from '../../src/sync/audit-stream.ts';
import { configFor, unpaced, until, work } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { asReader, expectTrueBuckets, expectTrueDeliveries } from '../support/truth.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const WEBHOOKS = 'getOrganizationWebhooksLogs';
const CODES = 'getOrganizationApiRequestsOverviewResponseCodesByInterval';

/** Reads this far apart keep an hour's silence from counting as a gap; an archive of hours is read in no time. */
const SETTINGS: Environment = {
  WEBHOOK_LOGS_EVERY: '2h',
  API_RESPONSES_EVERY: '2h',
  WEBHOOK_LOGS_LOOKBACK: '6h',
  API_RESPONSES_LOOKBACK: '6h',
};
const PUNCTUAL = { share: 0, max: 3 };

interface Audited {
  readonly organizationId: string;
  readonly stream: string;
  readonly auditedFrom: string;
  readonly auditedTo: string;
  readonly outcome: string;
  readonly rowsCompared: number;
  readonly rowsMissing: number;
  readonly rowsSurplus: number;
  readonly figuresChanged: number;
  readonly repaired: number;
  readonly requests: number;
  readonly error: string | null;
}

interface Bench {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  readonly clock: SteppedClock;
  readonly organizationId: string;
  readonly environment: Environment;
  sync(options?: Partial<SyncOptions>): Promise<void>;
  audit(
    options?: Partial<AuditOptions>,
  ): Promise<{ readonly exitCode: number; readonly audits: readonly Audited[] }>;
}

async function setUp(options: SimulatorOptions = {}, environment: Environment = {}): Promise<Bench> {
  const clock = new SteppedClock(Math.floor(Date.now() / 1_000) * 1_000);
  const simulator = await startSimulator({
    organizations: 1,
    rows: 1_500_000,
    rate: false,
    lateness: PUNCTUAL,
    clock,
    ...options,
  });
  onTestFinished(() => simulator.stop());
  const database = await emptyTestDatabase();
  const settings = { ...SETTINGS, ...environment };
  const base = () => ({
    config: unpaced(configFor(simulator, database, settings)),
    log: testLog,
    clock,
    signal: new AbortController().signal,
    json: true,
    organizationId: undefined,
    stream: undefined,
  });
  return {
    simulator,
    database,
    clock,
    organizationId: simulator.organizations[0]?.id ?? '',
    environment: settings,
    async sync(changed = {}) {
      const stream = new PassThrough();
      stream.resume();
      await sync({ ...base(), output: { stream, terminal: false }, only: undefined, ...changed });
    },
    async audit(changed = {}) {
      const stream = new PassThrough();
      const said = text(stream);
      const exitCode = await audit({
        ...base(),
        output: { stream, terminal: false },
        requests: undefined,
        random: () => 0,
        ...changed,
      }).finally(() => stream.end());
      const { audits } = JSON.parse(await said) as { audits: readonly Audited[] };
      return { exitCode, audits };
    },
  };
}

const total = (audits: readonly Audited[], of: (audit: Audited) => number) =>
  audits.reduce((sum, one) => sum + of(one), 0);

function requestsOf({ simulator }: Bench, operation: string): number {
  return simulator
    .requests()
    .filter((request) => request.operation === operation)
    .reduce((sum, { count }) => sum + count, 0);
}

async function expectTruth({ simulator, database, organizationId }: Bench): Promise<void> {
  await asReader(database, async (reader) => {
    expect(await expectTrueDeliveries(reader, simulator, organizationId)).toBeGreaterThan(0);
    expect(await expectTrueBuckets(reader, simulator, organizationId)).toBeGreaterThan(0);
  });
}

async function rowsOf<Row extends object>({ database }: Bench, query: string): Promise<readonly Row[]> {
  return (await database.database.pool.query<Row>(query)).rows;
}

/** Changes rows of the facts behind the program's back. @returns how many */
async function meddle({ database }: Bench, statement: string): Promise<number> {
  return (await database.database.pool.query(statement)).rowCount ?? 0;
}

/** The very oldest rows can lie within the second before it. */
const COVERED_FROM = `(select lower(final) from meraki_ingest.coverage where stream = 'webhook_logs')`;
const FIRST_HOURS = `sent_at >= ${COVERED_FROM} and sent_at < ${COVERED_FROM} + interval '50 minutes'`;

describe('an archive that is caught up', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUp();
    await bench.sync();
    bench.simulator.resetRequests();
  });

  test('that is equal is found equal, within the request budget, and is verified', async () => {
    const { exitCode, audits } = await bench.audit();
    expect(exitCode).toBe(0);
    expect(new Set(audits.map(({ outcome }) => outcome))).toEqual(new Set(['equal']));
    for (const [stream, operation] of [
      ['webhook_logs', WEBHOOKS],
      ['api_responses', CODES],
    ] as const) {
      const mine = audits.filter((one) => one.stream === stream);
      expect(total(mine, ({ rowsCompared }) => rowsCompared)).toBeGreaterThan(0);
      expect(total(mine, ({ requests }) => requests)).toBe(requestsOf(bench, operation));
      expect(requestsOf(bench, operation)).toBeLessThanOrEqual(10);
    }
    const verified = await rowsOf<{ stream: string; through: Date | null; share: number }>(
      bench,
      'select stream, verified_through as through, verified_share as share from meraki.verified',
    );
    for (const { through, share } of verified) {
      expect(through).not.toBeNull();
      expect(share).toBeGreaterThan(0);
    }
    const recorded = await rowsOf(bench, `select from meraki.audits where outcome = 'equal'`);
    expect(recorded.length).toBe(audits.length);
  });

  test('verified_through moves on until all final time is verified, and never claims more', async () => {
    const seen: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const { audits } = await bench.audit({ stream: 'webhook_logs' });
      expect(audits.every(({ outcome }) => outcome === 'equal')).toBe(true);
      const [row] = await rowsOf<{ through: Date; share: number; end: Date; unread: string }>(
        bench,
        `select v.verified_through as through, v.verified_share as share, upper(c.final) as end,
           (tstzmultirange(tstzrange(lower(c.final), v.verified_through)) * c.final - t.verified
             - tstzmultirange(tstzrange(null, now() - interval '5 hours 54 minutes')))::text as unread
         from meraki.verified v
         join meraki_ingest.coverage c using (organization_id, stream, series)
         join meraki_ingest.verified_time t using (organization_id, stream, series)
         where stream = 'webhook_logs'`,
      );
      seen.push(row?.through.getTime() ?? 0);
      expect(row?.unread).toBe('{}');
      if (row?.share === 1) {
        expect(row.through).toEqual(row.end);
        break;
      }
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const [left] = await rowsOf<{ share: number }>(
      bench,
      `select verified_share as share from meraki.verified where stream = 'webhook_logs'`,
    );
    expect(left?.share).toBe(1);
  });

  test('I1: a delivery deleted by hand is found and stored again', async () => {
    const deleted = await meddle(
      bench,
      `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 7 = 0`,
    );
    expect(deleted).toBeGreaterThan(0);
    const { exitCode, audits } = await bench.audit();
    expect(exitCode).toBe(7);
    const repaired = audits.filter(({ outcome }) => outcome === 'repaired');
    expect(total(repaired, ({ rowsMissing }) => rowsMissing)).toBe(deleted);
    expect(total(repaired, (one) => one.repaired)).toBe(deleted);
    expect(requestsOf(bench, WEBHOOKS)).toBeLessThanOrEqual(10);
    await expectTruth(bench);
    const again = await bench.audit({ random: () => 0.6 });
    expect(again.exitCode).toBe(0);
    const late = await rowsOf<{ rows: string }>(
      bench,
      `select rows_after_final as rows from meraki.lateness where period = '7 days'`,
    );
    expect(late).toEqual([{ rows: String(deleted) }]);
  });

  test('I1: copies too many of a delivery are moved to quarantine', async () => {
    const columns = `network_key, alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms,
      loaded_at, extra`;
    const one = `(select * from meraki_store.webhook_deliveries where ${FIRST_HOURS} order by sent_at limit 1)`;
    await meddle(
      bench,
      `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, ${columns})
       select organization_id, sent_at, fingerprint, 9, ${columns} from ${one} f
       union all select organization_id, sent_at, fingerprint, 8, ${columns} from ${one} f`,
    );
    const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
    expect(exitCode).toBe(7);
    expect(total(audits, ({ rowsSurplus }) => rowsSurplus)).toBe(2);
    expect(total(audits, ({ repaired }) => repaired)).toBe(2);
    await expectTruth(bench);
    const [first] = await rowsOf<{ organization_id: string; sent: string; url: string }>(
      bench,
      `select organization_id, to_char(sent_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sent, url
       from meraki.webhook_deliveries where ${FIRST_HOURS} order by sent_at limit 1`,
    );
    const kept = await rowsOf<{ raw: string; reason: string }>(
      bench,
      'select raw, reason from meraki_ingest.quarantine',
    );
    expect(kept.length).toBeGreaterThan(0);
    for (const { raw, reason } of kept) {
      expect(reason).toBe('audit: stored, but not in the source');
      expect(JSON.parse(raw)).toMatchObject({
        organizationId: first?.organization_id,
        sentAt: first?.sent,
        url: first?.url,
      });
    }
    expect((await bench.audit({ stream: 'webhook_logs', random: () => 0.6 })).exitCode).toBe(0);
  });

  test('I5: a count changed by hand, a vanished and an invented code are revised', async () => {
    const early = `bucket_start in (select distinct bucket_start from meraki_store.api_response_counts
      order by 1 offset 5 limit 3)`;
    const changed = await meddle(
      bench,
      `update meraki_store.api_response_counts set request_count = request_count + 1
       where ${early} and response_code = 200`,
    );
    const vanished = await meddle(
      bench,
      `delete from meraki_store.api_response_counts where ${early} and response_code = 404`,
    );
    const invented = await meddle(
      bench,
      `insert into meraki_store.api_response_counts
       select organization_id, series, interval_seconds, bucket_start, 599, 5, 0, updated_at
       from meraki_store.api_response_counts where ${early} and response_code = 200`,
    );
    expect(changed).toBeGreaterThan(0);
    const { exitCode, audits } = await bench.audit({ stream: 'api_responses' });
    expect(exitCode).toBe(7);
    expect(total(audits, ({ figuresChanged }) => figuresChanged)).toBe(changed + vanished + invented);
    const revisions = await rowsOf<{ code: number; difference: number }>(
      bench,
      `select response_code as code, (count_after - count_before)::integer as difference
       from meraki_store.api_response_revisions where response_code in (200, 599)`,
    );
    expect(revisions.filter(({ code }) => code === 200).map(({ difference }) => difference)).toEqual(
      Array.from({ length: changed }, () => -1),
    );
    expect(revisions.filter(({ code }) => code === 599).map(({ difference }) => difference)).toEqual(
      Array.from({ length: invented }, () => -5),
    );
    await expectTruth(bench);
  });

  test('two audits and a sync at once leave the archive true', async () => {
    await meddle(
      bench,
      `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 5 = 0`,
    );
    bench.clock.set(bench.clock.now() + 10 * MINUTE);
    const results = await Promise.all([bench.audit(), bench.audit(), bench.sync()]);
    const outcomes = [...results[0].audits, ...results[1].audits].map(({ outcome }) => outcome);
    expect(outcomes).toContain('repaired');
    await expectTruth(bench);
    const quarantined = await rowsOf(bench, 'select from meraki_ingest.quarantine');
    expect(quarantined).toEqual([]);
  });

  test('an audit that is told to stop stops', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(bench.audit({ signal: stop.signal })).rejects.toThrow('enough');
    expect(bench.simulator.requests()).toEqual([]);
  });
});

const VARIANTS: readonly {
  readonly name: string;
  readonly options: SimulatorOptions;
  readonly environment?: Environment;
}[] = [
  { name: 'newest rows first', options: { order: 'descending', rows: 300_000 } },
  {
    name: 'pages of 20 rows, newest first, so that windows are cut short',
    options: { order: 'descending', rows: 120_000 },
    environment: { WEBHOOK_LOGS_PER_PAGE: '20' },
  },
  { name: 'idle buckets listed', options: { idleBuckets: 'empty', rows: 30_000 } },
  { name: 'buckets whose width follows the window', options: { intervalRule: 'timespan', rows: 30_000 } },
  { name: 'hourly buckets', options: { rows: 30_000 }, environment: { API_RESPONSES_INTERVAL: '3600' } },
];

test.each(VARIANTS)(
  'audits find an archive of $name equal, and come to its end',
  async ({ options, environment }) => {
    const bench = await setUp(options, environment);
    await bench.sync();
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      const { audits } = await bench.audit({ requests: 20 });
      for (const { outcome } of audits) outcomes.add(outcome);
      const left = await rowsOf(bench, 'select from meraki.verified where verified_share < 1');
      if (left.length === 0) break;
    }
    outcomes.delete('unreadable');
    expect([...outcomes]).toEqual(['equal']);
    const shares = await rowsOf<{ share: number }>(
      bench,
      'select verified_share as share from meraki.verified',
    );
    expect(shares.map(({ share }) => share)).toEqual([1, 1]);
  },
);

test('I1: what the source gives no more is never taken out, however often it is asked', async () => {
  const simulators: Simulator[] = [];
  const bench = await setUp({
    beforeAnswer: ({ operation, organizationId, url }, reply) => {
      const [simulator] = simulators;
      if (operation !== WEBHOOKS || simulator === undefined) return;
      const { searchParams } = new URL(url, 'http://localhost');
      const range = { from: searchParams.get('t0') ?? '', to: searchParams.get('t1') ?? '' };
      const rows = simulator.truthDeliveries(organizationId ?? '', range);
      // As a dashboard does that has lost a third of its store for good.
      void reply.send(rows.filter(({ sentAt }) => Number(sentAt.slice(-7, -1)) % 3 !== 0));
    },
  });
  await bench.sync();
  const before = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  simulators.push(bench.simulator);
  for (let times = 1; times <= 3; times += 1) {
    const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
    if (times === 1) expect(exitCode).toBe(7);
    if (times === 1) expect(audits.some(({ outcome }) => outcome === 'doubtful')).toBe(true);
    expect(total(audits, ({ repaired }) => repaired)).toBe(0);
  }
  const after = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  expect(after).toEqual(before);
});

test('a source that answers next to nothing is doubted, and changes nothing', async () => {
  let broken = false;
  const bench = await setUp({
    beforeAnswer: ({ operation }, reply) =>
      broken && operation === WEBHOOKS ? void reply.send([]) : undefined,
  });
  await bench.sync();
  const before = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  broken = true;
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'doubtful', repaired: 0 });
  const after = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  expect(after).toEqual(before);
});

test('a difference that a second reading does not show changes nothing', async () => {
  let answers = 0;
  let forgetful = false;
  const bench = await setUp({
    beforeAnswer: ({ operation }, reply) => {
      if (operation !== WEBHOOKS || !forgetful) return undefined;
      answers += 1;
      return answers === 1 ? undefined : void reply.code(400).send({ errors: ['no'] });
    },
  });
  await bench.sync();
  const deleted = await meddle(
    bench,
    `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 7 = 0`,
  );
  forgetful = true;
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs', requests: 4 });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'unconfirmed', repaired: 0 });
  expect(audits[0]?.rowsMissing).toBeGreaterThan(0);
  expect(audits[0]?.rowsMissing).toBeLessThanOrEqual(deleted);
});

/** An archive whose source leaves rows out of its next answers: for each, places from 0 up to 1 within the answer. */
async function setUpForgetful(forgotten: (readonly number[])[]): Promise<Bench> {
  const simulators: Simulator[] = [];
  let armed = false;
  const bench = await setUp({
    beforeAnswer: ({ operation, organizationId, url }, reply) => {
      if (operation !== WEBHOOKS || !armed) return;
      const places = forgotten.shift();
      if (places === undefined) return;
      const { searchParams } = new URL(url, 'http://localhost');
      const range = { from: searchParams.get('t0') ?? '', to: searchParams.get('t1') ?? '' };
      const rows = simulators[0]?.truthDeliveries(organizationId ?? '', range) ?? [];
      const left = new Set(places.map((place) => Math.floor(rows.length * place)));
      void reply.send(rows.filter((_, index) => !left.has(index)));
    },
  });
  simulators.push(bench.simulator);
  await bench.sync();
  armed = true;
  return bench;
}

test('a row that one answer forgets and the next one has stays where it is', async () => {
  const bench = await setUpForgetful([[0.5]]);
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(0);
  expect(audits[0]).toMatchObject({ outcome: 'equal', requests: 2, rowsSurplus: 0, repaired: 0 });
  await expectTruth(bench);
  expect(await rowsOf(bench, 'select from meraki_ingest.quarantine')).toEqual([]);
});

test('answers that forget now this row and now that one change nothing', async () => {
  const bench = await setUpForgetful([[0.2, 0.8], [0.5]]);
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'unconfirmed', rowsSurplus: 2, repaired: 0 });
  await expectTruth(bench);
  expect(await rowsOf(bench, 'select from meraki_ingest.quarantine')).toEqual([]);
});

test('a window that needs more requests than there are is cut short, and what was read whole counts', async () => {
  const bench = await setUp();
  await bench.sync();
  const deleted = await meddle(
    bench,
    `delete from meraki_store.webhook_deliveries where sent_at in
       (select sent_at from meraki_store.webhook_deliveries order by sent_at offset 4 limit 1)`,
  );
  bench.simulator.resetRequests();
  const environment = { ...bench.environment, WEBHOOK_LOGS_PER_PAGE: '20' };
  const config = configFor(bench.simulator, bench.database, environment);
  const { audits } = await bench.audit({ stream: 'webhook_logs', config });
  expect(requestsOf(bench, WEBHOOKS)).toBeLessThanOrEqual(10);
  expect(audits[0]).toMatchObject({ outcome: 'repaired', rowsMissing: deleted });
  const [first] = audits;
  const [truth] = [
    bench.simulator.truthDeliveries(bench.organizationId, {
      from: first?.auditedFrom ?? '',
      to: first?.auditedTo ?? '',
    }),
  ];
  expect(first?.rowsCompared).toBe(truth.length);
  expect(first?.rowsCompared).toBeLessThanOrEqual(100);
  await expectTruth(bench);
});

test('rows that appear after their time was final are found', async () => {
  const bench = await setUp(
    { lateness: { share: 0.3, max: 3_600 } },
    { WEBHOOK_LOGS_SETTLE: '2m', WEBHOOK_LOGS_LOOKBACK: '3h' },
  );
  bench.clock.set(bench.clock.now() - HOUR);
  await bench.sync({ stream: 'webhook_logs' });
  bench.clock.set(bench.clock.now() + HOUR);
  await bench.sync({ stream: 'webhook_logs' });
  let missing = 0;
  for (let round = 0; round < 3; round += 1) {
    const { audits } = await bench.audit({ stream: 'webhook_logs', requests: 20 });
    missing += total(audits, ({ rowsMissing }) => rowsMissing);
  }
  expect(missing).toBeGreaterThan(0);
  const [late] = await rowsOf<{ rows: string }>(
    bench,
    `select rows_after_final as rows from meraki.lateness where period = '7 days'`,
  );
  expect(Number(late?.rows)).toBeGreaterThanOrEqual(missing);
});

test('an audit leaves a stream alone that has history to fill in', async () => {
  const bench = await setUp();
  await bench.sync();
  const config = configFor(bench.simulator, bench.database, bench.environment);
  const { clock } = bench;
  const archive = await openArchive({ config, log: testLog, clock, migrations: 'expect' });
  onTestFinished(() => archive.close());
  const [stream] = archive.streamsOf({ organizationId: bench.organizationId, stream: 'webhook_logs' });
  if (stream === undefined) throw new Error('no stream');
  const { signal } = new AbortController();
  const options = { ...archive, stream, signal, requests: 4, random: () => 0, yieldToBackfill: true };
  expect(await auditStream(options)).not.toEqual([]);
  await meddle(
    bench,
    `update meraki_ingest.coverage set provisional = '{}', final = final
       - tstzmultirange(tstzrange(lower(final) + interval '2 hours', lower(final) + interval '3 hours'))`,
  );
  bench.clock.set(clock.now() + 3 * HOUR);
  expect(await auditStream(options)).toEqual([]);
  expect(await auditStream({ ...options, yieldToBackfill: false })).not.toEqual([]);
});

test('a worker audits every stream by its schedule', async () => {
  const bench = await setUp();
  const config = configFor(bench.simulator, bench.database, bench.environment);
  await work({ ...config, audit: { every: 1, requests: 10 } }, { clock: bench.clock }, async (archive) => {
    await until(async () => {
      const found = await archive.database.pool.query<{ streams: number }>(
        `select count(distinct stream)::integer as streams from meraki.audits where outcome = 'equal'`,
      );
      return found.rows[0]?.streams === 2;
    });
    const ids = (await archive.store.openQueue('history').getJobSchedulers(0, -1)).map(({ key }) => key);
    expect(ids).toContain(`audit_${bench.organizationId}`);
  });
  expect(await rowsOf(bench, `select from meraki.audits where outcome <> 'equal'`)).toEqual([]);
});

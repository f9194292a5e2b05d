import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FastifyReply } from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { type SyncOptions, sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { KeyRefusedError, OrganizationRefusedError } from '../../src/errors.ts';
import { parseInstant } from '../../src/instant.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, unpaced } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import {
  asReader,
  differences,
  expectNothingOpen,
  expectTrueBuckets,
  expectTrueDeliveries,
  finalStretches,
  storedDeliveries,
  trueDeliveries,
} from '../support/truth.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The source tells its time without the fraction, and no claim goes beyond what it told. */
const wholeSecond = (milliseconds: number) => Math.floor(milliseconds / 1_000) * 1_000;
/** Hourly buckets are 30 times fewer; reads this far apart keep an hour's silence from counting as a gap. */
const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };
/** For tests to which a history of 90 days would show no more than one that needs two windows. */
const SHORT_HISTORY = { ...SETTINGS, WEBHOOK_LOGS_LOOKBACK: '35d' };
/** Its archive is hours long, so that the newest quarter of an hour holds many rows. */
const BUSY = { organizations: 1, rows: 1_000_000 };
const BUSY_SETTINGS = { ...SETTINGS, WEBHOOK_LOGS_LOOKBACK: '4h', API_RESPONSES_LOOKBACK: '4h' };

interface Report {
  readonly streams: readonly {
    readonly organizationId: string;
    readonly stream: string;
    readonly rowsNew: number;
    readonly rowsKnown: number;
    readonly requests: number;
    readonly error: { readonly code: string } | null;
  }[];
  readonly gaps: number;
  readonly quarantined: number;
}

interface Bench {
  readonly simulator: Simulator;
  readonly database: TestDatabase;
  readonly clock: SteppedClock;
  sync(options?: Partial<SyncOptions>): Promise<{ readonly exitCode: number; readonly report: Report }>;
}

/**
 * A simulator and an archive on one clock that stands still. It begins in the past and ends at the present, since
 * the views compare with the database's own time.
 */
async function setUp(
  startedAt: number,
  options: SimulatorOptions = {},
  environment: Environment = SHORT_HISTORY,
): Promise<Bench> {
  const clock = new SteppedClock(startedAt);
  // A clock that stands still would never refill the simulator's token bucket.
  const simulator = await startSimulator({ organizations: 2, rows: 3_000, rate: false, clock, ...options });
  onTestFinished(() => simulator.stop());
  const database = await emptyTestDatabase();
  return {
    simulator,
    database,
    clock,
    async sync(changed = {}) {
      const stream = new PassThrough();
      const said = text(stream);
      const exitCode = await sync({
        config: unpaced(configFor(simulator, database, environment)),
        log: testLog,
        clock,
        signal: new AbortController().signal,
        output: { stream, terminal: false },
        json: true,
        organizationId: undefined,
        stream: undefined,
        only: undefined,
        ...changed,
      }).finally(() => stream.end());
      return { exitCode, report: JSON.parse(await said) as Report };
    },
  };
}

async function expectTruth({ simulator, database }: Bench): Promise<void> {
  await asReader(database, async (reader) => {
    for (const { id, enabled } of simulator.organizations) {
      expect((await expectTrueDeliveries(reader, simulator, id)) > 0).toBe(enabled);
      await expectTrueBuckets(reader, simulator, id);
    }
  });
}

/** Every stored row with the transaction that wrote it. */
async function versions(
  { database }: Bench,
  table: string,
  where = 'true',
): Promise<ReadonlyMap<string, string>> {
  const columns =
    table === 'webhook_deliveries'
      ? 'organization_id, sent_at, fingerprint, occurrence'
      : 'organization_id, series, interval_seconds, bucket_start, response_code';
  const found = await database.database.pool.query<{ key: string; written: string }>(
    `select row(${columns})::text as key, xmin::text as written from meraki_store.${table} f where ${where}`,
  );
  return new Map(found.rows.map(({ key, written }) => [key, written]));
}

function newRows({ streams }: Report, stream: string): number {
  return streams.filter((row) => row.stream === stream).reduce((sum, { rowsNew }) => sum + rowsNew, 0);
}

function rewritten(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  return [...before].filter(([key, written]) => after.get(key) !== written).map(([key]) => key);
}

async function gapsOf({ database }: Bench, stream: string, state: string) {
  return await asReader(database, async (reader) => {
    const found = await reader.query<{
      organization_id: string;
      from: Date;
      to: Date;
      deadline: Date | null;
    }>(
      `select organization_id, gap_from as from, gap_to as to, deadline from meraki.gaps
       where stream = $1 and state = $2 order by organization_id, gap_from`,
      [stream, state],
    );
    return found.rows;
  });
}

describe('a second sync', () => {
  test('adds exactly what is new, and rewrites nothing', async () => {
    const bench = await setUp(Date.now() - HOUR);
    const first = await bench.sync();
    expect(first).toMatchObject({ exitCode: 0, report: { gaps: 0, quarantined: 0 } });
    await expectTruth(bench);
    const deliveries = await versions(bench, 'webhook_deliveries');
    expect(newRows(first.report, 'webhook_logs')).toBe(deliveries.size);
    const isFinal = `exists (select from meraki_ingest.coverage c where c.stream = 'api_responses'
      and c.organization_id = f.organization_id and c.final @> f.bucket_start)`;
    const finalCounts = await versions(bench, 'api_response_counts', isFinal);

    bench.clock.set(Date.now());
    const second = await bench.sync();
    expect(second).toMatchObject({ exitCode: 0, report: { gaps: 0, quarantined: 0 } });
    await expectTruth(bench);
    const after = await versions(bench, 'webhook_deliveries');
    expect(rewritten(deliveries, after)).toEqual([]);
    expect(newRows(second.report, 'webhook_logs')).toBe(after.size - deliveries.size);
    expect(rewritten(finalCounts, await versions(bench, 'api_response_counts'))).toEqual([]);
    // Nothing old is asked for again: one page of each stream is enough for an hour.
    for (const { requests } of second.report.streams) expect(requests).toBeLessThanOrEqual(2);

    const counts = await versions(bench, 'api_response_counts');
    const third = await bench.sync();
    expect(third.report.streams.map(({ rowsNew }) => rowsNew)).toEqual([0, 0, 0, 0]);
    expect(rewritten(after, await versions(bench, 'webhook_deliveries'))).toEqual([]);
    expect(rewritten(counts, await versions(bench, 'api_response_counts'))).toEqual([]);
  });

  test('finds rows that were late, and makes final what was provisional', async () => {
    const bench = await setUp(
      Date.now() - 20 * MINUTE,
      { ...BUSY, lateness: { share: 0.5, max: 600 } },
      BUSY_SETTINGS,
    );
    const [organization] = bench.simulator.organizations;
    if (organization === undefined) throw new Error('no organization');
    const { id } = organization;
    const then = bench.clock.now();
    expect(await bench.sync()).toMatchObject({ exitCode: 0 });
    const recent = {
      from: new Date(then - 15 * MINUTE).toISOString(),
      to: new Date(wholeSecond(then)).toISOString(),
    };
    const read = (stretch: { from: string; to: string }) =>
      asReader(bench.database, (reader) => storedDeliveries(reader, id, stretch));
    const states = () =>
      asReader(bench.database, async (reader) => {
        const found = await reader.query<{ state: string; until: Date }>(
          `select state, max(covered_to) as until from meraki.coverage
           where stream = 'webhook_logs' and organization_id = $1 group by state order by state`,
          [id],
        );
        return found.rows.map(({ state, until }) => ({ state, until: until.getTime() }));
      });
    expect(await states()).toEqual([
      { state: 'final', until: wholeSecond(then) - 15 * MINUTE },
      { state: 'provisional', until: wholeSecond(then) },
    ]);
    const early = await read(recent);
    expect(differences(early, trueDeliveries(bench.simulator, id, recent))).toEqual([]);

    bench.clock.set(Date.now());
    const now = bench.clock.now();
    expect(await bench.sync()).toMatchObject({ exitCode: 0 });
    expect(await states()).toEqual([
      { state: 'final', until: wholeSecond(now) - 15 * MINUTE },
      { state: 'provisional', until: wholeSecond(now) },
    ]);
    const late = await read(recent);
    expect(late.length).toBeGreaterThan(early.length);
    expect(differences(late, trueDeliveries(bench.simulator, id, recent))).toEqual([]);
    await expectTruth(bench);
  });
});

test('the newest bucket is stored although time passes between planning a window and opening it', async () => {
  const bench = await setUp(Date.now(), { organizations: 1 });
  const ticking: Clock = {
    now: () => {
      bench.clock.set(bench.clock.now() + 1);
      return bench.clock.now();
    },
    sleep: (milliseconds, signal) => bench.clock.sleep(milliseconds, signal),
  };
  await bench.sync({ clock: ticking });
  await asReader(bench.database, async (reader) => {
    const newest = await reader.query<{ until: Date }>(
      "select covered_to as until from meraki.coverage where stream = 'api_responses' and state = 'provisional'",
    );
    expect(newest.rows.map(({ until }) => until.getTime() > bench.clock.now() - MINUTE)).toEqual([true]);
  });
});

describe('after an outage', () => {
  test('of 3 days, everything is filled in', async () => {
    const bench = await setUp(Date.now() - 3 * DAY, {}, SETTINGS);
    await bench.sync();
    bench.clock.set(Date.now());
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    await expectTruth(bench);
    await asReader(bench.database, async (reader) => {
      await expectNothingOpen(reader);
      for (const { id } of bench.simulator.organizations.filter(({ enabled }) => enabled)) {
        const [stretch, ...others] = await finalStretches(reader, id, 'webhook_logs');
        expect(others).toEqual([]);
        expect(Date.parse(stretch?.from ?? '')).toBeLessThan(Date.now() - 92 * DAY);
      }
    });
  });

  test('of 100 days, what Meraki forgot is a lost gap, and the exit code says so', async () => {
    const bench = await setUp(Date.now() - 100 * DAY, { organizations: 1 }, SETTINGS);
    const then = bench.clock.now();
    await bench.sync();
    bench.clock.set(Date.now());
    const now = bench.clock.now();
    expect(await bench.sync()).toMatchObject({ exitCode: 7 });
    await expectTruth(bench);
    for (const [stream, lookback] of [
      ['webhook_logs', 90],
      ['api_responses', 31],
    ] as const) {
      const [lost, ...others] = await gapsOf(bench, stream, 'lost');
      expect(others).toEqual([]);
      expect(lost?.deadline).toBeNull();
      expect(Math.abs((lost?.from.getTime() ?? 0) - then)).toBeLessThanOrEqual(HOUR);
      expect(Math.abs((lost?.to.getTime() ?? 0) - (now - lookback * DAY))).toBeLessThanOrEqual(2 * HOUR);
    }
  });
});

/** Answers 400, as Meraki does, to windows of the log that begin more than `days` ago. */
function refuseOlderThan(days: number, now: number, url: string, reply: FastifyReply): void {
  const t0 = new URL(url, 'http://simulator').searchParams.get('t0') ?? '';
  if ((parseInstant(t0) ?? 0) / 1_000 < now - days * DAY) {
    reply.code(400).send({ errors: ['t0 is out of bounds'] });
  }
}

test('a lookback that shrinks from 90 to 30 days in the middle of a backfill is learned', async () => {
  let pages = 0;
  const now = Date.now();
  const bench = await setUp(
    now,
    {
      organizations: 1,
      beforeAnswer: ({ operation, url }, reply) => {
        if (operation !== 'getOrganizationWebhooksLogs') return;
        pages += 1;
        if (pages > 4) refuseOlderThan(30, now, url, reply);
      },
    },
    { ...SETTINGS, WEBHOOK_LOGS_PER_PAGE: '100' },
  );
  expect(await bench.sync()).toMatchObject({ exitCode: 7, report: { quarantined: 0 } });
  await expectTruth(bench);
  const [lost, ...others] = await gapsOf(bench, 'webhook_logs', 'lost');
  expect(others).toEqual([]);
  expect(lost?.from.getTime()).toBeGreaterThan(now - 90 * DAY);
  expect(Math.abs((lost?.to.getTime() ?? 0) - (now - 30 * DAY))).toBeLessThanOrEqual(HOUR);
  const limits = await bench.database.database.pool.query(
    "select lookback_seconds from meraki_ingest.streams where stream = 'webhook_logs'",
  );
  expect(limits.rows.map((row) => Number(row.lookback_seconds))).toEqual([(30 * DAY - 5 * MINUTE) / 1_000]);
  const again = await bench.sync();
  expect(again.exitCode).toBe(7);
  expect(newRows(again.report, 'webhook_logs')).toBe(0);
});

test('--from and --to read that time only; the rest follows later', async () => {
  const bench = await setUp(Date.now(), { organizations: 1 });
  const [organization] = bench.simulator.organizations;
  if (organization === undefined) throw new Error('no organization');
  const from = Math.floor((bench.clock.now() - 20 * DAY) / HOUR) * HOUR;
  const to = from + 5 * DAY;
  const limited = await bench.sync({ only: { from: from * 1_000, to: to * 1_000 } });
  expect(limited.exitCode).toBe(7);
  await asReader(bench.database, async (reader) => {
    for (const stream of ['webhook_logs', 'api_responses']) {
      const stretches = await finalStretches(reader, organization.id, stream);
      expect(stretches.map((part) => [Date.parse(part.from), Date.parse(part.to)])).toEqual([[from, to]]);
    }
  });
  await expectTruth(bench);
  const before = await versions(bench, 'webhook_deliveries');
  expect(before.size).toBeGreaterThan(0);
  expect(await bench.sync()).toMatchObject({ exitCode: 0 });
  await expectTruth(bench);
  expect(rewritten(before, await versions(bench, 'webhook_deliveries'))).toEqual([]);
});

test('a wrong key ends with KeyRefusedError, exit code 4', async () => {
  const bench = await setUp(Date.now());
  const config = configFor({ ...bench.simulator, key: 'some-other-key' }, bench.database, SHORT_HISTORY);
  const refused = await bench.sync({ config }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(KeyRefusedError);
  expect(refused).toMatchObject({ exitCode: 4 });
  expect(String(refused)).not.toContain('some-other-key');
});

describe('organizations that change', () => {
  type Listed = { id: string; name: string; enabled: boolean };

  /** A bench whose list of organizations is what `change` makes of it. */
  async function setUpChanging(startedAt: number) {
    const list: { change: (organizations: Listed[]) => Listed[] } = { change: (same) => same };
    let known: Listed[] = [];
    const bench = await setUp(startedAt, {
      beforeAnswer: ({ operation }, reply) => {
        if (operation !== 'getOrganizations') return;
        reply.send(
          list.change(known).map(({ id, name, enabled }) => ({ id, name, url: null, api: { enabled } })),
        );
      },
    });
    known = bench.simulator.organizations.map((organization) => ({ ...organization }));
    const [first] = known;
    if (first === undefined) throw new Error('no organization');
    const stateOf = async (id: string) => {
      const found = await bench.database.database.pool.query<{ state: string }>(
        'select state from meraki.organizations where id = $1',
        [id],
      );
      return found.rows[0]?.state;
    };
    return { bench, list, first, stateOf };
  }

  const CHANGES: readonly { name: string; state: string; change: (id: string, all: Listed[]) => Listed[] }[] =
    [
      {
        name: 'vanishes',
        state: 'vanished',
        change: (id, all) => all.filter((organization) => organization.id !== id),
      },
      {
        name: 'has its API access disabled',
        state: 'api_disabled',
        change: (id, all) =>
          all.map((organization) =>
            organization.id === id ? { ...organization, enabled: false } : organization,
          ),
      },
    ];

  test.each(CHANGES)('one that $name is paused, and filled in when it is back', async ({ state, change }) => {
    const { bench, list, first, stateOf } = await setUpChanging(Date.now() - 2 * DAY);
    await bench.sync();
    list.change = (all) => change(first.id, all);
    bench.clock.set(Date.now() - DAY);
    const paused = await bench.sync();
    expect(paused.report.streams.map(({ organizationId }) => organizationId)).not.toContain(first.id);
    expect(await stateOf(first.id)).toBe(state);
    bench.clock.set(Date.now());
    expect((await bench.sync()).exitCode).toBe(7);
    const refused = await bench.sync({ organizationId: first.id }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OrganizationRefusedError);
    list.change = (all) => all;
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    expect(await stateOf(first.id)).toBe('active');
    await expectTruth(bench);
    await asReader(bench.database, expectNothingOpen);
  });

  test('one that answers 403 in the middle is marked, and the others go on', async () => {
    let forbidden: string | undefined;
    const bench = await setUp(Date.now() - DAY, {
      beforeAnswer: ({ organizationId }, reply) => {
        if (organizationId !== undefined && organizationId === forbidden) {
          reply.code(403).send({ errors: ['API access is disabled'] });
        }
      },
    });
    await bench.sync();
    const [first, second] = bench.simulator.organizations;
    forbidden = first?.id;
    bench.clock.set(Date.now());
    const { exitCode, report } = await bench.sync();
    expect(exitCode).not.toBe(0);
    for (const { organizationId, error } of report.streams) {
      if (organizationId === first?.id) expect(error).toMatchObject({ code: 'ORGANIZATION_REFUSED' });
      if (organizationId === second?.id) expect(error).toBeNull();
    }
    await expectTruth(bench);
    forbidden = undefined;
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    await expectTruth(bench);
  });
});

describe('a source that misbehaves', () => {
  const LOGS = 'getOrganizationWebhooksLogs';

  test('I3: a burst of refusals at the first start costs no history', async () => {
    let refusals = 12;
    const options: SimulatorOptions = {
      organizations: 1,
      beforeAnswer: async ({ operation }, reply) => {
        if (operation !== LOGS || refusals === 0) return;
        refusals -= 1;
        await reply.code(400).send({ errors: ['not now'] });
      },
    };
    const bench = await setUp(Date.now(), options, SETTINGS);
    await bench.sync();
    expect(refusals).toBe(0);
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    await expectTruth(bench);
    const wanted = await bench.database.database.pool.query<{ days: number }>(
      `select extract(epoch from now() - wanted_from)::float / 86400 as days
       from meraki_ingest.streams where stream = 'webhook_logs'`,
    );
    expect(wanted.rows[0]?.days).toBeGreaterThan(89);
  });

  test('I3: a moment that it cannot answer for stays a small gap, and all around it is read', async () => {
    const moment = Date.now() - 25 * DAY;
    const bench = await setUp(Date.now(), {
      organizations: 1,
      beforeAnswer: async ({ operation, url }, reply) => {
        const asked = new URL(url, 'http://source').searchParams;
        const [from, to] = [asked.get('t0'), asked.get('t1')].map((time) => Date.parse(time ?? ''));
        if (operation !== LOGS || from === undefined || to === undefined) return;
        if (from <= moment && moment < to) await reply.code(504).send('<html>Gateway Timeout</html>');
      },
    });
    expect(await bench.sync()).toMatchObject({ exitCode: 7 });
    const [gap, ...others] = await gapsOf(bench, 'webhook_logs', 'pending');
    expect(others).toEqual([]);
    expect(gap?.from.getTime()).toBeLessThanOrEqual(moment);
    expect(gap?.to.getTime()).toBeGreaterThan(moment);
    expect((gap?.to.getTime() ?? 0) - (gap?.from.getTime() ?? 0)).toBeLessThanOrEqual(2 * HOUR);
    await expectTruth(bench);
  });

  test('a page that fails while the newest hour is answered teaches nothing when it is answered then', async () => {
    let failing = 0;
    const bench = await setUp(Date.now(), {
      organizations: 1,
      beforeAnswer: async ({ operation, url }, reply) => {
        const old = Date.parse(new URL(url, 'http://source').searchParams.get('t0') ?? '') < Date.now() - DAY;
        if (operation !== LOGS || !old || failing === 6) return;
        failing += 1;
        await reply.code(504).send('<html>Gateway Timeout</html>');
      },
    });
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    expect(failing).toBe(6);
    await expectTruth(bench);
    const learned = await bench.database.database.pool.query<{ limits: object }>(
      "select limits from meraki_ingest.streams where stream = 'webhook_logs'",
    );
    expect(learned.rows[0]?.limits).not.toHaveProperty('span');
  });

  test.each(['descending', 'ascending'] as const)(
    'I2: rows that age out while the log is paged, %s, are not claimed',
    async (order) => {
      let pages = 0;
      const began = Date.now() - 3 * DAY;
      const jump = { done: false };
      const bench: Bench = await setUp(
        began,
        {
          organizations: 1,
          order,
          tokenLifetime: 30 * 86_400,
          beforeAnswer: ({ operation, url }) => {
            pages += operation === LOGS && url.includes('startingAfter') ? 1 : 0;
            if (pages !== 4 || jump.done) return;
            jump.done = true;
            bench.clock.set(began + 3 * DAY);
          },
        },
        { ...SETTINGS, WEBHOOK_LOGS_PER_PAGE: '50' },
      );
      await bench.sync();
      expect(jump.done).toBe(true);
      await bench.sync();
      await expectTruth(bench);
    },
  );
});

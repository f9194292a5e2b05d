import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { findUnrecorded } from '../../src/db/lost-time.ts';
import { saveOrganizations } from '../../src/db/organizations.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { recordLostTime } from '../../src/sync/lost-time.ts';
import { configFor, unpaced } from '../support/archive-run.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { createTestDatabase, emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };

interface Lost {
  readonly stream: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly lostAt: Instant;
  readonly noticedAt: Instant;
  readonly reason: string;
  readonly recovered: boolean;
}

/** What the ledger says was lost, in order. */
async function lostTime({ pool }: Database, stream = 'webhook_logs'): Promise<readonly Lost[]> {
  const found = await pool.query<
    Record<'stream' | 'from' | 'to' | 'lost' | 'noticed' | 'reason', string> & {
      recovered: boolean;
    }
  >(
    `select stream, lost_from::text as from, lost_to::text as to, lost_at::text as lost,
       noticed_at::text as noticed, reason, recovered_at is not null as recovered
     from meraki.lost_time where stream = $1 order by lost_from`,
    [stream],
  );
  return found.rows.map((row) => ({
    stream: row.stream,
    from: at(row.from),
    to: at(row.to),
    lostAt: at(row.lost),
    noticedAt: at(row.noticed),
    reason: row.reason,
    recovered: row.recovered,
  }));
}

async function lostGaps({ pool }: Database, stream = 'webhook_logs') {
  const found = await pool.query<{ reason: string | null; lost: Date | null; left: number | null }>(
    `select reason, lost_at as lost, seconds_left as left from meraki.gaps
     where stream = $1 and state = 'lost' order by gap_from`,
    [stream],
  );
  return found.rows;
}

function at(text: string): Instant {
  return parseInstant(text) ?? Number.NaN;
}

/** A simulator and an archive on one clock; it ends at the present, which the views compare with. */
async function setUp(startedAt: number, options: SimulatorOptions = {}, environment: Environment = {}) {
  const clock = new SteppedClock(startedAt);
  const simulator = await startSimulator({ organizations: 1, rows: 2_000, rate: false, clock, ...options });
  onTestFinished(() => simulator.stop());
  const { database, url } = await emptyTestDatabase();
  const run = (changed: Environment = {}) =>
    sync({
      config: unpaced(configFor(simulator, { url }, { ...SETTINGS, ...environment, ...changed })),
      log: testLog,
      clock,
      signal: new AbortController().signal,
      output: { stream: new PassThrough().resume(), terminal: false },
      json: true,
      organizationId: undefined,
      stream: undefined,
      only: undefined,
    });
  return { clock, database, simulator, run };
}

describe('against the simulator', () => {
  test('nothing ran for 100 days: recorded once, with when it left the reach of the source', async () => {
    const { clock, database, run } = await setUp(Date.now() - 100 * DAY_MS);
    const stopped = instantOfMilliseconds(clock.now());
    await run();
    expect(await lostTime(database)).toEqual([]);
    clock.set(Date.now());
    const now = instantOfMilliseconds(clock.now());
    expect(await run()).toBe(7);
    const [lost, ...others] = await lostTime(database);
    expect(others).toEqual([]);
    expect(lost).toMatchObject({ reason: 'not_running', recovered: false });
    expect(Math.abs((lost?.from ?? 0) - stopped)).toBeLessThan(HOUR);
    expect(Math.abs((lost?.to ?? 0) - (now - 90 * DAY))).toBeLessThan(HOUR);
    expect(Math.abs((lost?.lostAt ?? 0) - now)).toBeLessThan(HOUR);
    expect(Math.abs((lost?.noticedAt ?? 0) - now)).toBeLessThan(HOUR);
    expect((await lostTime(database, 'api_responses')).map(({ reason }) => reason)).toEqual(['not_running']);
    expect(await lostGaps(database)).toMatchObject([{ reason: 'not_running', left: null }]);

    const before = await lostTime(database);
    await run();
    expect(await lostTime(database)).toEqual(before);
  });

  test('a lookback that shrinks: recorded at once, and taken back where the source kept it after all', async () => {
    let pages = 0;
    const keeps = { days: 30 };
    const started = Date.now() - 8 * DAY_MS;
    const bench = await setUp(
      started,
      {
        beforeAnswer: async ({ operation, url }, reply) => {
          if (operation !== 'getOrganizationWebhooksLogs') return;
          pages += 1;
          const t0 = at(new URL(url, 'http://source').searchParams.get('t0') ?? '') / 1_000;
          if (pages > 4 && t0 < bench.clock.now() - keeps.days * DAY_MS) {
            await reply.code(400).send({ errors: ['t0 is out of bounds'] });
          }
        },
      },
      { WEBHOOK_LOGS_PER_PAGE: '100' },
    );
    const { clock, database, run } = bench;
    expect(await run()).toBe(7);
    const [lost, ...others] = await lostTime(database);
    expect(others).toEqual([]);
    expect(lost).toMatchObject({ reason: 'source_keeps_less', recovered: false });
    const learned = instantOfMilliseconds(started);
    expect(Math.abs((lost?.to ?? 0) - (learned - 30 * DAY))).toBeLessThan(HOUR);
    expect(Math.abs((lost?.lostAt ?? 0) - learned)).toBeLessThan(HOUR);

    // The lesson is forgotten after a week, the source asked again, and it has all of it.
    keeps.days = 90;
    clock.set(Date.now());
    await run();
    clock.set(Date.now() + MINUTE_MS);
    await run();
    const after = await lostTime(database);
    expect(after.map(({ from, reason }) => ({ from, reason }))).toContainEqual({
      from: lost?.from,
      reason: 'source_keeps_less',
    });
    const forgotten = instantOfMilliseconds(clock.now()) - 90 * DAY;
    const gaps = await database.pool.query(
      "select gap_to::text as to from meraki.gaps where stream = 'webhook_logs' and state = 'lost'",
    );
    // What has left even the longer lookback meanwhile stays lost; all else was read.
    for (const { to } of gaps.rows) expect(at(to)).toBeLessThan(forgotten + HOUR);
  });

  test('an organization without API access loses its time for that reason', async () => {
    const access = { enabled: true };
    const bench = await setUp(Date.now() - 95 * DAY_MS, {
      organizations: 2,
      beforeAnswer: async ({ operation }, reply) => {
        if (operation !== 'getOrganizations' || access.enabled) return;
        const listed = bench.simulator.organizations.map(({ id, name, enabled }, index) => ({
          id,
          name,
          url: null,
          api: { enabled: enabled && index > 0 },
        }));
        await reply.send(listed);
      },
    });
    const { clock, database, run } = bench;
    await run();
    access.enabled = false;
    clock.set(Date.now() - 94 * DAY_MS);
    await run();
    const states = await database.pool.query<{ state: string; until: Date | null }>(
      'select state, until from meraki.organization_states where organization_id = $1 order by since',
      [bench.simulator.organizations[0]?.id],
    );
    expect(states.rows.map(({ state, until }) => [state, until === null])).toEqual([
      ['active', false],
      ['api_disabled', true],
    ]);
    clock.set(Date.now() - MINUTE_MS);
    await run();
    clock.set(Date.now());
    await run();
    const lost = (await lostTime(database)).map(({ reason }) => reason).sort();
    expect(lost).toEqual(['api_disabled', 'not_running']);
  });
});

describe('the record', () => {
  const key: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
  const now = instantOfMilliseconds(Date.now());
  const wantedFrom = now - 40 * DAY;

  /** A stream whose source keeps 30 days, covered in these stretches. */
  async function setUpStream(...covered: readonly Range[]): Promise<Database> {
    const { database } = await createTestDatabase();
    await saveOrganizations(
      database,
      [{ organizationId: '1', name: 'One', url: null, region: null, state: 'active' }],
      wantedFrom,
    );
    await rememberStream(
      database,
      key,
      { wantedFrom, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 },
      wantedFrom,
    );
    await cover(database, ...covered);
    return database;
  }

  async function cover(database: Database, ...covered: readonly Range[]): Promise<void> {
    const final = rangesOf(...covered);
    await database.transaction(async (tx) => {
      await lockCoverage(tx, key, [0], now);
      await saveCoverage(tx, key, 0, { final, provisional: [], counted: final }, now);
    });
  }

  test('is the same however many workers make it at once, and made again', async () => {
    const database = await setUpStream({ from: wantedFrom + DAY, to: wantedFrom + 2 * DAY });
    const told = await Promise.all(Array.from({ length: 8 }, () => recordLostTime(database, now)));
    expect(told.flat()).toHaveLength(2);
    const lost = await lostTime(database);
    expect(lost).toMatchObject([
      { from: wantedFrom, to: wantedFrom + DAY, lostAt: wantedFrom + 31 * DAY, reason: 'not_running' },
      { from: wantedFrom + 2 * DAY, to: now - 30 * DAY, lostAt: now, reason: 'not_running' },
    ]);
    expect(await recordLostTime(database, now)).toEqual([]);
    expect(await lostTime(database)).toEqual(lost);
    expect(await findUnrecorded(database.query, now)).toEqual([]);
  });

  test('grows while the reason stays, and begins anew with another', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now - 2 * DAY);
    expect(await recordLostTime(database, now - DAY)).toEqual([]);
    await saveOrganizations(
      database,
      [{ organizationId: '1', name: 'One', url: null, region: null, state: 'api_disabled' }],
      now - DAY,
    );
    await recordLostTime(database, now);
    expect(await lostTime(database)).toMatchObject([
      {
        from: wantedFrom,
        to: now - 31 * DAY,
        lostAt: now - DAY,
        noticedAt: now - 2 * DAY,
        reason: 'not_running',
      },
      { from: now - 31 * DAY, to: now - 30 * DAY, lostAt: now, noticedAt: now, reason: 'api_disabled' },
    ]);
  });

  test('a clock that was set back takes nothing back', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now);
    const lost = await lostTime(database);
    await recordLostTime(database, now - 3 * DAY);
    expect(await lostTime(database)).toEqual(lost);
  });

  test('stays when its time is covered after all, and is no gap any more', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now);
    await cover(database, { from: wantedFrom, to: now });
    await recordLostTime(database, now);
    expect(await lostTime(database)).toMatchObject([{ from: wantedFrom, recovered: true }]);
    expect(await lostGaps(database)).toEqual([]);
  });

  test('stays lost in the views while the source is believed to keep more', async () => {
    const database = await setUpStream({ from: now - 30 * DAY, to: now });
    await recordLostTime(database, now);
    await database.pool.query('update meraki_ingest.streams set lookback_seconds = 90 * 86400');
    const gaps = await database.pool.query('select state, reason from meraki.gaps');
    expect(gaps.rows).toEqual([{ state: 'lost', reason: 'not_running' }]);
  });

  test('has nothing of what retention dropped', async () => {
    const database = await setUpStream({ from: wantedFrom, to: now });
    const month = new Date(wantedFrom / 1_000).toISOString().slice(0, 7).replace('-', '_');
    const partition = `meraki_store.webhook_deliveries_${month}`;
    const first = new Date(`${month.replace('_', '-')}-01T00:00:00Z`);
    const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1));
    await database.pool.query(
      `create table if not exists ${partition} partition of meraki_store.webhook_deliveries
       for values from ('${first.toISOString()}') to ('${next.toISOString()}')`,
    );
    const { dropped } = await dropExpired(database, instantOfMilliseconds(next.getTime()), now);
    expect(dropped).toHaveLength(1);
    await recordLostTime(database, now);
    expect(await lostTime(database)).toEqual([]);
    expect(await lostGaps(database)).toEqual([]);
  });
});

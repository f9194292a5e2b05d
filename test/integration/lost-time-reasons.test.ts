/* Time that is lost against the simulator, each for a reason of its own. */
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sync } from '../../src/commands/sync.ts';
import type { Environment } from '../../src/config.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { configFor, unpaced } from '../support/archive-run.ts';
import { at, DAY, HOUR, lostGaps, lostTime } from '../support/lost-time-ledger.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const SETTINGS = { API_RESPONSES_INTERVAL: '3600', WEBHOOK_LOGS_EVERY: '2h', API_RESPONSES_EVERY: '2h' };

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
      organization: undefined,
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

  test('a source that keeps less than asked for has lost nothing, also where it is asked for more every week', async () => {
    const started = Date.now() - 16 * DAY_MS;
    const { clock, database, run } = await setUp(started, { lookback: 30, span: 30 });
    for (const days of [0, 4, 8, 12, 16]) {
      clock.set(started + days * DAY_MS);
      await run();
    }
    expect(await lostTime(database)).toEqual([]);
    expect(await lostGaps(database)).toEqual([]);
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

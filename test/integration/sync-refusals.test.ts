/* `sync` of a source that refuses, fails for some time of the log, or forgets while it is read. */
import type { FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { parseInstant } from '../../src/instant.ts';
import type { SimulatorOptions } from '../../src/simulator/simulator.ts';
import {
  type Bench,
  DAY,
  expectTruth,
  gapsOf,
  HOUR,
  MINUTE,
  newRows,
  SETTINGS,
  setUp,
} from '../support/sync-bench.ts';

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
  // Each window that was under way may have left a page, according to what the newest hours had shown of the order.
  const lost = await gapsOf(bench, 'webhook_logs', 'lost');
  expect(lost[0]?.from.getTime()).toBeGreaterThan(now - 90 * DAY);
  expect(Math.abs((lost.at(-1)?.to.getTime() ?? 0) - (now - 30 * DAY))).toBeLessThanOrEqual(HOUR);
  expect(lost.reduce((sum, { from, to }) => sum + to.getTime() - from.getTime(), 0)).toBeGreaterThan(
    50 * DAY,
  );
  expect(await gapsOf(bench, 'webhook_logs', 'pending')).toEqual([]);
  const limits = await bench.database.database.pool.query(
    "select lookback_seconds from meraki_ingest.streams where stream = 'webhook_logs'",
  );
  expect(limits.rows.map((row) => Number(row.lookback_seconds))).toEqual([(30 * DAY - 5 * MINUTE) / 1_000]);
  const again = await bench.sync();
  expect(again.exitCode).toBe(7);
  expect(newRows(again.report, 'webhook_logs')).toBe(0);
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

  test('I3: a machine that sleeps while it looks for the far edge does not take it for nearer', async () => {
    const NAP = 90 * MINUTE;
    let naps = 0;
    const bench: Bench = await setUp(
      Date.now() - 3 * NAP,
      {
        organizations: 1,
        beforeAnswer: ({ operation, url }) => {
          const from = parseInstant(new URL(url, 'http://source').searchParams.get('t0') ?? '') ?? Infinity;
          if (operation !== LOGS || naps === 3 || from / 1_000 > bench.clock.now() - 60 * DAY) return;
          naps += 1;
          bench.clock.set(bench.clock.now() + NAP);
        },
      },
      SETTINGS,
    );
    await bench.sync();
    expect(naps).toBe(3);
    await expectTruth(bench);
    const learned = await bench.database.database.pool.query<{ days: number }>(
      `select lookback_seconds / 86400.0 as days from meraki_ingest.streams where stream = 'webhook_logs'`,
    );
    expect(Number(learned.rows[0]?.days)).toBeCloseTo(90, 1);
    const lost = await gapsOf(bench, 'webhook_logs', 'lost');
    expect(lost.reduce((sum, { from, to }) => sum + to.getTime() - from.getTime(), 0)).toBeLessThan(4 * NAP);
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

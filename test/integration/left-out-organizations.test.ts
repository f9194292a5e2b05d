/* Organizations that MERAKI_ORGANIZATION_IDS leaves out, and takes in again. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { doctor } from '../../src/commands/doctor.ts';
import type { Environment } from '../../src/config.ts';
import { auditOptions, backfillOptions, liveOptions } from '../../src/jobs/jobs.ts';
import { createLog } from '../../src/log.ts';
import { configFor, unpaced, until, work } from '../support/archive-run.ts';
import { type Bench, DAY, expectTruth, gapsOf, HOUR, SHORT_HISTORY, setUp } from '../support/sync-bench.ts';
import { testLog } from '../support/test-log.ts';

const STREAMS = ['webhook_logs', 'api_responses'];

async function setUpPartly(startedAt: number) {
  const sight = { ofFirst: true };
  const bench = await setUp(startedAt, {
    beforeAnswer: ({ operation }, reply) => {
      if (operation !== 'getOrganizations' || sight.ofFirst) return;
      const [, ...others] = bench.simulator.organizations;
      reply.send(others.map(({ id, name, enabled }) => ({ id, name, url: null, api: { enabled } })));
    },
  });
  const [first, second] = bench.simulator.organizations.map(({ id }) => id);
  if (first === undefined || second === undefined) throw new Error('two organizations are needed');
  const from = (startedAt - 5 * DAY) * 1_000;
  await bench.sync({ only: { from, to: from + DAY * 1_000 } });
  return { bench, first, second, sight };
}

const limitedTo = ({ simulator, database }: Bench, ids: string) =>
  unpaced(configFor(simulator, database, { ...SHORT_HISTORY, MERAKI_ORGANIZATION_IDS: ids }));

async function gapsIn(bench: Bench, state: string): Promise<readonly string[]> {
  const gaps = await Promise.all(STREAMS.map((stream) => gapsOf(bench, stream, state)));
  return [...new Set(gaps.flat().map(({ organization_id }) => organization_id))];
}

async function states({ database }: Bench, id: string): Promise<readonly string[]> {
  const found = await database.database.pool.query<{ state: string }>(
    'select state from meraki.organization_states where organization_id = $1 order by since',
    [id],
  );
  return found.rows.map(({ state }) => state);
}

test.each([
  { named: 'by naming the others', ids: (_: string, second: string) => second },
  { named: 'by its own id with a minus', ids: (first: string) => `-${first}` },
])('what an organization lacks is no gap once it is left out $named', async ({ ids }) => {
  const { bench, first, second } = await setUpPartly(Date.now() - 3 * DAY);
  expect(await gapsIn(bench, 'pending')).toHaveLength(2);
  const config = limitedTo(bench, ids(first, second));
  await bench.sync({ config });
  // The views go by the database's time, which is three days on.
  expect(await gapsIn(bench, 'pending')).toEqual([second]);
  expect(await states(bench, first)).toEqual(['active', 'left_out']);
  expect(await states(bench, second)).toEqual(['active']);
  bench.clock.set(Date.now());
  const later = await bench.sync({ config });
  expect(later).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
  expect(new Set(later.report.streams.map(({ organization_id }) => organization_id))).toEqual(
    new Set([second]),
  );
});

test('all that can be had is read once it is back', async () => {
  const { bench, first } = await setUpPartly(Date.now() - 3 * DAY);
  await bench.sync({ config: limitedTo(bench, `-${first}`) });
  bench.clock.set(Date.now());
  await bench.sync();
  await expectTruth(bench);
  expect(await states(bench, first)).toEqual(['active', 'left_out', 'active']);
  expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
});

test('one that is named again is wanted, though the key sees it no more', async () => {
  const { bench, first, second, sight } = await setUpPartly(Date.now() - 3 * DAY);
  await bench.sync({ config: limitedTo(bench, `-${first}`) });
  bench.clock.set(Date.now() - DAY);
  sight.ofFirst = false;
  await bench.sync({ config: limitedTo(bench, `${first} ${second}`) });
  expect(await states(bench, first)).toEqual(['active', 'left_out', 'vanished']);
  expect(await gapsIn(bench, 'pending')).toContain(first);
});

test('what was lost before stays lost', async () => {
  const { bench, first } = await setUpPartly(Date.now() - 50 * DAY);
  bench.clock.set(Date.now() - HOUR);
  await bench.sync({ config: limitedTo(bench, `-${first}`) });
  expect(await gapsIn(bench, 'lost')).toContain(first);
  expect(await gapsIn(bench, 'pending')).toEqual([]);
});

test('what was lost behind the newest coverage stays lost, too', async () => {
  const { bench, first, second, sight } = await setUpPartly(Date.now() - 50 * DAY);
  bench.clock.set(Date.now() - HOUR);
  sight.ofFirst = false;
  await bench.sync();
  expect(await states(bench, first)).toEqual(['active', 'vanished']);
  const before = await gapsOf(bench, 'webhook_logs', 'lost');
  await bench.sync({ config: limitedTo(bench, second) });
  const lost = await gapsOf(bench, 'webhook_logs', 'lost');
  expect(lost.length).toBeGreaterThan(0);
  const toOf = (gaps: typeof lost) => gaps.findLast((gap) => gap.organization_id === first)?.to.getTime();
  expect(Math.abs((toOf(lost) ?? 0) - (toOf(before) ?? 0))).toBeLessThan(2 * HOUR);
});

test('what was queued before it was left out is neither read nor wanted again', async () => {
  const { bench, first, second } = await setUpPartly(Date.now() - 3 * DAY);
  bench.clock.set(Date.now());
  const { pool } = bench.database.database;
  const config = limitedTo(bench, second);
  const backfill = { organizationId: first, stream: 'webhook_logs' as const, series: 'all' };
  const live = { organizationId: first, stream: 'api_responses' as const, atOnce: true };
  const audit = { organizationId: first };
  await work(config, { clock: bench.clock }, async ({ store }) => {
    const [history, edge] = [store.openQueue('history'), store.openQueue('live')];
    const jobs = [
      await history.add('backfill', backfill, backfillOptions(backfill, 1)),
      await edge.add('live', live, liveOptions),
      await history.add('audit', audit, auditOptions),
    ];
    await until(async () => {
      const states = await Promise.all(jobs.map((job) => job.getState()));
      return states.every((state) => state === 'unknown');
    });
    await Promise.all([history.close(), edge.close()]);
  });
  const streams = await pool.query(
    'select organization_id, count(*)::integer as streams from meraki_ingest.streams where retired_at is not null group by 1',
  );
  expect(streams.rows).toEqual([{ organization_id: first, streams: 2 }]);
});

test('who asks for one that is left out is told so', async () => {
  const { bench, first } = await setUpPartly(Date.now());
  const config = limitedTo(bench, `-${first}`);
  await expect(bench.sync({ config, organization: first })).rejects.toThrow(
    `Organization ${first} is left out by MERAKI_ORGANIZATION_IDS`,
  );
});

test('doctor asks for no API access to one that is left out', async () => {
  const { simulator, database } = await setUp(Date.now());
  const disabled = simulator.organizations.filter(({ enabled }) => !enabled);
  expect(disabled).not.toEqual([]);
  const said = async (environment: Environment) => {
    const stream = new PassThrough();
    const all = text(stream);
    await doctor({
      environment: {
        MERAKI_DASHBOARD_API_KEY: simulator.key,
        MERAKI_BASE_URL: simulator.baseUrl,
        DATABASE_URL: database.url,
        ...environment,
      },
      terminal: false,
      log: testLog,
      clock: systemClock,
      signal: new AbortController().signal,
      output: { stream, terminal: false },
      json: false,
    }).finally(() => stream.end());
    return await all;
  };
  expect(await said({})).toContain('API access disabled');
  const ids = disabled.map(({ id }) => `-${id}`).join();
  expect(await said({ MERAKI_ORGANIZATION_IDS: ids })).not.toContain('API access disabled');
});

test('a minus before an id that nobody knows is told of', async () => {
  const bench = await setUp(Date.now());
  const [first] = bench.simulator.organizations;
  const stream = new PassThrough();
  const all = text(stream);
  const log = createLog({ level: 'warn', format: 'json', secrets: [] }, stream);
  const only = { from: 0, to: 0 };
  await bench.sync({ config: limitedTo(bench, `-${first?.id} -31`), log, only });
  stream.end();
  const told = (await all).split('\n').filter((line) => line.includes('nobody knows'));
  expect(told.map((line) => JSON.parse(line).organizationId)).toEqual(['31']);
});

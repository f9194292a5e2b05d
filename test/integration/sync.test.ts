/* `sync` run again: what is new is added and nothing else is written; and what limits it. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { KeyRefusedError } from '../../src/errors.ts';
import { configFor } from '../support/archive-run.ts';
import {
  DAY,
  expectTruth,
  HOUR,
  MINUTE,
  newRows,
  rewritten,
  SETTINGS,
  SHORT_HISTORY,
  setUp,
  versions,
} from '../support/sync-bench.ts';
import { asReader, differences, finalStretches, storedDeliveries, trueDeliveries } from '../support/truth.ts';

/** The source tells its time without the fraction, and no claim goes beyond what it told. */
const wholeSecond = (milliseconds: number) => Math.floor(milliseconds / 1_000) * 1_000;

/** Its archive is hours long, so that the newest quarter of an hour holds many rows. */
const BUSY = { organizations: 1, rows: 1_000_000 };
const BUSY_SETTINGS = { ...SETTINGS, WEBHOOK_LOGS_LOOKBACK: '4h', API_RESPONSES_LOOKBACK: '4h' };

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
    // Nothing old is asked for again: one page of each stream is enough for an hour, and where nobody asked anything at
    // the end of it, that is confirmed and the rest read.
    for (const { stream, requests } of second.report.streams) {
      expect(requests).toBeLessThanOrEqual(stream === 'webhook_logs' ? 2 : 4);
    }

    const counts = await versions(bench, 'api_response_counts');
    const third = await bench.sync();
    expect(third.report.streams.map(({ rows_new }) => rows_new)).toEqual([0, 0, 0, 0]);
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

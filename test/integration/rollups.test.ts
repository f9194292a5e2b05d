/*
 * Whatever is written and in whatever order, and whether or not it was rolled up, report views say what the facts
 * say: compared with other queries, over days of 23, 23.5, 24, 24.5 and 25 hours.
 */
import { expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { rangesOf, union } from '../../src/ranges.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { randomCounts } from '../support/random-counts.ts';
import { randomDeliveries, randomPages } from '../support/random-deliveries.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { at, DAY, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const NOW = Date.now() * 1_000;

/** Days of every length, where midnight is skipped or comes twice, and time up to now. */
const ORGANIZATIONS = [
  ['utc', 'UTC', at('2026-02-22T00:00:00Z'), at('2026-03-04T12:00:00Z')],
  ['vienna', 'Europe/Vienna', at('2026-03-26T05:00:00Z'), at('2026-04-03T00:00:00Z')],
  ['kolkata', 'Asia/Kolkata', NOW - 34 * DAY, NOW],
  ['st-johns', 'America/St_Johns', at('2025-10-28T00:00:00Z'), at('2025-11-05T00:00:00Z')],
  ['havana', 'America/Havana', at('2026-10-28T00:00:00Z'), at('2026-11-06T00:00:00Z')],
  ['cairo', 'Africa/Cairo', at('2026-04-21T00:00:00Z'), at('2026-05-03T00:00:00Z')],
  ['lord-howe', 'Australia/Lord_Howe', at('2026-10-01T00:00:00Z'), at('2026-10-08T00:00:00Z')],
] as const;

test.each([1])('reports equal their facts at every moment: seed %i', async (seed) => {
  const random = createRandom('rollups', seed);
  const bench = await RollupBench.create();
  const turns: (() => Promise<void>)[] = [];
  for (const [id, zone, from, to] of ORGANIZATIONS) {
    const ended = to !== NOW;
    await bench.addOrganization(id, zone, { from, to }, { ended, series: ['all', 'own'] });
    const own = createRandom(id, seed);
    const deliveries = randomDeliveries(own, { from, to }, 400);
    for (const page of randomPages(own, deliveries)) {
      turns.push(() => bench.writeDeliveries(id, page));
      turns.push(async () => {
        const key = keyOf(id, 'webhook_logs');
        const before = (await readCoverage(bench.database.query, key)).get(0);
        const start = from + Math.floor(own.next() * (to - from));
        const read = { from: start, to: Math.min(to, start + own.integer(80) * HOUR + own.integer(HOUR)) };
        const final = own.chance(0.7) ? union(before?.final ?? [], [read]) : (before?.final ?? []);
        await bench.coverDeliveries(id, final, union(before?.provisional ?? [], rangesOf(read)));
      });
      turns.push(() => bench.writeCounts(id, randomCounts(own, { from, to }), own.pick(['all', 'own'])));
    }
  }
  const shuffled = turns.map((turn) => ({ turn, place: random.next() })).sort((a, b) => a.place - b.place);
  const every = Math.ceil(shuffled.length / 2);
  for (const [index, { turn }] of shuffled.entries()) {
    await turn();
    if (random.chance(0.1)) {
      const [id] = random.pick(ORGANIZATIONS);
      await bench.rollUp(keyOf(id, random.pick(['webhook_logs', 'api_responses'])));
    }
    if (random.chance(0.02)) await rollUpAll(bench.context, bench.now);
    if (index % every === every - 1 && index < shuffled.length - 1) await expectTrueReports(bench.owned);
  }
  await rollUpAll(bench.context, bench.now);
  await expectTrueReports(bench.owned);
  expect(await bench.stale()).toEqual([]);
  for (const [id] of ORGANIZATIONS) {
    for (const key of [
      keyOf(id, 'webhook_logs'),
      keyOf(id, 'api_responses'),
      keyOf(id, 'api_responses', 'own'),
    ]) {
      expect((await checkRollups(bench.database, key)).differences).toEqual([]);
    }
  }
  const kept = await bench.rollups();
  expect(kept.length).toBeGreaterThan(5_000);
  await staleAgain(bench);
  bench.now += HOUR;
  await rollUpAll(bench.context, bench.now);
  expect(await bench.stale()).toEqual([]);
  expect(await bench.rollups()).toEqual(kept);
});

/** As an upgrade does. */
async function staleAgain(bench: RollupBench): Promise<void> {
  await bench.rows(
    `update meraki_store.rollup_stale s set stale = tstzmultirange(tstzrange(f.first, f.last))
     from (
       select organization_id, date_trunc('hour', min(sent_at)) as first,
         date_trunc('hour', max(sent_at)) + interval '1 hour' as last
       from meraki_store.webhook_deliveries group by 1
     ) f where f.organization_id = s.organization_id and s.stream = 'webhook_logs'`,
  );
  await bench.rows(
    `update meraki_store.rollup_stale s set stale = tstzmultirange(tstzrange(f.first, f.last))
     from (
       select organization_id, series, date_trunc('hour', min(bucket_start)) as first,
         date_trunc('hour', max(bucket_start)) + interval '1 day' as last
       from meraki_store.api_response_counts group by 1, 2
     ) f where f.organization_id = s.organization_id and f.series = s.series and s.stream = 'api_responses'`,
  );
}

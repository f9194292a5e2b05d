/*
 * The health of receivers is put together from days, hours and facts. Wherever time is stale, in whole or in part,
 * nothing may be counted twice or left out.
 */
import { beforeAll, expect, test } from 'vitest';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { createRandom } from '../../src/simulator/random.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { DAY, delivery, HOUR, RollupBench } from '../support/rollup-bench.ts';

const ZONES = ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Pacific/Auckland'];
const HEALTH = 'webhook_endpoint_health';
const NOW = instantOfMilliseconds(Date.now());

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.create();
  const random = createRandom('health');
  const from = NOW - 33 * DAY;
  for (const zone of ZONES) {
    await bench.addOrganization(zone, zone, { from, to: NOW });
    const spread = Array.from({ length: 1_500 }, () => from + Math.floor(random.next() * (NOW - from)));
    // Where periods begin and end there is something in every minute.
    const edges = [0, 1, 24, 168, 720, 744].flatMap((hours) =>
      Array.from({ length: 120 }, (_, minute) => NOW - hours * HOUR + (minute - 60) * 60_000_000),
    );
    await bench.writeDeliveries(
      zone,
      [...spread, ...edges].map((instant, index) =>
        delivery(instant, {
          fingerprint: BigInt(index),
          endpointId: BigInt(1 + (index % 3)),
          responseCode: index % 3 === 2 || random.chance(0.2) ? 503 : 200,
        }),
      ),
    );
  }
  await rollUpAll(bench.context, bench.now);
});

test('nothing is stale', async () => {
  expect(await bench.stale()).toEqual([]);
  await expectTrueReports(bench.owned, HEALTH);
});

test.each([
  ['the newest hours', 0, 3],
  ['the hours around a day ago', 24, 3],
  ['the hours around a week ago', 168, 3],
  ['the hours around 30 days ago', 720, 3],
  ['the hours around 31 days ago', 744, 3],
  ['two days', 60, 48],
  ['everything', 400, 900],
])('%s: stale', async (_name, hoursAgo, hours) => {
  const from = Math.floor((NOW - hoursAgo * HOUR) / HOUR - hours / 2) * HOUR;
  await bench.rows(
    `update meraki_store.rollup_stale set stale = tstzmultirange(tstzrange(to_timestamp($1), to_timestamp($2)))
     where stream = 'webhook_logs'`,
    [from / 1_000_000, (from + hours * HOUR) / 1_000_000],
  );
  await expectTrueReports(bench.owned, HEALTH);
});

/** Percentiles that are read off merged histograms are within 4.5 percent of those of the deliveries themselves. */
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/simulator/random.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { at, DAY, delivery, RollupBench } from '../support/rollup-bench.ts';

const FROM = at('2026-03-01T00:00:00Z');
const MOST = 2 ** 31 - 1;

function lognormal(random: Random, mean: number, deviation: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(MOST, Math.round(Math.exp(mean + deviation * normal)));
}

/** How a receiver's latencies are spread, and how many there are. */
const LATENCIES: Readonly<Record<string, readonly [count: number, draw: (random: Random) => number]>> = {
  lognormal: [3_000, (random) => lognormal(random, 5, 1)],
  'lognormal with a long tail': [3_000, (random) => lognormal(random, 6, 3)],
  'lognormal around a millisecond': [800, (random) => lognormal(random, 0.3, 0.8)],
  constant: [500, () => 1_234],
  bimodal: [2_000, (random) => (random.chance(0.9) ? 40 + random.integer(5) : 30_000 + random.integer(900))],
  'bimodal at the 95th percentile': [2_001, (random) => (random.chance(0.95) ? 12 : 60_000)],
  'one row': [1, () => 777],
  'two rows far apart': [2, (random) => random.pick([3, 90_000])],
  'three rows': [3, (random) => random.integer(2_000)],
  'nothing at all': [400, () => 0],
  'a millisecond': [400, () => 1],
  'up to what can be stored': [300, (random) => MOST - random.integer(1_000_000)],
  everything: [1_000, (random) => Math.floor(random.next() ** 8 * MOST)],
};
const NAMES = Object.keys(LATENCIES);

let bench: RollupBench;

beforeAll(async () => {
  bench = await RollupBench.create();
  await bench.addOrganization('1', 'America/Havana', { from: FROM, to: FROM + 70 * DAY }, { ended: true });
  const random = createRandom('latencies');
  for (const [index, [count, draw]] of Object.values(LATENCIES).entries()) {
    const rows = Array.from({ length: count }, (_, row) =>
      delivery(FROM + Math.floor(random.next() * 65 * DAY), {
        fingerprint: BigInt(row),
        endpointId: BigInt(index + 1),
        responseDurationMs: draw(random),
      }),
    );
    await bench.writeDeliveries('1', rows);
  }
  await rollUpAll(bench.context, bench.now);
});

interface Percentiles {
  readonly endpoint: string;
  readonly exact: readonly number[];
  readonly read: readonly number[];
}

function expectNear(found: readonly Percentiles[], name: string): void {
  const mine = found.filter(({ endpoint }) => endpoint === String(NAMES.indexOf(name) + 1));
  expect(mine).not.toEqual([]);
  for (const { exact, read } of mine) {
    for (const [index, right] of exact.entries()) {
      expect(Math.abs((read[index] ?? Number.NaN) - right)).toBeLessThanOrEqual(0.045 * right);
    }
  }
}

const EXACT = 'percentile_cont(array[0.5, 0.95, 0.99]) within group (order by w.response_duration_ms)';

describe('of months', () => {
  let found: readonly Percentiles[];
  beforeAll(async () => {
    found = await bench.rows(
      `select m.endpoint_id as endpoint, array[m.p50_ms, m.p95_ms, m.p99_ms] as read, r.exact
       from meraki.webhook_receivers_monthly m
       join (
         select w.endpoint_id, date_trunc('month', w.date::timestamp)::date as month, ${EXACT} as exact
         from meraki.webhook_deliveries w group by 1, 2
       ) r on r.endpoint_id = m.endpoint_id and r.month = m.date`,
    );
  });

  test.each(NAMES)('where latencies are %s', (name) => expectNear(found, name));

  test('all have them', () => {
    expect(found.length).toBeGreaterThan(2 * NAMES.length);
  });
});

describe('of any days, by adding up the histogram', () => {
  let found: readonly Percentiles[];
  beforeAll(async () => {
    found = await bench.rows(
      `with merged as (
         select endpoint_id, from_ms, to_ms, sum(deliveries) as deliveries
         from meraki.webhook_latency_histogram
         where bucket_start >= '2026-03-10' and bucket_start < '2026-04-20'
         group by endpoint_id, from_ms, to_ms
       ), cumulated as (
         select endpoint_id, 2.0 * from_ms * (to_ms - 1) / nullif(from_ms + to_ms - 1, 0) as value_ms,
           sum(deliveries) over (partition by endpoint_id order by from_ms) as upto,
           sum(deliveries) over (partition by endpoint_id) as n
         from merged
       ), ranks as (
         select endpoint_id, share, share * (max(n) - 1) as rank,
           min(coalesce(value_ms, 0)) filter (where upto > floor(share * (n - 1))) as low,
           min(coalesce(value_ms, 0)) filter (where upto > ceil(share * (n - 1))) as high
         from cumulated cross join (values (0.5), (0.95), (0.99)) s(share)
         group by endpoint_id, share
       )
       select endpoint_id as endpoint, r.exact,
         array_agg((low + (rank - floor(rank)) * (high - low))::float8 order by share) as read
       from ranks
       join (
         select w.endpoint_id, ${EXACT} as exact from meraki.webhook_deliveries w
         where w.date >= '2026-03-10' and w.date < '2026-04-20' group by 1
       ) r using (endpoint_id)
       group by endpoint_id, r.exact`,
    );
  });

  test.each(NAMES.filter((name) => !name.includes('row')))('where latencies are %s', (name) =>
    expectNear(found, name),
  );
});

test('buckets follow each other without holes, and hold what a latency can be', async () => {
  const found = await bench.rows(
    `select count(*)::integer as holes from (
       select from_ms, lag(to_ms, 1, 0::bigint) over (order by bucket) as expected from meraki_store.latency_buckets
     ) steps where from_ms <> expected`,
  );
  expect(found).toEqual([{ holes: 0 }]);
  const ends = await bench.rows(
    `select ms, (select bucket from meraki_store.latency_buckets where greatest(ms, 0) >= from_ms and ms < to_ms)
       = meraki_store.latency_bucket(ms) as found
     from unnest(array[-2147483648, -1, 0, 1, 2, 13, 14, 15, 1073741823, 1073741824, 2147483647]) ms`,
  );
  expect(ends.filter((row) => (row as { found: boolean | null }).found !== true)).toEqual([]);
  const worst = await bench.rows(
    `select max(greatest((value_ms - from_ms) / from_ms, (to_ms - 1 - value_ms) / (to_ms - 1))) < 0.0434 as near
     from meraki_store.latency_buckets where from_ms > 0`,
  );
  expect(worst).toEqual([{ near: true }]);
});

/*
 * Facts that change after they were rolled up: late rows, audits, a replay, buckets that give way to others, another
 * time zone. Reports are right at once, and rollups when they are made anew.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { setTimeZones } from '../../src/db/report-time-zones.ts';
import { readDeliveryContents, setAsideDeliveries } from '../../src/db/webhook-contents.ts';
import { rangesOf } from '../../src/ranges.ts';
import { replayWebhookLogs } from '../../src/streams/replay-webhook-logs.ts';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { replayQuarantine } from '../../src/sync/replay.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { at, type CountsPage, DAY, delivery, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';

const LOGS = keyOf('1', 'webhook_logs');
const COUNTS = keyOf('1', 'api_responses');
const FROM = at('2026-03-28T00:00:00Z');
const TO = at('2026-04-01T00:00:00Z');
const WHOLE = rangesOf({ from: FROM, to: TO });

let bench: RollupBench;

async function begin(zone: string): Promise<void> {
  bench = await RollupBench.create();
  await bench.addOrganization('1', zone, { from: FROM, to: TO }, { ended: true });
}

/** Expects so many hours to be stale, and reports to be right before and after they are rolled up. */
async function expectRightAndStale(hours: number, reports = 'webhook'): Promise<void> {
  await expectTrueReports(bench.owned, reports);
  const found = await bench.rows<{ hours: number }>(
    `select coalesce(sum(extract(epoch from upper(s) - lower(s)) / 3600), 0)::integer as hours
     from meraki_store.rollup_stale cross join lateral unnest(stale) s`,
  );
  expect(found).toEqual([{ hours }]);
  await rollUpAll(bench.context, bench.now);
  expect(await bench.stale()).toEqual([]);
  await expectTrueReports(bench.owned, reports);
  for (const key of [LOGS, COUNTS]) {
    expect((await checkRollups(bench.database, key)).differences).toEqual([]);
  }
}

async function deliveries(): Promise<number | undefined> {
  const found = await bench.rows<{ n: number }>(
    'select sum(deliveries)::integer as n from meraki.webhook_totals_daily',
  );
  return found[0]?.n;
}

describe('deliveries', () => {
  beforeEach(async () => {
    await begin('Asia/Kolkata');
    const instants = Array.from(
      { length: 60 },
      (_, index) => FROM + index * HOUR + (index % 5) * 600_000_000,
    );
    await bench.writeDeliveries(
      '1',
      instants.map((instant, index) => delivery(instant, { responseCode: index % 5 ? 200 : 502 })),
    );
    await bench.coverDeliveries('1', WHOLE);
    await rollUpAll(bench.context, bench.now);
  });

  test('that are late', async () => {
    await bench.writeDeliveries('1', [
      delivery(FROM + 3 * HOUR, { fingerprint: 2n, endpointId: 2n, responseCode: 500 }),
      delivery(FROM + 3 * HOUR + 1, { fingerprint: 3n, alertTypeId: 9n }),
    ]);
    expect(await deliveries()).toBe(62);
    await expectRightAndStale(1);
  });

  test('that are known leave nothing stale', async () => {
    await bench.writeDeliveries('1', [delivery(FROM), delivery(FROM + 50 * HOUR)]);
    await expectRightAndStale(0);
  });

  test('that an audit takes out, on both sides of a local midnight', async () => {
    const midnight = at('2026-03-28T18:30:00Z');
    const surplus = await readDeliveryContents(
      bench.database.query,
      '1',
      rangesOf({ from: midnight - HOUR - HOUR / 2, to: midnight + HOUR / 2 }),
    );
    expect(surplus).toHaveLength(2);
    await bench.database.transaction((tx) => setAsideDeliveries(tx, LOGS, surplus, bench.now));
    expect(await deliveries()).toBe(58);
    await expectRightAndStale(2);
  });

  test('of which an audit takes out all', async () => {
    const surplus = await readDeliveryContents(bench.database.query, '1', WHOLE);
    await bench.database.transaction((tx) => setAsideDeliveries(tx, LOGS, surplus, bench.now));
    expect(await deliveries()).toBe(0);
    await expectRightAndStale(60);
    expect(await bench.rollups()).toEqual([]);
  });

  test('that come back from quarantine', async () => {
    const row = {
      organizationId: '1',
      networkId: 'N_8',
      alertType: 'settings changed',
      url: 'https://elsewhere.example/hook',
      sentAt: '2026-03-28T18:29:59.999999Z',
      loggedAt: '2026-03-28T18:31:00.000000Z',
      responseCode: 429,
      responseDuration: 12,
    };
    await bench.rows(
      `insert into meraki_ingest.quarantine (organization_id, stream, series, digest, raw, reason, copies, first_seen_at,
         last_seen_at, asked_from, asked_to)
       values ('1', 'webhook_logs', 'all', 1, $1, 'not understood', 2, now(), now(), $2, $3)`,
      [JSON.stringify(row), '2026-03-28T00:00:00Z', '2026-03-29T00:00:00Z'],
    );
    const { database, partitions } = bench;
    const { signal } = new AbortController();
    const replayed = await replayQuarantine(
      database,
      partitions,
      LOGS,
      replayWebhookLogs,
      () => bench.now,
      signal,
    );
    expect(replayed).toMatchObject({ stored: 2, refused: 0 });
    expect(await deliveries()).toBe(62);
    await expectRightAndStale(1);
  });

  test('whose days begin at other moments', async () => {
    const read = rangesOf({ from: FROM, to: TO });
    const counts = [{ bucketStart: FROM + 19 * HOUR, responseCode: 200, requestCount: 5 }];
    await bench.writeCounts('1', [{ intervalSeconds: 3_600, counts, read, final: read }]);
    await rollUpAll(bench.context, bench.now);
    await setTimeZones(bench.database, () => 'America/St_Johns', TO);
    expect(await deliveries()).toBe(60);
    await expectTrueReports(bench.owned);
    await rollUpAll(bench.context, bench.now);
    expect(await bench.stale()).toEqual([]);
    await expectTrueReports(bench.owned);
    expect((await checkRollups(bench.database, LOGS)).differences).toEqual([]);
  });
});

/** A request in each bucket of one width. */
function buckets(seconds: number, [from, to]: readonly [number, number], isFinal: boolean): CountsPage {
  const step = seconds * 1_000_000;
  const starts = Array.from({ length: Math.floor((to - from) / step) }, (_, index) => from + index * step);
  const read = rangesOf({ from, to });
  return {
    intervalSeconds: seconds,
    counts: starts.flatMap((bucketStart, index) => [
      { bucketStart, responseCode: 200, requestCount: seconds },
      { bucketStart, responseCode: index % 2 ? 429 : 500, requestCount: 1 },
    ]),
    read,
    final: isFinal ? read : [],
  };
}

describe('counts', () => {
  test('of every width, where they lie across midnight and where not', async () => {
    await begin('UTC');
    const kinds = ['Asia/Kolkata', 'Europe/Vienna'].flatMap((zone) =>
      [120, 3_600, 14_400, 21_600, 86_400].map((seconds) => ({ zone, seconds })),
    );
    for (const { zone, seconds } of kinds) {
      const id = `${zone} ${seconds}`;
      await bench.addOrganization(id, zone, { from: FROM, to: TO }, { ended: true });
      await bench.writeCounts(id, [buckets(seconds, [FROM, TO], true)]);
    }
    await expectRightAndStale(96 * kinds.length, 'api');
  });

  test('of a coarse width, in place of which finer ones count, and take turns', async () => {
    await begin('America/St_Johns');
    await bench.writeCounts('1', [buckets(21_600, [FROM, TO], true)]);
    await expectRightAndStale(96, 'api');
    await bench.writeCounts('1', [buckets(120, [FROM + DAY, FROM + DAY + 8 * HOUR], false)]);
    await expectRightAndStale(8, 'api');
    await bench.writeCounts('1', [buckets(120, [FROM + DAY, FROM + DAY + 8 * HOUR], true)]);
    await expectRightAndStale(6, 'api');
    const taken = new Map([[120, rangesOf({ from: FROM + DAY, to: FROM + DAY + 2 * HOUR })]]);
    await bench.writeCounts('1', [], 'all', taken);
    await expectRightAndStale(6, 'api');
  });

  test('of fine widths, over which a coarse one is laid', async () => {
    await begin('Asia/Kolkata');
    await bench.writeCounts('1', [
      buckets(120, [FROM, FROM + 3 * HOUR], true),
      buckets(3_600, [FROM, TO], false),
    ]);
    await rollUpAll(bench.context, bench.now);
    await bench.writeCounts('1', [buckets(21_600, [FROM, FROM + DAY], true)]);
    await expectRightAndStale(24, 'api');
  });

  test('that were final and are given anew, with a code that has vanished', async () => {
    await begin('Europe/Vienna');
    await bench.writeCounts('1', [buckets(3_600, [FROM, TO], true)]);
    await rollUpAll(bench.context, bench.now);
    const page = buckets(3_600, [FROM + 22 * HOUR, FROM + DAY], true);
    await bench.writeCounts('1', [{ ...page, counts: page.counts.slice(0, 1) }]);
    await expectRightAndStale(2, 'api');
    await bench.writeCounts('1', [{ ...page, counts: [] }]);
    await expectRightAndStale(2, 'api');
  });

  test('of odd widths count in none of the hours, and break nothing', async () => {
    await begin('UTC');
    for (const seconds of [420, 480, 2_700, 7_776_000]) {
      const id = String(seconds);
      const step = seconds * 1_000_000;
      const odd: readonly [number, number] = [Math.floor(FROM / step) * step, Math.ceil(TO / step) * step];
      await bench.addOrganization(id, 'Asia/Kolkata', { from: FROM, to: TO }, { ended: true });
      await bench.writeCounts(id, [buckets(seconds, odd, true)]);
    }
    await expectTrueReports(bench.owned, 'api');
    await rollUpAll(bench.context, bench.now);
    await expectTrueReports(bench.owned, 'api');
    expect(await bench.stale()).toEqual([]);
    const hours = await bench.rows(
      'select sum(requests) as n, max(coverage_ratio) as c from meraki.api_responses_hourly',
    );
    expect(hours).toEqual([{ n: null, c: 0 }]);
    expect(await bench.rows('select from meraki.api_responses where interval_seconds > 400000')).toHaveLength(
      2,
    );
  });
});

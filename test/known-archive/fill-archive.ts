import { writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { extendCalendars } from '../../src/db/calendar.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { saveLostStretch } from '../../src/db/lost-time.ts';
import { saveNetworks } from '../../src/db/networks.ts';
import { saveOrganizations } from '../../src/db/organizations.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { retireStreams } from '../../src/db/retired-streams.ts';
import { markStale } from '../../src/db/rollup-stale.ts';
import { recordSuccess } from '../../src/db/stream-standing.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { writeWebhookDeliveries } from '../../src/db/webhook-deliveries.ts';
import { instantOfMilliseconds as instant } from '../../src/instant.ts';
import { type Range, type Ranges, rangesOf, union } from '../../src/ranges.ts';
import { hash64 } from '../../src/streams/hash.ts';
import { packRows } from '../../src/streams/packed-rows.ts';
import { deliveryBatchOf } from '../../src/streams/webhook-log-batch.ts';
import { fingerprintOf } from '../../src/streams/webhook-log-row.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import {
  type Delivery,
  type Facts,
  HOUR,
  MINUTE,
  type Moment,
  type Requests,
  type StreamFacts,
  type Stretch,
} from './facts.ts';
import { fillLedger } from './fill-ledger.ts';
import { ALPENGLOW, BEGIN, END, OWN_AGENT, RENAMED, REVISED_BY, REVISED_HOUR, STALE } from './places.ts';

const BATCH = 5_000;

/** Writes everything through the program's own writers, so that what follows from writing follows here too. */
export async function fillArchive(database: Database, facts: Facts): Promise<void> {
  await saveOrganizations(
    database,
    facts.organizations.map(({ id, name, state }) => ({
      organizationId: id,
      name,
      url: null,
      region: null,
      state,
    })),
    instant(BEGIN),
  );
  for (const { id, zone } of facts.organizations) {
    await database.pool.query(
      'update meraki_store.organizations set time_zone = $2 where organization_id = $1',
      [id, zone],
    );
  }
  for (const stream of facts.streams) await fillStream(database, facts, stream);
  await reviseOneFigure(database, facts);
  for (const { id } of facts.organizations) {
    const before = new Map(RENAMED.map(({ networkId, from }) => [networkId, from]));
    await listNetworks(database, facts, id, (networkId) => before.get(networkId), BEGIN);
    for (const { at } of RENAMED) await listNetworks(database, facts, id, () => undefined, at);
  }
  await database.pool.query(`insert into meraki_ingest.settings (name, value) values ('own_series', $1)`, [
    JSON.stringify([OWN_AGENT]),
  ]);
  await fillLedger(database, facts);
  await extendCalendars(database, instant(facts.now));
  const partitions = new Partitions(database);
  await rollUpAll({ database, partitions, signal: new AbortController().signal }, instant(facts.now));
  await markSomeStale(database, facts);
}

/** Some time is not rolled up, as it is while a worker is at it: the views compute it from the facts. */
async function markSomeStale(database: Database, facts: Facts): Promise<void> {
  for (const { organizationId, stream, series } of facts.streams) {
    const stretch = { from: instant(STALE.from), to: instant(STALE.to) };
    await database.transaction((tx) =>
      markStale(tx, { organizationId, stream, series }, [stretch], stretch.to),
    );
  }
}

/** Lists an organization's networks as Meraki named them then. */
async function listNetworks(
  database: Database,
  facts: Facts,
  organizationId: string,
  otherName: (networkId: string) => string | undefined,
  at: Moment,
): Promise<void> {
  const own = facts.deliveries.filter((d) => d.organizationId === organizationId);
  const listed = [...new Set(own.map((d) => d.networkId))].map((networkId) => ({
    networkKey: hash64(networkId),
    networkId,
    name: otherName(networkId) ?? facts.networkNames.get(networkId) ?? null,
    productTypes: ['wireless'],
    tags: [],
    timeZone: 'UTC',
  }));
  await saveNetworks(database, organizationId, listed, instant(at));
}

async function fillStream(database: Database, facts: Facts, stream: StreamFacts): Promise<void> {
  const { organizationId, lookbackSeconds, expectedLagSeconds } = stream;
  const key = { organizationId, stream: stream.stream, series: stream.series };
  const expectations = { lookbackSeconds, expectedLagSeconds, wantedFrom: instant(stream.wantedFrom) };
  await rememberStream(database, key, expectations, instant(stream.wantedFrom));
  await recordSuccess(database, key, 0, instant(facts.now - 5 * 60_000));
  if (stream.stream === 'webhook_logs') {
    await fillDeliveries(
      database,
      organizationId,
      facts.deliveries.filter((d) => d.organizationId === organizationId),
    );
  }
  for (const { seconds, final } of stream.covered) {
    const isLast = stream.covered[0]?.seconds === seconds;
    const provisional = isLast ? toRanges(stream.provisional) : [];
    const coverage = { final: toRanges(final), provisional, counted: union(toRanges(final), provisional) };
    const own = facts.requests.filter(
      (r) => r.organizationId === organizationId && r.series === stream.series && r.seconds === seconds,
    );
    if (seconds > 0)
      await ensurePartitions(
        database,
        'api_response_counts',
        own.map((r) => r.bucketStart),
      );
    await database.transaction(async (tx) => {
      await lockCoverage(tx, key, [seconds], instant(facts.now));
      if (seconds > 0)
        await writeApiResponseCounts(
          tx,
          key,
          batchOf(
            seconds,
            own.map((r) => ({ ...r, count: firstCount(r) })),
          ),
          [],
          instant(facts.now),
        );
      await saveCoverage(tx, key, seconds, coverage, instant(facts.now));
    });
  }
  if (stream.retiredAt !== undefined) await retireStreams(database.query, key, [], instant(facts.now));
  for (const lost of stream.lost) {
    const stretch = { from: instant(lost.from), to: instant(lost.to) };
    const told = {
      key,
      stretch,
      lostAt: instant(lost.to + 90 * 24 * HOUR),
      reason: lost.reason,
      detail: 'As told.',
    };
    await database.transaction((tx) => saveLostStretch(tx, told, instant(facts.now)));
  }
}

async function fillDeliveries(
  database: Database,
  organizationId: string,
  deliveries: readonly Delivery[],
): Promise<void> {
  await ensurePartitions(
    database,
    'webhook_deliveries',
    deliveries.map((d) => d.sentAt),
  );
  for (let start = 0; start < deliveries.length; start += BATCH) {
    const numbered = deliveries.slice(start, start + BATCH).map((d) => {
      const row = {
        ...{ organizationId, networkId: d.networkId, alertType: d.alertType, url: d.url, extra: null },
        ...{ sentAt: instant(d.sentAt), loggedAt: instant(d.loggedAt), responseCode: d.code },
        responseDuration: d.durationMs,
      };
      return { ...row, fingerprint: fingerprintOf(row), occurrence: d.occurrence };
    });
    const batch = deliveryBatchOf(organizationId, packRows(numbered));
    const loadedAt = Math.max(...numbered.map(({ loggedAt }) => loggedAt)) + instant(5 * MINUTE);
    await database.transaction((tx) => writeWebhookDeliveries(tx, organizationId, batch, loadedAt));
  }
}

/** A second reading of one hour says what the facts do, and more than the first, which was final. */
async function reviseOneFigure(database: Database, facts: Facts): Promise<void> {
  const key = { organizationId: ALPENGLOW, series: 'all' };
  const batch = batchOf(3_600, facts.requests.filter(isRevised));
  await database.transaction((tx) => writeApiResponseCounts(tx, key, batch, batch.read, instant(END)));
}

function isRevised(request: Requests): boolean {
  return (
    request.organizationId === ALPENGLOW && request.series === 'all' && request.bucketStart === REVISED_HOUR
  );
}

function firstCount(request: Requests): number {
  return isRevised(request) && request.code === 200 ? request.count - REVISED_BY : request.count;
}

function batchOf(intervalSeconds: number, own: readonly Requests[]) {
  const read: Ranges =
    own.length === 0
      ? []
      : [
          spanOf(
            own.map((r) => r.bucketStart),
            intervalSeconds * 1_000,
          ),
        ];
  const counts = own.map((r) => ({
    ...{ bucketStart: instant(r.bucketStart), responseCode: r.code, requestCount: r.count },
  }));
  return { intervalSeconds, counts, read, final: read };
}

async function ensurePartitions(
  database: Database,
  table: 'webhook_deliveries' | 'api_response_counts',
  moments: readonly number[],
): Promise<void> {
  if (moments.length > 0) await new Partitions(database).ensure(table, spanOf(moments, 1));
}

function spanOf(moments: readonly number[], width: number): Range {
  const [first, last] = moments.reduce(
    ([a, b], m) => [Math.min(a, m), Math.max(b, m)],
    [Infinity, -Infinity],
  );
  return { from: instant(first), to: instant(last + width) };
}

function toRanges(stretches: readonly Stretch[]): Ranges {
  return rangesOf(...stretches.map(({ from, to }) => ({ from: instant(from), to: instant(to) })));
}

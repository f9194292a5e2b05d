import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { rangesOf, subtract } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { lockCoverage, saveCoverage } from './coverage.ts';
import { type Database, translated } from './database.ts';
import type { PartitionedTable } from './partition-settings.ts';
import { clearStale, markStale } from './rollup-stale.ts';
import { PARTITIONED_ROLLUPS, rollupsByDay } from './rollup-tables.ts';
import { dropMonths, type StoredMonth, storedMonths } from './stored-months.ts';
import { forgetVerified } from './verified-time.ts';

const TABLES: readonly { readonly table: PartitionedTable; readonly stream: StreamKey['stream'] }[] = [
  { table: 'webhook_deliveries', stream: 'webhook_logs' },
  { table: 'api_response_counts', stream: 'api_responses' },
];

/**
 * Drops the monthly partitions that lie wholly before `before`, so that everything is kept at least until then.
 *
 * Coverage goes first, one organization at a time, and the rows after it: a crash between the two leaves rows
 * that nobody claims, never a claim without rows (invariant I2).
 *
 * @returns the names of the partitions dropped
 */
export async function dropExpired(
  database: Database,
  before: Instant,
  now: Instant,
): Promise<readonly string[]> {
  const dropped: string[] = [];
  for (const { table, stream } of TABLES) {
    const expired = (await storedMonths(database, table)).filter((month) => month.to <= before);
    if (expired.length === 0) continue;
    const end = Math.max(...expired.map(({ to }) => to));
    for (const key of await streamsOf(database, stream)) await forget(database, key, end, now);
    dropped.push(...(await dropFacts(database, { table, stream }, expired, end, now)));
    dropped.push(...(await dropRollups(database, stream, end)));
  }
  return dropped;
}

/**
 * Rollups of what is dropped are stale until they are dropped too, so views show neither. So is the day that began
 * before `end` and has lost its beginning.
 */
async function dropFacts(
  database: Database,
  { table, stream }: (typeof TABLES)[number],
  expired: readonly StoredMonth[],
  end: Instant,
  now: Instant,
): Promise<readonly string[]> {
  const from = Math.min(...expired.map((month) => month.from));
  const keys = await streamsOf(database, stream);
  await database.transaction(async (tx) => {
    await dropMonths(tx, table, expired);
    for (const key of keys) await markStale(tx, key, [{ from, to: end + 1 }], now);
  });
  return expired.map(({ name }) => name);
}

/**
 * Table by table: whoever drops from two in one transaction, and a reader who has them in the other order, would wait
 * for each other.
 */
async function dropRollups(database: Database, stream: StreamName, end: Instant): Promise<readonly string[]> {
  const names: string[] = [];
  for (const table of PARTITIONED_ROLLUPS[stream]) {
    const old = (await storedMonths(database, table)).filter(({ to }) => to <= end);
    await database.transaction((tx) => dropMonths(tx, table, old));
    names.push(...old.map(({ name }) => name));
  }
  const keys = await streamsOf(database, stream);
  await database.transaction(async (tx) => {
    for (const name of rollupsByDay(stream)) {
      await tx.execute(
        sql`delete from ${sql.raw(`meraki_store.${name}`)} where bucket_end <= ${formatInstant(end)}::timestamptz`,
      );
    }
  });
  for (const key of keys) {
    await database.transaction((tx) => clearStale(tx, key, [{ from: 0, to: end }]));
  }
  return names;
}

async function streamsOf(database: Database, stream: StreamKey['stream']): Promise<readonly StreamKey[]> {
  const found = await translated(
    database.query.execute<{ organization_id: string; series: string }>(
      sql`select organization_id, series from meraki_ingest.streams where stream = ${stream}`,
    ),
  );
  return found.rows.map((row) => ({ organizationId: row.organization_id, stream, series: row.series }));
}

async function forget(database: Database, key: StreamKey, end: Instant, now: Instant): Promise<void> {
  const gone = rangesOf({ from: Number.NEGATIVE_INFINITY, to: end });
  await database.transaction(async (tx) => {
    for (const [width, coverage] of await lockCoverage(tx, key, [], now)) {
      const kept = {
        final: subtract(coverage.final, gone),
        provisional: subtract(coverage.provisional, gone),
        counted: subtract(coverage.counted, gone),
      };
      await saveCoverage(tx, key, width, kept, now);
    }
    await forgetVerified(tx, key, end, now);
    const dropped = sql`${formatInstant(end)}::timestamptz`;
    await tx.execute(sql`
      update meraki_ingest.streams set wanted_from = ${dropped}, dropped_before = ${dropped}
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
        and wanted_from < ${dropped}`);
  });
}

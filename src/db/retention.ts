import { sql } from 'drizzle-orm';
import { DatabaseBusyError } from '../errors.ts';
import { formatInstant, type Instant } from '../instant.ts';
import { rangesOf, subtract } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { lockCoverage, saveCoverage } from './coverage.ts';
import { type Database, type Transaction, translated } from './database.ts';
import type { PartitionedTable } from './partition-settings.ts';
import { clearStale, markStale } from './rollup-stale.ts';
import { PARTITIONED_ROLLUPS, rollupsByDay } from './rollup-tables.ts';
import { dropMonths, type StoredMonth, storedMonths } from './stored-months.ts';
import { forgetVerified } from './verified-time.ts';

const TABLES: readonly { readonly table: PartitionedTable; readonly stream: StreamKey['stream'] }[] = [
  { table: 'webhook_deliveries', stream: 'webhook_logs' },
  { table: 'api_response_counts', stream: 'api_responses' },
];

/** Whoever drops a month locks the whole table first, and all who read or write it wait behind: for no longer than this. */
const LOCK_TIMEOUT = '1s';

export interface Expired {
  /** Partitions or chunks that were dropped. */
  readonly dropped: readonly string[];
  /** Tables of which some are still to be dropped, since a reader or the packing of an index was at work on them. */
  readonly inUse: readonly PartitionedTable[];
}

/**
 * Drops the monthly partitions that lie wholly before `before`, so that everything is kept at least until then. What
 * is in use for longer than a second is left for another call.
 *
 * Coverage goes first, one organization at a time, and the rows after it: a crash between the two leaves rows
 * that nobody claims, never a claim without rows (invariant I2).
 */
export async function dropExpired(database: Database, before: Instant, now: Instant): Promise<Expired> {
  const dropped: string[] = [];
  const inUse: PartitionedTable[] = [];
  const unlessInUse = async (table: PartitionedTable, work: () => Promise<readonly string[]>) => {
    try {
      dropped.push(...(await work()));
    } catch (error) {
      if (!(error instanceof DatabaseBusyError)) throw error;
      inUse.push(table);
    }
  };
  for (const { table, stream } of TABLES) {
    const months = await storedMonths(database, table);
    const expired = months.filter(({ to }) => to <= before);
    const end = Math.max(...expired.map(({ to }) => to));
    if (expired.length > 0) {
      for (const key of await streamsOf(database, stream)) await forget(database, key, end, now);
      await unlessInUse(table, () => dropFacts(database, { table, stream }, expired, end, now));
      if (inUse.includes(table)) continue;
    }
    // Also of time before, which an earlier call could not drop, or did not live to.
    const kept = Math.min(before, ...months.filter(({ to }) => to > before).map(({ from }) => from));
    const rollups = PARTITIONED_ROLLUPS[stream];
    for (const rollup of rollups) {
      const old = (await storedMonths(database, rollup)).filter(({ to }) => to <= kept);
      if (old.length > 0) await unlessInUse(rollup, () => dropRollups(database, rollup, old));
    }
    // Until then they stay stale, and whoever rolls up empties what is left.
    const isDone = !rollups.some((rollup) => inUse.includes(rollup));
    if (expired.length > 0 && isDone) await dropDays(database, stream, end);
  }
  return { dropped, inUse };
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
    await waitBriefly(tx);
    await dropMonths(tx, table, expired);
    for (const key of keys) await markStale(tx, key, [{ from, to: end + 1 }], now);
  });
  return expired.map(({ name }) => name);
}

/**
 * Table by table: whoever drops from two in one transaction, and a reader who has them in the other order, would wait
 * for each other.
 */
async function dropRollups(
  database: Database,
  table: PartitionedTable,
  old: readonly StoredMonth[],
): Promise<readonly string[]> {
  await database.transaction(async (tx) => {
    await waitBriefly(tx);
    await dropMonths(tx, table, old);
  });
  return old.map(({ name }) => name);
}

/** Rollups that are not partitioned; then nothing before `end` is left that could be stale. */
async function dropDays(database: Database, stream: StreamName, end: Instant): Promise<void> {
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
}

async function waitBriefly(tx: Transaction): Promise<void> {
  await tx.execute(sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`);
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

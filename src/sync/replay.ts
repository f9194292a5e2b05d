/*
 * Rows in quarantine are judged again by the rules of this version; those that pass are stored and leave, in one
 * transaction for each batch. It takes the locks of a page commit in the same order (coverage of the stream first),
 * so workers may go on meanwhile, and a second replay finds the rows gone. Killed at any moment it has moved whole
 * batches.
 */
import { type CoverageByWidth, lockCoverage, saveCoverage } from '../db/coverage.ts';
import type { Database, Transaction } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import {
  lockQuarantined,
  type QuarantinedRow,
  readQuarantine,
  removeQuarantined,
} from '../db/quarantined-rows.ts';
import type { Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import { addClaims } from './commit-pages.ts';
import type { Claim, Reading } from './stream.ts';

/** What this version makes of rows in quarantine. */
export interface Judgement {
  readonly partitions: Reading['partitions'];
  /** Bucket widths whose coverage is needed (0: no buckets). */
  readonly widths: readonly number[];
  /** Stores what may be stored. `before`: the stream's coverage, locked. */
  write(tx: Transaction, before: CoverageByWidth, now: Instant): Promise<Replayed>;
}

/** What became of rows, copies counted. */
export interface Replayed {
  readonly stored: number;
  /** In the store already, or read again since. */
  readonly known: number;
  readonly leaving: readonly QuarantinedRow[];
  readonly refused: readonly { readonly row: QuarantinedRow; readonly reason: string }[];
  readonly claims: readonly Claim[];
}

/** One for each endpoint, in `streams/`. Pure: it is asked before the transaction and again within. */
export type Replayer = (key: StreamKey, rows: readonly QuarantinedRow[]) => Judgement;

export interface ReplayCounts {
  readonly stored: number;
  readonly known: number;
  readonly refused: number;
  /** Rows still refused by reason, copies counted. */
  readonly reasons: ReadonlyMap<string, number>;
}

/** Replays the whole quarantine of one stream. */
export async function replayQuarantine(
  database: Database,
  partitions: Partitions,
  key: StreamKey,
  replayer: Replayer,
  now: () => Instant,
  signal: AbortSignal,
): Promise<ReplayCounts> {
  let [stored, known, refused] = [0, 0, 0];
  const reasons = new Map<string, number>();
  for await (const rows of readQuarantine(database.query, key, { withRaw: true, toReplay: true })) {
    signal.throwIfAborted();
    const batch = await replayBatch(database, partitions, key, replayer, rows, now());
    stored += batch.stored;
    known += batch.known;
    for (const { row, reason } of batch.refused) {
      refused += row.copies;
      reasons.set(reason, (reasons.get(reason) ?? 0) + row.copies);
    }
  }
  return { stored, known, refused, reasons };
}

async function replayBatch(
  database: Database,
  partitions: Partitions,
  key: StreamKey,
  replayer: Replayer,
  rows: readonly QuarantinedRow[],
  now: Instant,
): Promise<Replayed> {
  const { partitions: needed, widths } = replayer(key, rows);
  for (const { table, range } of needed) await partitions.ensure(table, range);
  return await database.transaction(async (tx) => {
    const before = await lockCoverage(tx, key, widths, now);
    const standing = await lockQuarantined(tx, key, rows);
    const replayed = await replayer(key, standing).write(tx, before, now);
    if (replayed.claims.length > 0) {
      for (const [width, coverage] of addClaims(before, replayed.claims)) {
        await saveCoverage(tx, key, width, coverage, now);
      }
    }
    await removeQuarantined(tx, key, replayed.leaving);
    return replayed;
  });
}

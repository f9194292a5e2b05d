import { advanceCheckpoint, type HeldCheckpoint } from '../db/checkpoints.ts';
import { type CoverageByWidth, lockCoverage, saveCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import { addLateness } from '../db/lateness.ts';
import type { Partitions } from '../db/partitions.ts';
import { quarantineRows } from '../db/quarantine.ts';
import { type FieldDrift, recordDrift } from '../db/schema-drift.ts';
import { addCounts, type RunCounts, type RunState, saveRun } from '../db/sync-runs.ts';
import type { Instant } from '../instant.ts';
import { subtract, union } from '../ranges.ts';
import { measureLateness, type ReadBefore } from './lateness.ts';
import { countedTime } from './resolution.ts';
import type { Claim, Reading } from './stream.ts';

export interface Committed {
  readonly held: HeldCheckpoint;
  readonly counts: RunCounts;
  /** Fields that are not as documented and were not known before. */
  readonly drift: readonly FieldDrift[];
}

export interface CommitTerms {
  /** Rows are stamped by Meraki's clock. */
  readonly meraki: Instant;
  /** Leases go by this machine's. */
  readonly local: Instant;
  /** Rows in quarantine beyond which the page is not committed. */
  readonly quarantineLimit: number;
  /** What was read before this window, where lateness is to be measured. */
  readonly readBefore?: ReadBefore | undefined;
}

/**
 * Commits one page: rows, checkpoint, coverage, quarantine, drift and the run's figures, together or not at all
 * (invariants I2 and I3).
 *
 * @throws {SupersededError} when another worker moved the checkpoint; nothing was committed
 * @throws {QuarantineFullError} when too many rows do not validate; nothing was committed
 */
export async function commitPage(
  database: Database,
  partitions: Partitions,
  held: HeldCheckpoint,
  run: RunState,
  reading: Reading,
  { meraki: now, local, quarantineLimit, readBefore }: CommitTerms,
): Promise<Committed> {
  for (const { table, range } of reading.partitions) await partitions.ensure(table, range);
  return await database.transaction(async (tx) => {
    const advanced = await advanceCheckpoint(tx, held, reading.window, local);
    const widths = reading.claims.map((claim) => claim.intervalSeconds);
    const before = await lockCoverage(tx, held.key, widths, now);
    const written = await reading.write(tx, before, now, readBefore !== undefined);
    if (readBefore !== undefined) {
      const late = measureLateness(written.fresh ?? [], readBefore, reading.answeredAt);
      await addLateness(tx, held.key, late, now);
    }
    const rowsQuarantined = await quarantineRows(
      tx,
      held.key,
      reading.refused,
      { asked: reading.asked, limit: quarantineLimit },
      now,
    );
    const drift = await recordDrift(tx, held.key, reading.drift, now);
    for (const [width, coverage] of addClaims(before, reading.claims)) {
      await saveCoverage(tx, held.key, width, coverage, now);
    }
    const counts = addCounts(run.counts, {
      pages: 1,
      requests: reading.requests,
      waitedMs: reading.waitedMs,
      rowsQuarantined,
      ...written,
    });
    await saveRun(tx, { ...run, counts });
    return { held: advanced, counts, drift };
  });
}

/** Coverage after `claims`. Final time stays final unless it is retracted; provisional time is what is covered and not final. */
export function addClaims(before: CoverageByWidth, claims: readonly Claim[]): CoverageByWidth {
  const widths = new Map(
    [...before].map(([width, { final, provisional }]) => {
      const mine = claims.filter((claim) => claim.intervalSeconds === width);
      const retracted = union(...mine.map((claim) => claim.retracted ?? []));
      const settled = union(subtract(final, retracted), ...mine.map((claim) => claim.final));
      const covered = union(subtract(provisional, retracted), ...mine.map((claim) => claim.provisional));
      return [width, { final: settled, provisional: subtract(covered, settled) }];
    }),
  );
  const counted = countedTime(widths);
  return new Map(
    [...widths].map(([width, coverage]) => [width, { ...coverage, counted: counted.get(width) ?? [] }]),
  );
}

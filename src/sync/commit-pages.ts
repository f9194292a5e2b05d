import { advanceCheckpoint, type HeldCheckpoint } from '../db/checkpoints.ts';
import { type CoverageByWidth, lockCoverage, saveCoverage } from '../db/coverage.ts';
import type { Database, Transaction } from '../db/database.ts';
import { addLateness } from '../db/lateness.ts';
import type { Partitions } from '../db/partitions.ts';
import { quarantineRows } from '../db/quarantine.ts';
import { type FieldDrift, recordDrift } from '../db/schema-drift.ts';
import { addCounts, type RunCounts, type RunState, saveRun } from '../db/sync-runs.ts';
import type { Instant } from '../instant.ts';
import { type Ranges, subtract, union } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { measureLateness, type ReadBefore } from './lateness.ts';
import { type OpenWindow, storedWindows } from './open-window.ts';
import { countedTime } from './resolution.ts';
import type { Claim, Reading, Stream } from './stream.ts';

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
  /** Rows in quarantine beyond which nothing is committed. */
  readonly quarantineLimit: number;
  /** What was read before this window, where lateness is to be measured. */
  readonly readBefore?: ReadBefore | undefined;
  /** Windows of the lane that are read side by side with this one, as they stand. */
  readonly besides?: readonly OpenWindow[];
}

/**
 * Commits pages of one window, in their order: rows, checkpoint, coverage, quarantine, drift and the run's figures,
 * together or not at all (invariants I2 and I3).
 *
 * @param readings at least one; exactly one where lateness is measured, which goes by when each was answered
 * @throws {SupersededError} when another worker moved the checkpoint; nothing was committed
 * @throws {QuarantineFullError} when too many rows do not validate; nothing was committed
 */
export async function commitPages(
  database: Database,
  partitions: Partitions,
  stream: Stream,
  held: HeldCheckpoint,
  run: RunState,
  readings: readonly [Reading, ...Reading[]],
  { meraki: now, local, quarantineLimit, readBefore, besides = [] }: CommitTerms,
): Promise<Committed> {
  for (const { table, range } of readings.flatMap((reading) => reading.partitions)) {
    await partitions.ensure(table, range);
  }
  const last = readings.at(-1) ?? readings[0];
  return await database.transaction(async (tx) => {
    const advanced = await advanceCheckpoint(tx, held, storedWindows([...besides, last.window]), local);
    const widths = new Set(readings.flatMap(({ claims }) => claims.map((claim) => claim.intervalSeconds)));
    const before = await lockCoverage(tx, held.key, [...widths], now);
    const written = await stream.write(tx, readings, before, now, readBefore !== undefined);
    if (readBefore !== undefined) {
      const late = measureLateness(written.fresh ?? [], readBefore, last.answeredAt);
      await addLateness(tx, held.key, late, now);
    }
    let rowsQuarantined = 0;
    for (const { refused, asked } of readings) {
      rowsQuarantined += await quarantineRows(tx, held.key, refused, { asked, limit: quarantineLimit }, now);
    }
    const drifted = readings.flatMap((reading) => reading.drift);
    const drift = await recordDrift(tx, held.key, drifted, now);
    const after = readings.reduce((coverage, { claims }) => addClaims(coverage, claims), before);
    for (const [width, coverage] of after) await saveCoverage(tx, held.key, width, coverage, now);
    const counts = addCounts(run.counts, {
      pages: readings.length,
      requests: readings.reduce((sum, { requests }) => sum + requests, 0),
      waitedMs: readings.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
      rowsQuarantined,
      ...written,
    });
    await saveRun(tx, { ...run, counts });
    return { held: advanced, counts, drift };
  });
}

/** Takes back what was claimed of some time, at every width. */
export async function retractClaims(
  tx: Transaction,
  key: StreamKey,
  retracted: Ranges,
  now: Instant,
): Promise<void> {
  const before = await lockCoverage(tx, key, [], now);
  const nothing = { final: [], provisional: [], retracted };
  const after = addClaims(
    before,
    [...before.keys()].map((intervalSeconds) => ({ ...nothing, intervalSeconds })),
  );
  for (const [width, coverage] of after) await saveCoverage(tx, key, width, coverage, now);
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

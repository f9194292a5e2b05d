import { takeCheckpoint } from '../db/checkpoints.ts';
import { noCounts, type RunCounts } from '../db/sync-runs.ts';
import { SupersededError } from '../errors.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import type { Ranges } from '../ranges.ts';
import { keepLease } from './keep-lease.ts';
import { LaneLoop, type LaneRun } from './lane-loop.ts';

export interface LaneResult {
  /** `busy`: another run holds the lane until `heldUntil`. */
  readonly outcome: 'complete' | 'paused' | 'superseded' | 'busy';
  readonly counts: RunCounts;
  readonly heldUntil?: Instant;
  /** What `backfill` still has to read. */
  readonly remaining: Ranges;
  /** When Meraki forgets the oldest of `remaining`. */
  readonly deadline?: Instant | undefined;
}

/**
 * Reads one lane of a stream page by page until nothing is left to do, and commits every page on its own.
 * Errors of the source and the database pass to the caller; whatever was committed before stands.
 */
export async function runLane(lane: LaneRun): Promise<LaneResult> {
  const { database, stream } = lane;
  const taken = await takeCheckpoint(
    database,
    stream.key,
    lane.lane,
    lane.runId,
    instantOfMilliseconds(lane.clock.now()),
  );
  if ('heldUntil' in taken) {
    return { outcome: 'busy', counts: noCounts, heldUntil: taken.heldUntil, remaining: [] };
  }
  const loop = new LaneLoop(lane, taken);
  const letGo = lane.keepsLease === false ? undefined : keepLease(database, taken, () => lane.clock.now());
  try {
    const outcome = await loop.run();
    await loop.end(outcome, null);
    return { outcome, counts: loop.counts, ...(await loop.outlook()) };
  } catch (error) {
    if (error instanceof SupersededError) {
      await loop.end('superseded', error.message);
      return { outcome: 'superseded', counts: loop.counts, remaining: [] };
    }
    if (lane.signal.aborted) {
      await loop.end('paused', null);
      return { outcome: 'paused', counts: loop.counts, remaining: [] };
    }
    await loop.end('failed', error instanceof Error ? error.message : String(error)).catch(() => undefined);
    throw error;
  } finally {
    letGo?.();
  }
}

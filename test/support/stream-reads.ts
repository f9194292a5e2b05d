import { randomUUID } from 'node:crypto';
import { takeCheckpoint } from '../../src/db/checkpoints.ts';
import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { noCounts, type RunState } from '../../src/db/sync-runs.ts';
import { type Instant, instantOfMilliseconds } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { type Committed, commitPage } from '../../src/sync/commit-page.ts';
import type { Reading } from '../../src/sync/stream.ts';

const DAY = 86_400_000_000;

/** A day that is over, asked three days later. */
export const NOW: Instant = instantOfMilliseconds(Date.parse('2026-01-15T12:00:00Z'));
export const ASKED = { from: NOW - 3 * DAY, to: NOW - 2 * DAY };
export const SETTINGS = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: 900_000_000,
  perPage: 1_000,
  intervalSeconds: 120,
  quarantineLimit: 100_000,
};

/** Commits a page as the loop does, each in a run of its own. */
export async function commitReading(
  database: Database,
  key: StreamKey,
  reading: Reading,
  { now = NOW, quarantineLimit = SETTINGS.quarantineLimit, partitions = new Partitions(database) } = {},
): Promise<Committed> {
  // A lease this far ahead is one of a wrong clock, and is taken over by the next.
  const taken = await takeCheckpoint(database, key, 'backfill', randomUUID(), NOW + 365 * DAY);
  if ('heldUntil' in taken) throw new Error('the lane is held');
  const run: RunState = {
    runId: randomUUID(),
    key,
    lane: 'backfill',
    startedAt: now,
    counts: noCounts,
    outcome: 'running',
    finishedAt: null,
    error: null,
  };
  return await commitPage(database, partitions, taken, run, reading, {
    meraki: now,
    local: NOW,
    quarantineLimit,
  });
}

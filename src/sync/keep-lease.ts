import { type HeldCheckpoint, LEASE_MS, prolongLease } from '../db/checkpoints.ts';
import type { Database } from '../db/database.ts';
import { instantOfMilliseconds } from '../instant.ts';

/** Four times within a lease: one of them may be late by a slow database or a busy process. */
const BEAT_MS = LEASE_MS / 4;

/**
 * Prolongs a lease while its holder waits for an answer of the source. By the machine's own time, whatever time the
 * work goes by: what a lease tells is that this process is alive. That it may fail is no harm, since leases only save
 * double work.
 *
 * @param now the time by which leases are written, in milliseconds since the epoch
 * @returns ends it
 */
export function keepLease(
  database: Database,
  held: Pick<HeldCheckpoint, 'key' | 'lane' | 'holder'>,
  now: () => number,
): () => void {
  let underWay = false;
  const beat = () => {
    if (underWay) return;
    underWay = true;
    void prolongLease(database, held, instantOfMilliseconds(now()))
      .catch(() => undefined)
      .finally(() => {
        underWay = false;
      });
  };
  const timer = setInterval(beat, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}

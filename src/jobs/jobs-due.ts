import type { JobQueue } from './queue-store.ts';

/**
 * How many jobs of a queue would begin if there were places for them. One that was put off stays so, although its time
 * has come, until a worker looks for its next job; while all places are taken, none does.
 *
 * @param now milliseconds since the epoch
 */
export async function jobsDue(
  queue: Pick<JobQueue, 'getDelayedCount' | 'getJobCounts'>,
  now: number,
): Promise<number> {
  const [{ waiting = 0, prioritized = 0 }, putOff] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized'),
    queue.getDelayedCount(now),
  ]);
  return waiting + prioritized + putOff;
}

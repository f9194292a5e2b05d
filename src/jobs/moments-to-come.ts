/*
 * The queues hold moments at which something is to be done, by the clock of the machine that wrote them. One that was
 * ahead and was set right has left moments that are far off, by as much as it was: no scheduler would make its next job
 * before, and since a backfill cannot be queued twice, history would wait for it as well.
 *
 * Nor does a scheduler go on whose next job is gone: each makes the one after when it begins. A clock that was set back
 * comes to moments once more of which failed jobs are kept, and there no other is made; a Redis that evicts loses some.
 */
import type { JobQueue } from './queue-store.ts';

/** Hosts' clocks may differ by a little, and a job may be put off for so long whatever its scheduler's period is. */
const SLACK_MS = 1_800_000;

/** Of those that are late, for each look: a worker that cannot keep up has thousands, and all of them wait rightly. */
const MOST_LATE = 20;

type Queue = Pick<
  JobQueue,
  'getDelayedCount' | 'getJob' | 'getJobSchedulers' | 'getJobs' | 'removeJobScheduler'
>;

/**
 * Takes schedulers out whose next job is later than their period allows, so that they are made anew, and has other jobs
 * begin that were put off for longer than anything is.
 *
 * @param now milliseconds since the epoch
 * @param longestEveryMs the longest period of all schedulers of this queue
 * @returns how many schedulers and jobs that were
 */
export async function bringBack(queue: Queue, now: number, longestEveryMs: number): Promise<number> {
  const latest = now + longestEveryMs + SLACK_MS;
  const isFarOff = (next: number | undefined, every: number | undefined) =>
    Number(next) > now + Number(every ?? 0) + SLACK_MS;
  // The one that comes last is looked at alone: there are thousands of them, and each costs a round trip.
  const [last] = await queue.getJobSchedulers(0, 0);
  const farOff = (await queue.getDelayedCount()) - (await queue.getDelayedCount(latest));
  if (farOff <= 0 && !isFarOff(last?.next, last?.every)) return 0;
  let broughtBack = 0;
  for (const { key, next, every } of await queue.getJobSchedulers(0, -1)) {
    if (!isFarOff(next, every)) continue;
    await queue.removeJobScheduler(key);
    broughtBack += 1;
  }
  const still = (await queue.getDelayedCount()) - (await queue.getDelayedCount(latest));
  const jobs = still > 0 ? await queue.getJobs(['delayed'], 0, still - 1) : [];
  // One that is not delayed any more was taken by a worker meanwhile.
  for (const job of jobs) await job.promote().catch(() => undefined);
  return broughtBack + jobs.length;
}

/**
 * Takes schedulers out that wait for a job that is not there, so that they are made anew.
 *
 * @param now milliseconds since the epoch
 * @returns how many there were
 */
export async function takeOutStuck(queue: Queue, now: number): Promise<number> {
  let stuck = 0;
  for (const { key, next } of await queue.getJobSchedulers(0, MOST_LATE - 1, true)) {
    if (Number(next) > now - SLACK_MS) break;
    const job = await queue.getJob(`repeat:${key}:${next}`);
    if (job !== undefined && !(await job.isFailed()) && !(await job.isCompleted())) continue;
    await queue.removeJobScheduler(key);
    stuck += 1;
  }
  return stuck;
}

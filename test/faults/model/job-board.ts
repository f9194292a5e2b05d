import { instantOfMilliseconds } from '../../../src/instant.ts';
import type { Random } from '../../../src/simulator/random.ts';
import type { ModelPlan } from './model-plan.ts';
import type { Job } from './model-process.ts';
import type { WorldTime } from './world-time.ts';

const JOBS: readonly Job[] = [
  { stream: 'webhook_logs', lane: 'live' },
  { stream: 'webhook_logs', lane: 'backfill' },
  { stream: 'webhook_logs', lane: 'backfill' },
  { stream: 'api_responses', lane: 'live' },
  { stream: 'api_responses', lane: 'backfill' },
];

/** Which job is begun next. */
export class JobBoard {
  readonly #plan: ModelPlan;
  readonly #time: WorldTime;
  readonly #random: Random;
  /** Jobs whose process was paused or crashed: somebody else may take them over. */
  readonly #orphans: Job[] = [];

  constructor(plan: ModelPlan, time: WorldTime, random: Random) {
    this.#plan = plan;
    this.#time = time;
    this.#random = random;
  }

  /** Leaves a job to others. */
  orphan(job: Job | undefined): void {
    if (job !== undefined) this.#orphans.push(job);
  }

  /** @param busy what others are at */
  next(busy: readonly Job[]): Job {
    const orphan = this.#random.chance(0.6) ? this.#orphans.shift() : undefined;
    const twice = busy.length > 0 && this.#random.chance(0.25) ? this.#random.pick(busy) : undefined;
    return orphan ?? twice ?? this.#restricted(this.#pick());
  }

  #pick(): Job {
    const { favours } = this.#plan;
    return favours !== undefined && this.#random.chance(0.5) ? favours : this.#random.pick(JOBS);
  }

  /** Now and then only a stretch of time, as `sync --from --to`. */
  #restricted(job: Job): Job {
    if (!this.#random.chance(0.08)) return job;
    const { lookback } = this.#plan;
    const from = this.#time.now() - this.#random.integer(lookback);
    const to = from + this.#random.integer(lookback / 2);
    return { ...job, only: { from: instantOfMilliseconds(from), to: instantOfMilliseconds(to) } };
  }
}

import { HistorianError, UntrustedHostError } from '../../../src/errors.ts';
import { formatInstant, instantOfMilliseconds } from '../../../src/instant.ts';
import type { Judge } from './judge.ts';
import type { ModelPlan } from './model-plan.ts';
import type { Ended, ModelProcess } from './model-process.ts';
import type { WorldTime } from './world-time.ts';

/** How jobs end, and which of their errors no plan explains. */
export class JobEndings {
  readonly #plan: ModelPlan;
  readonly #time: WorldTime;
  readonly #judge: Judge;
  /** Errors that jobs ended with, by code. */
  readonly errors = new Map<string, number>();
  superseded = 0;

  constructor(plan: ModelPlan, time: WorldTime, judge: Judge) {
    this.#plan = plan;
    this.#time = time;
    this.#judge = judge;
  }

  /** Takes their jobs from processes that are done with them. */
  collect(processes: readonly ModelProcess[]): void {
    for (const process of processes) {
      const { ended } = process;
      if (ended === undefined) continue;
      process.job = undefined;
      process.ended = undefined;
      if (ended === 'superseded') this.superseded += 1;
      if (ended instanceof Error) this.#note(ended);
    }
  }

  #note(error: Error): void {
    const known = error instanceof HistorianError;
    const code = known ? error.code : `${error.name}: ${error.message}`;
    this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    // A redirect to where the key must not go ends a job for good: I8, and a fault of the plan.
    const isUntrusted = error instanceof UntrustedHostError && this.#plan.faults !== undefined;
    if (known && (error.retry !== 'never' || isUntrusted)) return;
    this.#judge.fail(
      `a job ended with ${code} (${error.message}) at ${formatInstant(instantOfMilliseconds(this.#time.now()))}`,
    );
  }
}

export function spokenEnding(ended: Ended | undefined): string {
  return ended instanceof Error ? `${ended.name}: ${ended.message}` : String(ended);
}

import type { FaultPlan, Simulator } from '../../../src/simulator/simulator.ts';
import type { ArchiveSnapshot } from './archive-snapshot.ts';
import { healed, type ModelPlan } from './model-plan.ts';

/** So many are followed for one answer. */
const MOST_REDIRECTS = 5;

/** What the source does wrong while a plan runs, and how often it did. */
export class SourceFaults {
  readonly #plan: ModelPlan;
  readonly #simulator: Simulator;
  #isBroken = false;
  /** Calls that were struck, and those that came of it. */
  struck = 0;
  /** Requests that may have gone to addresses of no stream's, where nobody counts them: redirects go round in circles. */
  astray = 0;

  constructor(plan: ModelPlan, simulator: Simulator) {
    this.#plan = plan;
    this.#simulator = simulator;
  }

  /** Lets the log stop being sorted, where the plan wants that and the archive stands as it wants it. */
  breakOnceSorted(archive: ArchiveSnapshot | undefined): void {
    const { onceSorted } = this.#plan;
    const logs = archive?.streams.find(({ stream }) => stream === 'webhook_logs');
    if (onceSorted === undefined || logs === undefined || this.#isBroken) return;
    const { order } = logs.learned;
    const isSorted = order === 'ascending' || order === 'descending';
    const open = logs.open.filter(({ proven }) => proven !== null && proven === order);
    if (!isSorted || open.length < onceSorted.open) return;
    this.#isBroken = true;
    this.#set(onceSorted.faults);
  }

  /** Ends what strikes single answers. */
  heal(): void {
    const { faults, onceSorted } = this.#plan;
    this.#set(healed((this.#isBroken ? onceSorted?.faults : undefined) ?? faults ?? {}));
  }

  #set(faults: FaultPlan): void {
    const { token_loop: ledBack = 0, ...others } = this.#simulator.struck();
    this.astray += MOST_REDIRECTS * (others.redirect ?? 0);
    // Where a log is not sorted, rows that come again are told from twins by asking for the moment of each.
    this.struck +=
      ledBack * this.#plan.perPage + Object.values(others).reduce((sum, count) => sum + count, 0);
    this.#simulator.setFaults(faults);
  }
}

import { type FaultPlan, type ReadFaultPlan, readFaultPlan } from './fault-plan.ts';
import { Strikes } from './strikes.ts';
import type { WireFaultKind } from './wire-fault.ts';

const NO_FAULTS: FaultPlan = { seed: 1, rules: [] };

/** The plan in force and what it has done so far. */
export class Faults {
  #given: FaultPlan = NO_FAULTS;
  #plan: ReadFaultPlan = readFaultPlan(NO_FAULTS);
  #strikes = new Strikes(this.#plan);

  /** Takes another plan and counts strikes anew; throws RangeError for one that is no plan, keeping the old. */
  set(given: unknown): void {
    this.#plan = readFaultPlan(given);
    this.#given = given as FaultPlan;
    this.#strikes = new Strikes(this.#plan);
  }

  clear(): void {
    this.set(NO_FAULTS);
  }

  /** As it was given. */
  get given(): FaultPlan {
    return this.#given;
  }

  get plan(): ReadFaultPlan {
    return this.#plan;
  }

  get strikes(): Strikes {
    return this.#strikes;
  }

  /** How many calls were struck since the plan was set, by kind of fault. */
  struck(): Partial<Record<WireFaultKind, number>> {
    return this.#strikes.byKind();
  }
}

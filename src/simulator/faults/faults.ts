import { AlteredRows } from './altered-rows.ts';
import { type FaultPlan, type ReadFaultPlan, readFaultPlan } from './fault-plan.ts';
import { OddWidths } from './odd-widths.ts';
import { Recounts } from './recounts.ts';
import { Strikes } from './strikes.ts';
import type { WireFaultKind } from './wire-fault.ts';

const NO_FAULTS: FaultPlan = { seed: 1, rules: [] };

/** A plan at work. */
interface InForce {
  readonly plan: ReadFaultPlan;
  readonly strikes: Strikes;
  /** Undefined while no row is altered. */
  readonly alteredRows: AlteredRows | undefined;
  readonly oddWidths: OddWidths;
  readonly recounts: Recounts;
}

/** The plan in force and what it has done so far. */
export class Faults {
  #given: FaultPlan = NO_FAULTS;
  #inForce: InForce = putInForce(NO_FAULTS);

  /** Takes another plan and counts strikes anew; throws RangeError for one that is no plan, keeping the old. */
  set(given: unknown): void {
    this.#inForce = putInForce(given);
    this.#given = given as FaultPlan;
  }

  clear(): void {
    this.set(NO_FAULTS);
  }

  /** As it was given. */
  get given(): FaultPlan {
    return this.#given;
  }

  get inForce(): InForce {
    return this.#inForce;
  }

  /** How many calls were struck since the plan was set, by kind of fault. */
  struck(): Partial<Record<WireFaultKind, number>> {
    return this.#inForce.strikes.byKind();
  }
}

function putInForce(given: unknown): InForce {
  const plan = readFaultPlan(given);
  const { seed, alteredRows } = plan;
  return {
    plan,
    strikes: new Strikes(plan),
    alteredRows: alteredRows === undefined ? undefined : new AlteredRows(seed, alteredRows),
    oddWidths: new OddWidths(seed, plan.widths),
    recounts: new Recounts(seed, plan.recounted),
  };
}

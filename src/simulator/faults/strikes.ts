import { RESPONSE_CODES_BY_INTERVAL } from '../operations.ts';
import { createRandom } from '../random.ts';
import type { ReadFaultPlan } from './fault-plan.ts';
import type { ReadFaultRule } from './fault-rule.ts';
import type { WireFault, WireFaultKind } from './wire-fault.ts';

/** What a rule can look at. */
export interface StrikableCall {
  readonly operation: string;
  readonly organizationId: string | undefined;
  /** Path and query. */
  readonly url: string;
}

/**
 * Decides which calls a plan's rules strike. Every rule counts the calls that meet its conditions, whether
 * another one strikes them or not, so the same calls in the same order meet the same faults.
 */
export class Strikes {
  readonly #plan: ReadFaultPlan;
  readonly #counted: { met: number; struck: number }[];
  readonly #kinds = new Map<WireFaultKind, number>();

  constructor(plan: ReadFaultPlan) {
    this.#plan = plan;
    this.#counted = plan.rules.map(() => ({ met: 0, struck: 0 }));
  }

  /** @param now milliseconds, by the simulator's clock */
  next(call: StrikableCall, now: number): WireFault | undefined {
    let struck: WireFault | undefined;
    this.#plan.rules.forEach((rule, place) => {
      const counted = this.#counted[place];
      if (counted === undefined || !meets(rule, call, now)) return;
      const number = counted.met++;
      if (struck !== undefined || counted.struck >= (rule.times ?? Number.POSITIVE_INFINITY)) return;
      if (!this.#isDrawn(rule, place, number)) return;
      counted.struck += 1;
      struck = rule.fault;
      this.#kinds.set(struck.kind, (this.#kinds.get(struck.kind) ?? 0) + 1);
    });
    return struck;
  }

  /** How many calls were struck, by kind of fault. */
  byKind(): Partial<Record<WireFaultKind, number>> {
    return Object.fromEntries(this.#kinds);
  }

  #isDrawn({ after = 0, every = 1, probability = 1 }: ReadFaultRule, place: number, number: number): boolean {
    if (number < after || (number - after + 1) % every !== 0) return false;
    return probability === 1 || createRandom(this.#plan.seed, 'rule', place, number).chance(probability);
  }
}

function meets(rule: ReadFaultRule, call: StrikableCall, now: number): boolean {
  const { kind } = rule.fault;
  const paged = call.operation !== RESPONSE_CODES_BY_INTERVAL;
  const later = /[?&](?:startingAfter|endingBefore)=/.test(call.url);
  return (
    (rule.operation === undefined || rule.operation === call.operation) &&
    (rule.organizationId === undefined || rule.organizationId === call.organizationId) &&
    (later || !(rule.onlyLaterPages === true || kind === 'token_expired')) &&
    (paged || !(kind === 'next_link' || kind === 'token_loop')) &&
    now >= (rule.from ?? Number.NEGATIVE_INFINITY) &&
    now < (rule.until ?? Number.POSITIVE_INFINITY)
  );
}

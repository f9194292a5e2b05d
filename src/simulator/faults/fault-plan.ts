import { z } from 'zod';
import { contentsFaults } from './contents-faults.ts';
import { faultRule } from './fault-rule.ts';

const faultPlan = z.strictObject({
  seed: z.union([z.number(), z.string()]).default(1),
  /** What happens to single calls; the first rule that strikes a call decides. */
  rules: z.array(faultRule).readonly().default([]),
  ...contentsFaults,
});

/** Everything that shall go wrong, as plain JSON: what has a default may be left out. */
export type FaultPlan = z.input<typeof faultPlan>;
/** With all defaults, times in milliseconds. */
export type ReadFaultPlan = z.output<typeof faultPlan>;

/** Reads a plan with all its defaults; throws RangeError that names everything that is wrong with it. */
export function readFaultPlan(given: unknown): ReadFaultPlan {
  const plan = faultPlan.safeParse(given);
  if (plan.success) return plan.data;
  const faults = plan.error.issues.map(({ path, message }) => `${path.join('.') || 'plan'}: ${message}`);
  throw new RangeError(`not a fault plan: ${faults.join('; ')}`);
}

import { z } from 'zod';
import { OPERATIONS } from '../operations.ts';
import { planTime } from './plan-time.ts';
import { wireFault } from './wire-fault.ts';

/** A fault and the calls it strikes; conditions that are left out let every call pass. */
export const faultRule = z.strictObject({
  fault: wireFault,
  operation: z.enum(OPERATIONS).optional(),
  organizationId: z.string().optional(),
  /** Only calls that carry a page token. */
  onlyLaterPages: z.boolean().optional(),
  /** From this time of the simulator's clock on, and before that one. */
  from: planTime.optional(),
  until: planTime.optional(),
  /** Skips the first n calls that meet the conditions above. */
  after: z.int().min(0).optional(),
  /** Each n-th of them that is left. */
  every: z.int().min(1).optional(),
  /** Of those, how likely it strikes: drawn from the plan's seed, the rule's place and the call's number. */
  probability: z.number().min(0).max(1).optional(),
  /** How often it strikes at most. */
  times: z.int().min(0).optional(),
});

/** As written by hand: what has a default may be left out, times are ISO 8601 or milliseconds. */
export type FaultRule = z.input<typeof faultRule>;
/** As read: with all defaults, times in milliseconds. */
export type ReadFaultRule = z.output<typeof faultRule>;

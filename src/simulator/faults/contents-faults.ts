import { z } from 'zod';
import { RESPONSE_CODES_BY_INTERVAL, WEBHOOK_LOGS } from '../operations.ts';
import { bucketAlterations } from './alter-buckets.ts';
import { rowAlterations } from './alter-row.ts';
import { planTime } from './plan-time.ts';

const share = z.number().min(0).max(1);
const always = planTime.default(Number.NEGATIVE_INFINITY);

/** What is odd about the contents and the world, beside what happens to single calls. */
export const contentsFaults = {
  /** Rows of the webhook log that are written another way: the same rows whenever they are read. */
  alteredRows: z.strictObject({ share, kinds: z.array(z.enum(rowAlterations)).min(1).readonly() }).optional(),
  /** The same for buckets of response codes; until a time of the simulator's clock, where one is given. */
  alteredBuckets: z
    .strictObject({
      share,
      kinds: z.array(z.enum(bucketAlterations)).min(1).readonly(),
      until: planTime.optional(),
    })
    .optional(),
  /** In place of the setting of that name. */
  lateness: z
    .strictObject({
      share,
      max: z
        .number()
        .min(0)
        .max(30 * 86_400),
    })
    .optional(),
  /** What becomes of organizations: not listed and 404, or listed as disabled and 403, or as usual. */
  organizations: z
    .array(
      z.strictObject({
        organizationId: z.string(),
        at: planTime,
        state: z.enum(['listed', 'vanished', 'api_disabled']),
      }),
    )
    .readonly()
    .default([]),
  /** Other names of organizations and networks, by id. */
  renamed: z
    .array(z.strictObject({ id: z.string(), at: always, name: z.string() }))
    .readonly()
    .default([]),
  /** Days that may be asked back, and the days of a window; in place of the settings. */
  lookback: z
    .array(
      z.strictObject({
        at: planTime,
        days: z.number().positive(),
        span: z.number().positive().optional(),
        operation: z.enum([WEBHOOK_LOGS, RESPONSE_CODES_BY_INTERVAL]).default(WEBHOOK_LOGS),
      }),
    )
    .readonly()
    .default([]),
  /**
   * What becomes of a window whose start has left the lookback: `refused` with 400, whatever the page; or
   * `silent`: later pages go on, and first pages for another day, without the rows that are too old.
   */
  agesOut: z.enum(['refused', 'silent']).default('refused'),
  /** How far the dashboard's clock is ahead of the true one, from a time of the true one on. */
  clock: z
    .array(z.strictObject({ at: always, offsetSeconds: z.number() }))
    .readonly()
    .default([]),
  /** From a time on, a share of the cells of 120 seconds and one code count fewer or more requests. */
  recounted: z
    .array(z.strictObject({ at: always, share, change: z.enum(['less', 'more']) }))
    .readonly()
    .default([]),
  /** Answers of response codes whose buckets are as wide as nobody asked; the first that applies. */
  widths: z
    .array(
      z.strictObject({
        seconds: z
          .int()
          .min(1)
          .max(31 * 86_400),
        /** Only where this width was asked for. */
        asked: z.int().optional(),
        /** Only for windows that start so long ago. */
        olderThanDays: z.number().min(0).optional(),
        probability: share.optional(),
      }),
    )
    .readonly()
    .default([]),
};

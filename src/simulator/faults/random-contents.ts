import type { Random } from '../random.ts';
import { bucketAlterations } from './alter-buckets.ts';
import { rowAlterations } from './alter-row.ts';
import type { FaultPlan } from './fault-plan.ts';

/** When a run takes place, and whose. Everything that passes is over by its end. */
export interface WorldSpan {
  /** Milliseconds by the simulator's clock. */
  readonly start: number;
  readonly seconds: number;
  readonly organizationIds: readonly string[];
}

/** Odd rows in small numbers, rows that are late, answers in widths that nobody asked for: each sometimes. */
export function randomContents(random: Random, latenessSeconds: number): Partial<FaultPlan> {
  const alters = random.chance(0.5);
  const share = rounded(0.001 + 0.03 * random.next() ** 2);
  const kinds = someOf(random, rowAlterations);
  const isLate = random.chance(0.5);
  const lateness = { share: rounded(random.next() * 0.2), max: random.integer(latenessSeconds + 1) };
  const isWide = random.chance(0.3);
  const seconds = random.pick([60, 600, 3_600, 14_400, 21_600, 86_400]);
  const probability = rounded(0.02 + 0.15 * random.next());
  return {
    ...(alters && { alteredRows: { share, kinds } }),
    ...(isLate && { lateness }),
    ...(isWide && { widths: [{ seconds, probability }] }),
  };
}

/** What changes around the archive while it runs: each sometimes. */
export function randomWorld(
  random: Random,
  { start, seconds, organizationIds }: WorldSpan,
): Partial<FaultPlan> {
  const at = (share: number) => Math.round(start + share * seconds * 1_000);
  const [early, late] = [at(0.4 * random.next()), at(0.5 + 0.5 * random.next())];
  const state = random.pick(['vanished', 'api_disabled'] as const);
  const gone = random.chance(0.4) && organizationIds.length > 0;
  const organizationId = gone ? random.pick(organizationIds) : '';
  const isOff = random.chance(0.4);
  const offset = () => random.integer(481) - 240;
  const clock = [{ offsetSeconds: offset() }, { at: early, offsetSeconds: offset() }];
  const shrinks = random.chance(0.3);
  const days = random.pick([30, 45, 60]);
  const agesOut = random.pick(['refused', 'silent'] as const);
  const altersBuckets = random.chance(0.3);
  const share = rounded(0.005 + 0.05 * random.next());
  const kinds = someOf(random, bucketAlterations);
  return {
    ...(gone && {
      organizations: [
        { organizationId, at: early, state },
        { organizationId, at: late, state: 'listed' as const },
      ],
    }),
    ...(isOff && { clock }),
    ...(shrinks && { lookback: [{ at: early, days }], agesOut }),
    ...(altersBuckets && { alteredBuckets: { share, kinds, until: late } }),
  };
}

/** At least one of the values, in their order. */
function someOf<Value>(random: Random, values: readonly Value[]): Value[] {
  const sure = random.integer(values.length);
  const wanted = random.next();
  return values.filter((_, index) => random.chance(wanted) || index === sure);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

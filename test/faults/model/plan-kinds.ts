/*
 * What plans of a seed that ends in a certain digit are after, beside what all are: code that is reached by many
 * deliveries, by a long time without requests, or by a log that stops being sorted. Drawn apart, so that what the other
 * seeds stand for stays as it was.
 */
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import type { FaultRule } from '../../../src/simulator/simulator.ts';
import { HOUR, type ModelPlan, rowsFor } from './model-plan.ts';
import { LARGE_COMMIT_STATEMENTS } from './statement-label.ts';

type Changed = Partial<ModelPlan>;

/**
 * What has rows read again that are stored: tokens that lead back, or that are refused before the order is proven. Rows
 * that cannot be stored are none of those led back to: their copies are believed, since nothing tells them from twins.
 */
const LEADING_BACK: FaultRule = { fault: { kind: 'token_loop' }, probability: 0.3, times: 6 };
const REFUSED: FaultRule = { fault: { kind: 'token_expired' }, every: 2, times: 30 };
const HISTORY = { stream: 'webhook_logs', lane: 'backfill' } as const;

const KINDS: ReadonlyMap<number, (plan: ModelPlan, random: Random) => Changed> = new Map([
  [0, dense],
  [6, idle],
  [9, unsorted],
]);

/** The plan as its kind changes it. */
export function ofItsKind(plan: ModelPlan): ModelPlan {
  const change = KINDS.get(plan.seed % 10);
  return { ...plan, ...change?.(plan, createRandom('kind of plan', plan.seed)) };
}

/** Commits of 500 deliveries and more are written in other ways. As many pages as elsewhere would take minutes to judge. */
function dense({ seed, startAt, aims, faults }: ModelPlan, random: Random): Changed {
  const lookback = random.pick([12, 24]) * HOUR;
  const perPage = random.pick([500, 600, 900]);
  const pages = 6 + random.integer(5);
  const isSorted = random.chance(0.5);
  return {
    lookback,
    reallyKept: lookback,
    span: lookback * random.pick([0.3, 0.6, 1]),
    perPage,
    pages,
    rows: rowsFor(pages * perPage, startAt, lookback),
    intervalSeconds: random.pick([3_600, 14_400]),
    tokenLifetimeSeconds: random.pick([1, 3, 30]),
    jumpSpan: 2 * HOUR,
    favours: HISTORY,
    ...(isSorted
      ? { faults: undefined, onceSorted: { open: 0, faults: { seed, rules: [LEADING_BACK] } } }
      : { faults: { ...faults, seed, rules: [REFUSED] } }),
    steps: 250 + random.integer(150),
    aims: [...aims.slice(2), ...LARGE_COMMIT_STATEMENTS],
  };
}

/** Requests of a program that works for four hours of the night. */
function idle({ startAt: drawn, perPage, pages }: ModelPlan, random: Random): Changed {
  const lookback = random.pick([12, 24]) * HOUR;
  const day = 24 * HOUR;
  const startAt = Math.floor(drawn / day) * day - 3 * HOUR + random.integer(6 * HOUR);
  return {
    startAt,
    rows: rowsFor(pages * perPage, startAt, lookback),
    lookback,
    reallyKept: lookback,
    span: lookback * random.pick([0.3, 0.6, 1]),
    intervalSeconds: 120,
    idleBuckets: 'omitted',
    userAgent: 'Inventory',
    favours: { stream: 'api_responses', lane: 'live' },
    jumpSpan: 2 * HOUR,
    jump: 0.03,
  };
}

/** A log that stops being sorted when windows have claimed by its order, and refuses page tokens from then on. */
function unsorted({ seed, startAt }: ModelPlan, random: Random): Changed {
  const lookback = 72 * HOUR;
  const perPage = random.pick([3, 4, 5]);
  const pages = 60 + random.integer(40);
  const rules: FaultRule[] = [
    { fault: { kind: 'token_loop' }, onlyLaterPages: true, times: 2 + random.integer(2) },
    { fault: { kind: 'token_expired' }, after: 4 + random.integer(8), every: 2 },
  ];
  return {
    lookback,
    reallyKept: lookback,
    span: lookback,
    perPage,
    pages,
    rows: rowsFor(pages * perPage, startAt, lookback),
    intervalSeconds: random.pick([3_600, 14_400]),
    tokenLifetimeSeconds: 3_600,
    jumpSpan: HOUR,
    crash: 0.005,
    pause: 0,
    aims: [],
    favours: HISTORY,
    faults: undefined,
    onceSorted: { open: 2, faults: { seed, rules } },
  };
}

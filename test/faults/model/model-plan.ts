/*
 * What one seed stands for. Everything that is drawn before the run is drawn here; what happens at each gate is
 * drawn while it runs, from the same seed.
 */

import { rowAlterations } from '../../../src/simulator/faults/alter-row.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { type FaultPlan, randomFaultPlan } from '../../../src/simulator/simulator.ts';
import { busyness } from '../../../src/simulator/world/rhythm.ts';
import type { Lane, StreamName } from '../../../src/stream-key.ts';

import { ofItsKind } from './plan-kinds.ts';
import { COMMIT_STATEMENTS } from './statement-label.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** The far edge is searched for at six hours and at one: with less than six there would be no time left to archive. */
const LEAST_KEPT = 7 * HOUR;
const DAYS_OF_ROWS = 90;

/** Durations in milliseconds, unless the name says otherwise. */
export interface ModelPlan {
  readonly seed: number;
  readonly startAt: number;
  readonly order: 'ascending' | 'descending';
  readonly perPage: number;
  /** Deliveries in 90 days that make about as many pages as were drawn. */
  readonly rows: number;
  readonly pages: number;
  readonly lookback: number;
  readonly span: number;
  /** What the source really keeps: less than `lookback` where it has changed its mind. */
  readonly reallyKept: number;
  readonly settle: { readonly logs: number; readonly codes: number };
  readonly latenessSeconds: { readonly share: number; readonly max: number };
  readonly lagSeconds: number;
  readonly intervalSeconds: number;
  readonly intervalRule: 'interval' | 'timespan';
  readonly idleBuckets: 'omitted' | 'empty';
  /** Of whose requests the responses are counted; `undefined`: everybody's. */
  readonly userAgent: string | undefined;
  readonly tokenLifetimeSeconds: number;
  /** How far each machine's clock is off the source's. */
  readonly clockErrors: readonly number[];
  /** Chances at each gate, and which of them the plan is after. */
  readonly crash: number;
  readonly drop: number;
  readonly pause: number;
  readonly jump: number;
  /** What jumps of time are shares of. */
  readonly jumpSpan: number;
  readonly stickiness: number;
  readonly steps: number;
  /** What every other job is; `undefined`: none is begun oftener than others. */
  readonly favours: { readonly stream: StreamName; readonly lane: Lane } | undefined;
  /** What else the source does wrong while the plan runs; `undefined`: nothing. */
  readonly faults: FaultPlan | undefined;
  /** The same from when the log has proven to be sorted, and so many windows are open that go by its order. */
  readonly onceSorted: { readonly open: number; readonly faults: FaultPlan } | undefined;
  /** Statements that crashes are after. */
  readonly aims: readonly string[];
}

export function drawModelPlan(seed: number): ModelPlan {
  return ofItsKind(drawUsual(seed));
}

function drawUsual(seed: number): ModelPlan {
  const random = createRandom('model plan', seed);
  const startAt = Date.parse('2026-01-05T00:00:00Z') + random.integer(180 * 24 * 3_600) * SECOND;
  const lookback = random.pick([2, 3, 6, 12, 24, 72]) * HOUR;
  const perPage = random.pick([3, 3, 4, 5, 8, 13, 25, 50]);
  const pages = 5 + random.integer(perPage < 10 ? 36 : 20);
  const lateness = random.pick([1, 5, 60, 300, 1_200]);
  const lag = random.pick([0, 30, 60, 90]);
  const isShrunk = random.chance(0.3) && lookback > LEAST_KEPT;
  return {
    seed,
    startAt,
    order: random.pick(['ascending', 'descending']),
    perPage,
    pages,
    rows: rowsFor(pages * perPage, startAt, lookback),
    lookback,
    span: Math.max(HOUR / 2, lookback * random.pick([0.15, 0.3, 0.6, 1])),
    reallyKept: isShrunk ? Math.max(LEAST_KEPT, lookback * random.pick([0.4, 0.7])) : lookback,
    settle: {
      logs: (lateness + 12 + random.pick([0, 60, 600])) * SECOND,
      codes: (lag + 5 + random.pick([0, 60, 600])) * SECOND,
    },
    latenessSeconds: { share: random.pick([0.02, 0.2, 0.6]), max: lateness },
    lagSeconds: lag,
    intervalSeconds: lookback > 12 * HOUR ? random.pick([3_600, 14_400]) : random.pick([120, 120, 3_600]),
    intervalRule: random.chance(0.25) ? 'timespan' : 'interval',
    idleBuckets: random.pick(['omitted', 'empty']),
    userAgent: undefined,
    tokenLifetimeSeconds: random.pick([3, 30, 600, 3_600]),
    clockErrors: clockErrors(random),
    crash: random.pick([0.01, 0.02, 0.04]),
    drop: random.pick([0, 0.005, 0.02]),
    pause: random.pick([0, 0.005, 0.02]),
    jump: random.pick([0.005, 0.01, 0.03]),
    jumpSpan: lookback,
    stickiness: random.pick([0, 0.5, 0.9, 0.97]),
    steps: 500 + random.integer(500),
    favours: undefined,
    faults: random.chance(0.5) ? faultsOf(seed, random, lateness, isShrunk) : undefined,
    onceSorted: undefined,
    aims: [0, 1, 2].map(
      (more) => COMMIT_STATEMENTS[(seed * 3 + more) % COMMIT_STATEMENTS.length] ?? 'commit',
    ),
  };
}

/** The simulator draws rows by hours of an office week: the density depends on when the plan begins. */
export function rowsFor(wanted: number, startAt: number, lookback: number): number {
  const last = Math.floor(startAt / HOUR);
  const hours = Array.from({ length: Math.ceil(lookback / HOUR) }, (_, back) =>
    busyness('office', last - back),
  );
  const busy = hours.reduce((sum, value) => sum + value, 0);
  return Math.round((wanted * DAYS_OF_ROWS * 24) / busy);
}

function faultsOf(seed: number, random: Random, latenessSeconds: number, isShrunk: boolean): FaultPlan {
  const contents = random.chance(0.7);
  const plan = randomFaultPlan(seed, { wire: random.chance(0.8), contents, hangs: false, latenessSeconds });
  // A source that keeps less than it says, and leaves out the rest without a word, nobody can see through.
  const agesOut = isShrunk ? 'refused' : random.pick(['refused', 'silent'] as const);
  // Few rows make a plan: more of them have to be odd than where there are many.
  const isOdd = contents && random.chance(0.5);
  return { ...plan, agesOut, ...(isOdd && { alteredRows: { share: 0.1, kinds: rowAlterations } }) };
}

/** The plan without what strikes single answers: rows stay as odd as they are. */
export function healed({ rules: _, widths: __, ...contents }: FaultPlan): FaultPlan {
  return contents;
}

function clockErrors(random: Random): readonly number[] {
  const count = random.pick([2, 2, 3]);
  return Array.from({ length: count }, () =>
    random.chance(0.5) ? 0 : random.pick([-1, 1]) * random.pick([SECOND, 20 * SECOND, 3 * MINUTE, 2 * HOUR]),
  );
}

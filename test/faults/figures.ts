import { PLACES, REACHED, Reach } from './model/reach.ts';
import type { ModelResult } from './model/run-model-plan.ts';
import type { RoundResult } from './processes/round.ts';

/** What a run of the suite has tried and found, both halves together. */
export interface Figures {
  rounds: number;
  /** Random fault plans: of the dashboard in the rounds, of interleavings in the model. */
  plans: number;
  readonly kills: { worker: number; postgres: number; redis: number; embedded: number; total: number };
  pauses: number;
  stops: number;
  /** Those of the plans that are the model's. */
  modelPlans: number;
  /** Crashes of the model, at an await or a statement. */
  modelCrashes: number;
  /** Connections of the model that broke before, during or after a statement. */
  modelDrops: number;
  /** Lanes of the model that another process took over. */
  modelTakeovers: number;
  readonly modelReach: Reach;
  rowsCompared: number;
  rowsQuarantined: number;
  lost: number;
  doubled: number;
  falseCoverage: number;
  failures: number;
  readonly acts: Record<string, number>;
  readonly failedSeeds: { processes: number[]; model: number[] };
}

export function noFigures(): Figures {
  return {
    rounds: 0,
    plans: 0,
    kills: { worker: 0, postgres: 0, redis: 0, embedded: 0, total: 0 },
    pauses: 0,
    stops: 0,
    modelPlans: 0,
    modelCrashes: 0,
    modelDrops: 0,
    modelTakeovers: 0,
    modelReach: new Reach(),
    rowsCompared: 0,
    rowsQuarantined: 0,
    lost: 0,
    doubled: 0,
    falseCoverage: 0,
    failures: 0,
    acts: {},
    failedSeeds: { processes: [], model: [] },
  };
}

export function addRound(figures: Figures, { plan, tally, verdict, faults }: RoundResult): void {
  figures.rounds += 1;
  if (plan.faults !== undefined) figures.plans += 1;
  for (const kind of ['worker', 'postgres', 'redis', 'embedded'] as const) {
    figures.kills[kind] += tally.kills[kind];
    figures.kills.total += tally.kills[kind];
  }
  figures.pauses += tally.pauses;
  figures.stops += tally.stops;
  figures.rowsCompared += verdict?.rowsCompared ?? 0;
  figures.rowsQuarantined += verdict?.quarantined ?? 0;
  figures.lost += verdict?.lost ?? 0;
  figures.doubled += verdict?.doubled ?? 0;
  figures.falseCoverage += verdict?.falseCoverage ?? 0;
  for (const [act, count] of Object.entries(tally.acts)) figures.acts[act] = (figures.acts[act] ?? 0) + count;
  if (faults.length === 0) return;
  figures.failures += 1;
  figures.failedSeeds.processes.push(plan.seed);
}

export function addPlan(figures: Figures, result: ModelResult): void {
  figures.plans += 1;
  figures.modelPlans += 1;
  figures.modelCrashes += result.crashes;
  figures.modelDrops += result.drops;
  figures.modelTakeovers += result.takeovers;
  for (const place of PLACES) figures.modelReach[place] += result.reach[place];
  figures.rowsCompared += result.rowsCompared;
  figures.lost += result.lost;
  figures.doubled += result.doubled;
  figures.falseCoverage += result.falseCoverage;
  if (result.failures.length === 0) return;
  figures.failures += 1;
  figures.failedSeeds.model.push(result.seed);
}

/** A plan that could not be judged. */
export function addBrokenPlan(figures: Figures, seed: number): void {
  figures.plans += 1;
  figures.modelPlans += 1;
  figures.failures += 1;
  figures.failedSeeds.model.push(seed);
}

/** The figures as lines for a person. */
export function figureLines(figures: Figures): readonly string[] {
  const { kills, acts, failedSeeds } = figures;
  const number = (value: number) => value.toLocaleString('en-US');
  const rows: readonly (readonly [string, string])[] = [
    ['rounds of processes', number(figures.rounds)],
    ['fault plans', number(figures.plans)],
    ['kills of workers', number(kills.worker)],
    ['kills of Postgres', number(kills.postgres)],
    ['kills of Redis', number(kills.redis)],
    ['kills of the embedded tree', number(kills.embedded)],
    ['kills in all', number(kills.total)],
    ['pauses past locks', number(figures.pauses)],
    ['orderly stops', number(figures.stops)],
    ['plans of the model', number(figures.modelPlans)],
    ['crashes in the model', number(figures.modelCrashes)],
    ['broken connections in the model', number(figures.modelDrops)],
    ['lanes taken over in the model', number(figures.modelTakeovers)],
    ...PLACES.map((place) => [REACHED[place], number(figures.modelReach[place])] as const),
    ['rows compared', number(figures.rowsCompared)],
    ['rows in quarantine, compared', number(figures.rowsQuarantined)],
    ['lost rows', number(figures.lost)],
    ['doubled rows', number(figures.doubled)],
    ['false coverage', number(figures.falseCoverage)],
    ['failures', number(figures.failures)],
  ];
  const width = Math.max(
    ...rows.map(([name]) => name.length),
    ...Object.keys(acts).map((act) => act.length + 2),
  );
  const line = (name: string, value: string) => `${name.padEnd(width)}  ${value.padStart(12)}`;
  return [
    ...rows.map(([name, value]) => line(name, value)),
    'acts of the chaos:',
    ...Object.entries(acts)
      .sort(([, first], [, second]) => second - first)
      .map(([act, count]) => line(`  ${act}`, number(count))),
    ...Object.entries(failedSeeds)
      .filter(([, seeds]) => seeds.length > 0)
      .map(([half, seeds]) => `failed seeds of ${half}: ${seeds.join(', ')}`),
  ];
}

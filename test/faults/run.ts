/*
 * Divides the minutes between the two halves of the suite: rounds of real processes, which wait most of the time
 * and so run side by side, and plans of the model, which compute. The seeds that once failed come first.
 */
import { writeFile } from 'node:fs/promises';
import { buildProgram } from '../support/program.ts';
import { addBrokenPlan, addPlan, addRound, type Figures, figureLines, noFigures } from './figures.ts';
import { startModelServer } from './model/model-server.ts';
import { runModelPlan } from './model/run-model-plan.ts';
import { type RoundResult, runRound } from './processes/round.ts';
import { planRound } from './processes/round-plan.ts';
import type { RunOptions } from './run-options.ts';
import { modelSeeds, processSeeds } from './seeds.ts';

type Say = (line: string) => void;

/** Runs the suite for the given time, and says what happens line by line. */
export async function runFaults(options: RunOptions, say: Say): Promise<Figures> {
  const figures = noFigures();
  const state: RunState = {
    options,
    figures,
    say,
    end: Date.now() + options.minutes * 60_000,
    stop: false,
    begun: 0,
  };
  if (options.only !== 'model') await buildProgram();
  const halves: Promise<void>[] = [];
  if (options.only !== 'model') {
    const seeds = seedsOf(options.rounds === undefined ? processSeeds : [], options.seed);
    const lanes = Math.min(options.sideBySide, options.rounds ?? options.sideBySide);
    for (let lane = 1; lane <= lanes; lane += 1) halves.push(runRounds(state, seeds));
  }
  if (options.only !== 'processes' && options.rounds === undefined) halves.push(runPlans(state));
  await Promise.all(halves);
  for (const line of figureLines(figures)) say(line);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  return figures;
}

interface RunState {
  readonly options: RunOptions;
  readonly figures: Figures;
  readonly say: Say;
  readonly end: number;
  stop: boolean;
  begun: number;
}

function* seedsOf(known: readonly number[], first: number): Generator<number, never> {
  yield* known;
  for (let seed = first; ; seed += 1) yield seed;
}

async function runRounds(state: RunState, seeds: Generator<number, never>): Promise<void> {
  const { figures, say } = state;
  while (!state.stop && mayBegin(state)) {
    state.begun += 1;
    const plan = planRound(seeds.next().value);
    const result = await runRound(plan);
    addRound(figures, result);
    for (const line of roundLines(result)) say(line);
    if (result.faults.length > 0 && state.options.stopOnFailure) state.stop = true;
  }
}

/** Plans wait for Postgres and the dashboard most of the time, so two are run side by side. */
const PLANS_SIDE_BY_SIDE = 2;

async function runPlans(state: RunState): Promise<void> {
  const server = await startModelServer();
  try {
    const seeds = seedsOf(modelSeeds, state.options.seed);
    const lanes = Array.from({ length: PLANS_SIDE_BY_SIDE }, async () => {
      const database = await server.createDatabase();
      while (!state.stop && Date.now() < state.end) await runPlan(state, seeds.next().value, database.url);
    });
    await Promise.all(lanes);
  } finally {
    await server.stop();
  }
}

async function runPlan(state: RunState, seed: number, databaseUrl: string): Promise<void> {
  const { figures, say } = state;
  const failures = await runModelPlan(seed, { databaseUrl }).then(
    (result) => {
      addPlan(figures, result);
      return result.failures;
    },
    (error: unknown) => {
      addBrokenPlan(figures, seed);
      return [`broke off: ${error instanceof Error ? error.stack : String(error)}`];
    },
  );
  for (const line of planLines(seed, failures)) say(line);
  if (figures.modelPlans % 50 === 0) say(`${figures.modelPlans} plans of the model`);
  if (failures.length > 0 && state.options.stopOnFailure) state.stop = true;
}

function planLines(seed: number, failures: readonly string[]): readonly string[] {
  if (failures.length === 0) return [];
  const told = failures.slice(0, MANY).map((failure) => `  ${failure.slice(0, 500)}`);
  return [
    `plan ${seed}: FAILED`,
    ...told,
    `  again with: npm run test:faults -- --only model --seed ${seed} --minutes 0.1`,
  ];
}

/** What is begun is ended: a round takes about three minutes. */
function mayBegin({ options, begun, end }: RunState): boolean {
  if (options.rounds !== undefined) return begun < options.rounds;
  return begun < options.sideBySide || end - Date.now() > ROUND_MS;
}

const ROUND_MS = 150_000;
const MANY = 20;

function roundLines({ plan, tally, verdict, faults, ...result }: RoundResult): readonly string[] {
  const kills = Object.values(tally.kills).reduce((sum, count) => sum + count, 0);
  const where = plan.shape === 'embedded' ? 'embedded' : `${plan.workers} workers, queue in ${plan.queue}`;
  const head = `round ${plan.seed} (${where}): ${faults.length === 0 ? 'exact' : 'FAILED'}, ${kills} kills, ${
    verdict?.rowsCompared ?? 0
  } rows compared, chaos ${Math.round(result.chaosSeconds)} s, quiet ${Math.round(result.quietSeconds)} s`;
  if (faults.length === 0) return [head];
  return [
    head,
    ...faults.slice(0, MANY).map((fault) => `  ${fault}`),
    ...(faults.length > MANY ? [`  and ${faults.length - MANY} more`] : []),
    `  kept in ${result.kept}; again with: npm run test:faults -- --only processes --seed ${plan.seed} --rounds 1`,
  ];
}

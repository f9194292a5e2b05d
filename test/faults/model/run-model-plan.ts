import { instantOfMilliseconds } from '../../../src/instant.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { AnswersModel } from './answers-model.ts';
import { FenceModel } from './fence-model.ts';
import { Gates } from './gates.ts';
import { Judge } from './judge.ts';
import { LossJudge } from './judge-losses.ts';
import { UnsettledJudge } from './judge-unsettled.ts';
import { LossWatch } from './loss-watch.ts';
import { openObserver } from './model-database.ts';
import { drawModelPlan, HOUR, type ModelPlan } from './model-plan.ts';
import { ModelRun } from './model-run.ts';
import { OrderModel } from './order-model.ts';
import { ProgressModel } from './progress-model.ts';
import { Reach } from './reach.ts';
import { RunFiguresModel } from './run-figures.ts';
import { ServedModel } from './served-model.ts';
import { TruthModel } from './truth-model.ts';
import { WorldTime } from './world-time.ts';

export interface ModelOptions {
  /** A migrated database that nobody else uses meanwhile; it is emptied first. */
  readonly databaseUrl: string;
  /** Changes what the seed would draw, to make a failing plan smaller. */
  readonly change?: (plan: ModelPlan) => ModelPlan;
}

export interface ModelResult {
  readonly seed: number;
  readonly plan: ModelPlan;
  readonly jobs: number;
  readonly crashes: number;
  readonly drops: number;
  readonly pauses: number;
  readonly jumps: number;
  readonly takeovers: number;
  readonly superseded: number;
  /** Runs that went on in the middle of a window. */
  readonly resumed: number;
  /** Commits of pages, and other moves of a checkpoint. */
  readonly commits: number;
  /** The most pages that one commit held. */
  readonly mostAtOnce: number;
  /** The most windows of a lane that were open side by side, and that one run went on with. */
  readonly mostOpen: number;
  readonly mostResumed: number;
  /** Pages of the webhook log that were answered, and how many there had to be at least. */
  readonly pages: number;
  readonly pagesLeast: number;
  readonly pagesMost: number;
  readonly reach: Readonly<Reach>;
  /** Looks at the whole archive, and what was compared in them. */
  readonly checks: number;
  readonly rowsCompared: number;
  readonly requestsCompared: number;
  readonly rowsFinal: number;
  readonly lost: number;
  readonly doubled: number;
  readonly falseCoverage: number;
  readonly failures: readonly string[];
  /** How often each place was hit, as `crash before commit`. */
  readonly hits: ReadonlyMap<string, number>;
  /** Labels of all statements that were sent between the locking of coverage and the end of a page's transaction. */
  readonly pageStatements: ReadonlySet<string>;
  /** Errors that jobs ended with, by code. */
  readonly errors: ReadonlyMap<string, number>;
  readonly milliseconds: number;
}

/** Runs the plan of one seed against real Postgres and a real simulator, and judges it. Throws only where it is broken itself. */
export async function runModelPlan(seed: number, options: ModelOptions): Promise<ModelResult> {
  const started = Date.now();
  const drawn = drawModelPlan(seed);
  const plan = options.change?.(drawn) ?? drawn;
  const time = new WorldTime(plan.startAt);
  const simulator = await startSimulator({
    seed: plan.seed,
    organizations: 1,
    rows: plan.rows,
    order: plan.order,
    lookback: plan.reallyKept / (24 * HOUR),
    codesLookback: plan.reallyKept / (24 * HOUR),
    tokenLifetime: plan.tokenLifetimeSeconds,
    lateness: plan.latenessSeconds,
    lag: plan.lagSeconds,
    intervalRule: plan.intervalRule,
    idleBuckets: plan.idleBuckets,
    rate: false,
    clock: time,
    faults: plan.faults,
  });
  const observer = await openObserver(options.databaseUrl);
  const organizationId = simulator.organizations[0]?.id ?? '';
  const from = instantOfMilliseconds(plan.startAt - plan.lookback - 24 * HOUR);
  const truth = new TruthModel(simulator, organizationId, time, from, plan.userAgent);
  const order = new OrderModel();
  const reach = new Reach();
  const answers = new AnswersModel(time);
  const unsettled = new UnsettledJudge(truth, answers, time, plan);
  const losses = new LossJudge(plan, time);
  const served = new ServedModel(simulator, organizationId, plan);
  const judge = new Judge({ observer, organizationId, truth, time, served, order, unsettled, losses });
  const figures = new RunFiguresModel();
  const fence = new FenceModel();
  const progress = new ProgressModel();
  const gates = new Gates(observer);
  const random = createRandom('model run', seed);
  const { databaseUrl } = options;
  const told = { fence, progress, order, reach, answers, figures };
  const surroundings = { plan, databaseUrl, simulator, organizationId, gates, ...told };
  const watch = new LossWatch(databaseUrl, organizationId);
  const run = new ModelRun(surroundings, time, judge, random, watch);
  try {
    await run.disturb();
    await run.heal();
    const end = await run.judge(truth);
    return {
      seed,
      plan,
      ...run.figures,
      superseded: run.endings.superseded,
      takeovers: fence.takeovers,
      resumed: progress.resumed,
      commits: fence.commits,
      mostAtOnce: progress.mostAtOnce,
      mostOpen: progress.mostOpen,
      mostResumed: progress.mostResumed,
      ...end,
      reach: Object.assign(reach, {
        unsettledRows: unsettled.rows,
        unsettledBuckets: unsettled.buckets,
        losses: losses.seen,
        untold: [...figures.runs.values()].filter(({ isUntold }) => isUntold).length,
      }),
      checks: judge.checks,
      rowsCompared: judge.rowsCompared,
      requestsCompared: judge.requestsCompared,
      lost: judge.lost,
      doubled: judge.doubled,
      falseCoverage: judge.falseCoverage,
      failures: [...judge.failures, ...fence.failures, ...progress.failures],
      hits: run.hits,
      pageStatements: fence.pageStatements,
      errors: run.endings.errors,
      milliseconds: Date.now() - started,
    };
  } finally {
    await run.close();
    await watch.close();
    await simulator.stop();
    await observer.end();
  }
}

import { LEASE_MS } from '../../../src/db/checkpoints.ts';
import { instantOfMilliseconds } from '../../../src/instant.ts';
import type { Random } from '../../../src/simulator/random.ts';
import type { Fate, Stop } from './gates.ts';
import { JobBoard } from './job-board.ts';
import { JobEndings, spokenEnding } from './job-endings.ts';
import type { Judge } from './judge.ts';
import { type EndFigures, judgeEnd } from './judge-end.ts';
import type { LossWatch } from './loss-watch.ts';
import { type Job, ModelProcess, type Surroundings } from './model-process.ts';
import { SourceFaults } from './source-faults.ts';
import type { TruthModel } from './truth-model.ts';
import { MachineClock, type WorldTime } from './world-time.ts';

/** Until when a lease keeps others away at most: hosts whose clocks differ by less believe one another. */
const LONGEST_LEASE_MS = LEASE_MS + 30_000;
const WHEN = ['before', 'during', 'after'] as const;
/** A statement a plan is after is hit more often than the others. */
const AIMED = 0.3;
const HEALING_ROUNDS = 6;

/** One plan while it runs: who goes on, what breaks, when time jumps. */
export class ModelRun {
  readonly #surroundings: Surroundings;
  readonly #time: WorldTime;
  readonly #judge: Judge;
  readonly #random: Random;
  readonly #faults: SourceFaults;
  readonly #board: JobBoard;
  readonly #watch: LossWatch;
  readonly endings: JobEndings;
  readonly #clocks: readonly MachineClock[];
  readonly #processes: ModelProcess[] = [];
  readonly #buried: ModelProcess[] = [];
  #births = 0;
  #step = 0;
  #last: ModelProcess | undefined;
  readonly hits = new Map<string, number>();
  readonly figures = { jobs: 0, crashes: 0, drops: 0, pauses: 0, jumps: 0 };

  constructor(surroundings: Surroundings, time: WorldTime, judge: Judge, random: Random, watch: LossWatch) {
    const { plan, simulator } = surroundings;
    this.#surroundings = surroundings;
    this.#time = time;
    this.#judge = judge;
    this.#random = random;
    this.#faults = new SourceFaults(plan, simulator);
    this.#board = new JobBoard(plan, time, random);
    this.#watch = watch;
    this.endings = new JobEndings(plan, time, judge);
    this.#clocks = plan.clockErrors.map((error) => new MachineClock(time, error));
    for (const [machine] of this.#clocks.entries()) this.#processes.push(this.#born(machine));
  }

  /** Lets processes work, and everything go wrong, for as many steps as the plan has. */
  async disturb(): Promise<void> {
    const { plan, gates } = this.#surroundings;
    if (plan.onceSorted !== undefined) await this.#doInPeace({ stream: 'webhook_logs', lane: 'live' });
    for (this.#step = 1; this.#step <= plan.steps; this.#step += 1) {
      await gates.settle(this.#processes);
      await this.#lookAfterCommits();
      this.endings.collect(this.#processes);
      if (this.#random.chance(plan.jump)) this.#jump();
      const ready = gates.standing().filter(({ process }) => process.pausedUntil <= this.#step);
      const idle = this.#processes.filter((process) => process.job === undefined);
      if (idle.length > 0 && (ready.length === 0 || this.#random.chance(0.2))) {
        this.#begin(this.#random.pick(idle));
        continue;
      }
      if (ready.length === 0) this.#wakeSomebody();
      else await this.#goOn(this.#choose(ready));
    }
  }

  async #doInPeace(job: Job): Promise<void> {
    const { gates } = this.#surroundings;
    const process = this.#random.pick(this.#processes);
    process.start(job, () => false);
    while (process.ended === undefined) {
      await gates.settle(this.#processes);
      gates.standing()[0]?.release('go');
    }
    this.endings.collect(this.#processes);
  }

  /** Ends all faults, lets everybody finish, and has one healthy process do what is left. */
  async heal(): Promise<void> {
    const { plan, gates } = this.#surroundings;
    gates.openAll();
    this.#faults.heal();
    this.#surroundings.figures.astray = this.#faults.astray;
    await gates.settle(this.#processes);
    this.endings.collect(this.#processes);
    await this.#judge.look('when all faults had ended');
    this.#time.pass(2 * LONGEST_LEASE_MS + Math.max(plan.settle.logs, plan.settle.codes));
    const healthy = this.#born(0);
    this.#processes.push(healthy);
    for (let round = 1; round <= HEALING_ROUNDS; round += 1) {
      const lane = round % 2 === 1 ? 'live' : 'backfill';
      // An idle bucket at the end of an answer is asked for on its own once newer ones are final.
      if (lane === 'live') this.#time.pass(2 * plan.intervalSeconds * 1_000 + plan.settle.codes);
      for (const stream of ['webhook_logs', 'api_responses'] as const) {
        healthy.start({ stream, lane }, () => false);
        this.figures.jobs += 1;
        await gates.settle([healthy]);
        const ended = healthy.ended;
        this.endings.collect(this.#processes);
        if (ended !== 'complete')
          this.#judge.fail(`I3: ${lane} of ${stream} ended ${spokenEnding(ended)} without any fault`);
      }
    }
  }

  async judge(truth: TruthModel): Promise<EndFigures> {
    const isRecorded = await this.#watch.look(instantOfMilliseconds(this.#time.now()));
    const archive = await this.#judge.look('at the end');
    if (!isRecorded || archive === undefined) throw new Error('the archive is locked though nobody works');
    const { figures, simulator } = this.#surroundings;
    await this.#judge.end(archive, figures, simulator);
    return judgeEnd(this.#surroundings, this.#time, truth, this.#judge, archive, this.#faults.struck);
  }

  async close(): Promise<void> {
    for (const process of this.#processes) process.crash();
    await Promise.all([...this.#processes, ...this.#buried].map((process) => process.close()));
  }

  #born(machine: number): ModelProcess {
    this.#births += 1;
    const clock = this.#clocks[machine] ?? new MachineClock(this.#time, 0);
    return new ModelProcess(`process ${this.#births} on machine ${machine}`, clock, this.#surroundings);
  }

  #begin(process: ModelProcess): void {
    const job = this.#board.next(this.#processes.flatMap(({ job }) => job ?? []));
    const patience = this.#random.chance(0.3) ? this.#random.integer(8) : Number.POSITIVE_INFINITY;
    let asked = 0;
    process.start(job, () => {
      asked += 1;
      return asked > patience;
    });
    this.figures.jobs += 1;
  }

  #choose(ready: readonly Stop[]): Stop {
    const same = ready.find(({ process }) => process === this.#last);
    const sticks = same !== undefined && this.#random.chance(this.#surroundings.plan.stickiness);
    return sticks ? same : this.#random.pick(ready);
  }

  async #goOn(stop: Stop): Promise<void> {
    const { plan } = this.#surroundings;
    const { process } = stop;
    this.#last = process;
    this.#time.pass(this.#random.integer(300));
    if (this.#random.chance(plan.pause)) {
      this.#pause(process);
      return;
    }
    if (this.#random.chance(0.002)) process.stop();
    if (this.#random.chance(0.003))
      process.clock.step(this.#random.pick([-3_600_000, -90_000, -5_000, 5_000, 90_000]));
    const fate = this.#draw(stop);
    if (fate !== 'go') this.#hit(`${fate} ${stop.kind === 'in transaction' ? 'tx: ' : ''}${stop.label}`);
    stop.release(fate);
    if (fate.startsWith('drop')) this.figures.drops += 1;
    if (fate.startsWith('crash')) await this.#bury(process);
  }

  #draw({ label, kind }: Stop): Fate {
    const { plan } = this.#surroundings;
    const crash = plan.aims.includes(label) && this.#random.chance(0.5) ? AIMED : plan.crash;
    const when = this.#random.pick(WHEN);
    if (this.#random.chance(crash)) return `crash ${when}`;
    if (kind !== 'request' && this.#random.chance(plan.drop)) return `drop ${when}`;
    return 'go';
  }

  /** Longer than a lease lasts; whoever is started meanwhile takes over. */
  #pause(process: ModelProcess): void {
    this.figures.pauses += 1;
    process.pausedUntil = this.#step + 20 + this.#random.integer(150);
    this.#board.orphan(process.job);
    this.#time.pass(LEASE_MS + this.#random.integer(4 * LONGEST_LEASE_MS));
  }

  async #bury(process: ModelProcess): Promise<void> {
    const { gates } = this.#surroundings;
    await gates.settle(this.#processes);
    if (!process.isDead) return;
    this.figures.crashes += 1;
    this.#board.orphan(process.job);
    this.#processes.splice(this.#processes.indexOf(process), 1);
    this.#buried.push(process);
    const machine = Number(process.name.split(' ').at(-1));
    this.#processes.push(this.#born(machine));
    if (this.#random.chance(0.5)) this.#time.pass(LEASE_MS + this.#random.integer(LONGEST_LEASE_MS));
    await this.#watch.look(instantOfMilliseconds(this.#time.now()));
    await this.#judge.look(`after crash ${this.figures.crashes} in step ${this.#step}`);
  }

  #jump(): void {
    this.figures.jumps += 1;
    const { jumpSpan } = this.#surroundings.plan;
    this.#time.pass(jumpSpan * this.#random.pick([0.01, 0.05, 0.2, 0.2, 0.5, 1.2]) * this.#random.next());
  }

  #wakeSomebody(): void {
    for (const process of this.#processes) process.pausedUntil = 0;
    this.#time.pass(1_000);
  }

  async #lookAfterCommits(): Promise<void> {
    const committed = this.#processes.filter((process) => process.hasCommitted);
    if (committed.length === 0) return;
    for (const process of committed) process.hasCommitted = false;
    const archive = await this.#judge.look(`after a commit in step ${this.#step}`);
    this.#faults.breakOnceSorted(archive);
  }

  #hit(place: string): void {
    this.hits.set(place, (this.hits.get(place) ?? 0) + 1);
  }
}

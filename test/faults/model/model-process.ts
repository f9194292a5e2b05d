import type pg from 'pg';
import { type Database, openDatabase } from '../../../src/db/database.ts';
import { Partitions } from '../../../src/db/partitions.ts';
import { MerakiClient } from '../../../src/meraki/client.ts';
import type { Range } from '../../../src/ranges.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import type { Lane, StreamName } from '../../../src/stream-key.ts';
import { type LaneResult, runLane } from '../../../src/sync/run-lane.ts';
import type { Stream } from '../../../src/sync/stream.ts';
import { testLog } from '../../support/test-log.ts';
import type { AnswersModel } from './answers-model.ts';
import type { FenceModel } from './fence-model.ts';
import { countConnecting, gateClient, ProcessDied, socketOf } from './gated-client.ts';
import type { Gates, Operation } from './gates.ts';
import type { ModelPlan } from './model-plan.ts';
import { createModelStream } from './model-streams.ts';
import type { OrderModel } from './order-model.ts';
import type { ProgressModel } from './progress-model.ts';
import type { Reach } from './reach.ts';
import type { RunFiguresModel } from './run-figures.ts';
import { OPERATIONS } from './served-model.ts';
import type { MachineClock } from './world-time.ts';

export interface Surroundings {
  readonly plan: ModelPlan;
  readonly databaseUrl: string;
  readonly simulator: Simulator;
  readonly organizationId: string;
  readonly gates: Gates;
  readonly fence: FenceModel;
  readonly progress: ProgressModel;
  readonly order: OrderModel;
  readonly reach: Reach;
  readonly answers: AnswersModel;
  readonly figures: RunFiguresModel;
}

export interface Job {
  readonly stream: StreamName;
  readonly lane: Lane;
  readonly only?: Range | undefined;
}

/** How a job ended: as the lane said, with its process, or with an error. */
export type Ended = LaneResult['outcome'] | 'crashed' | Error;

const CONNECTIONS = 2;
/** A job of a plan has tens of pages, or hundreds where time went on into busy hours: one that asks for so many goes round in a circle. */
const MOST_ASKED = 3_000;

/** A worker with all that is its own: connections, what it knows of partitions, its client and its clock. */
export class ModelProcess {
  readonly name: string;
  readonly clock: MachineClock;
  readonly #surroundings: Surroundings;
  readonly #database: Database;
  readonly #partitions: Partitions;
  readonly #client: MerakiClient;
  readonly #connections = new Set<pg.PoolClient>();
  readonly #life = new AbortController();
  #stopping = new AbortController();
  #runs = 0;
  #asked = 0;
  job: Job | undefined;
  laneName = '';
  runId = '';
  hasCommitted = false;
  pausedUntil = 0;
  ended: Ended | undefined;

  constructor(name: string, clock: MachineClock, surroundings: Surroundings) {
    const { databaseUrl, simulator, plan } = surroundings;
    this.name = name;
    this.clock = clock;
    this.#surroundings = surroundings;
    this.#database = openDatabase(databaseUrl, testLog, CONNECTIONS);
    this.#database.pool.on('connect', (client) => {
      this.#connections.add(client);
      gateClient(client, this, surroundings);
    });
    countConnecting(this.#database.pool, this, surroundings.gates);
    this.#database.pool.on('remove', (client) => this.#connections.delete(client));
    this.#partitions = new Partitions(this.#database);
    const random = createRandom(plan.seed, name, 'retries');
    this.#client = new MerakiClient({
      baseUrl: simulator.baseUrl,
      key: simulator.key,
      trustedHosts: ['127.0.0.1', 'localhost'],
      pace: { take: async () => 0, pause: async () => undefined },
      clock,
      log: testLog,
      random: () => random.next(),
    });
  }

  get isDead(): boolean {
    return this.#life.signal.aborted;
  }

  get isBusy(): boolean {
    return this.job !== undefined && this.ended === undefined && !this.isDead;
  }

  assertAlive(): void {
    if (this.isDead) throw new ProcessDied();
  }

  /** Starts a job; `ended` tells when it is over. */
  start(job: Job, pauseNow: () => boolean): void {
    this.#runs += 1;
    this.#asked = 0;
    this.job = job;
    this.ended = undefined;
    this.runId = `${this.name}.${this.#runs}`;
    this.laneName = `${job.stream} ${job.lane}`;
    this.#stopping = new AbortController();
    const { figures } = this.#surroundings;
    const { runId } = this;
    figures.begun(runId, job.stream);
    void this.#run(job, pauseNow).then((ended) => {
      figures.ended(runId, ended !== 'crashed' && !(ended instanceof Error));
      this.ended = ended;
      this.#surroundings.gates.changed();
    });
  }

  /** Asks the job to stop, as SIGTERM does. */
  stop(): void {
    this.#stopping.abort(new Error('asked to stop'));
  }

  /** Ends as SIGKILL ends it: connections cut, nothing rolled back, nothing remembered. */
  crash(): void {
    this.#life.abort(new ProcessDied());
    for (const client of this.#connections) {
      this.#surroundings.gates.cut((client as unknown as { readonly processID?: number }).processID);
      socketOf(client).destroy();
    }
    this.#surroundings.gates.leave(this);
    void this.close();
  }

  async close(): Promise<void> {
    await this.#database.close().catch(() => undefined);
    await this.#client.close().catch(() => undefined);
  }

  async #run(job: Job, pauseNow: () => boolean): Promise<Ended> {
    try {
      const result = await runLane({
        database: this.#database,
        partitions: this.#partitions,
        stream: this.#gated(createModelStream(this.#surroundings, job.stream, this.#client)),
        lane: job.lane,
        runId: this.runId,
        log: testLog,
        clock: this.clock,
        signal: this.#stopping.signal,
        pauseNow,
        only: job.only,
        // By the machine's own time it would beat whenever it likes; so it is tried in tests of its own.
        keepsLease: false,
      });
      return this.isDead ? 'crashed' : result.outcome;
    } catch (error) {
      if (this.isDead) return 'crashed';
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The stream, with a gate at every request that the loop sends. */
  #gated(stream: Stream): Stream {
    const { gates, progress, order, reach, answers, figures } = this.#surroundings;
    const isLog = stream.key.stream === 'webhook_logs';
    // A request may outlive its run, which does not wait for it where it ends with an error.
    const { runId } = this;
    const gate = async <T>(
      label: string,
      signal: AbortSignal,
      ask: (signal: AbortSignal, operation: Operation) => Promise<T>,
    ) => {
      this.assertAlive();
      this.#asked += 1;
      if (this.#asked > MOST_ASKED)
        throw new Error(`I3: ${this.laneName} asked ${MOST_ASKED} times and goes on`);
      return await gates.pass(this, label, 'request', async (fate, operation) => {
        const [what, when] = fate.split(' ');
        const isAsked = what !== 'crash' || when !== 'before';
        const askedBefore = this.#askedOf(stream);
        const answer = isAsked ? ask(AbortSignal.any([signal, this.#life.signal]), operation) : undefined;
        answer?.catch(() => undefined);
        try {
          if (what === 'crash' && when === 'after') await answer?.catch(() => undefined);
          if (what === 'crash') this.crash();
          this.assertAlive();
          const given = await (answer as Promise<T>);
          this.assertAlive();
          return given;
        } finally {
          // Of what is under way when its process dies, nobody knows whether it will be answered.
          const isGivenUp = signal.aborted || this.isDead;
          figures.asked(runId, Math.max(1, this.#askedOf(stream) - askedBefore), isGivenUp);
        }
      });
    };
    return {
      ...stream,
      read: (window, learned, signal, intervalSeconds, idleBefore) => {
        // As it is asked for, not as it goes out: several windows stand at the gate at once.
        progress.asked(runId, window);
        const page = window.pageToken === null ? 'first page' : 'later page';
        return gate(page, signal, async (either, operation) => {
          if (isLog) answers.asked(window);
          const look = idleBefore && ((width: number) => gates.within(operation, () => idleBefore(width)));
          const reading = await stream.read(window, learned, either, intervalSeconds, look);
          progress.answered(runId, window, reading.window);
          if (isLog) order.answered(window, reading);
          if (reading.leavesRest !== undefined) reach.idle += 1;
          return reading;
        });
      },
      write: async (tx, readings, ...rest) => {
        const [first] = readings;
        if (first !== undefined) progress.writes(runId, first.asked, readings.length);
        order.written(readings);
        if (isLog) answers.wroteLogs(readings);
        else answers.wroteCounts(readings);
        const written = await stream.write(tx, readings, ...rest);
        figures.wrote(runId, { pages: readings.length, rowsNew: written.rowsNew });
        return written;
      },
      probe: (asked, signal) => gate('probe', signal, (either) => stream.probe(asked, either)),
    };
  }

  /** What the source was asked of the stream so far, by anybody. */
  #askedOf({ key }: Stream): number {
    return this.#surroundings.simulator
      .requests()
      .filter(({ operation }) => operation === OPERATIONS[key.stream])
      .reduce((sum, { count }) => sum + count, 0);
  }
}

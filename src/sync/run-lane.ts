import {
  advanceCheckpoint,
  type HeldCheckpoint,
  releaseCheckpoint,
  takeCheckpoint,
} from '../db/checkpoints.ts';
import { readCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import { rememberStream } from '../db/streams.ts';
import {
  addCounts,
  noCounts,
  type RunCounts,
  type RunOutcome,
  type RunState,
  saveRun,
} from '../db/sync-runs.ts';
import { PagingError, SupersededError, WindowRefusedError } from '../errors.ts';
import { formatInstant, type Instant, instantOfSeconds } from '../instant.ts';
import type { Log } from '../log.ts';
import { duration, type Range, type Ranges, union } from '../ranges.ts';
import { describeStream, type Lane } from '../stream-key.ts';
import { commitPage } from './commit-page.ts';
import { learnFromRefusal, storeLesson } from './learn-limits.ts';
import { type LearnedLimits, parseLearnedLimits } from './limits.ts';
import { type OpenWindow, parseOpenWindow } from './open-window.ts';
import {
  backfillGaps,
  beginningOf,
  type PlannedWindow,
  planBackfill,
  planLive,
  planLiveAgain,
  type Situation,
} from './plan.ts';
import type { Effort, Reading, Stream } from './stream.ts';

/** Refused windows and expired page tokens in one run before it is left to the job's retry. */
const MOST_SETBACKS = 30;

export interface LaneRun {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly stream: Stream;
  readonly lane: Lane;
  /** Names this run and is the holder of the checkpoint meanwhile; never used twice. */
  readonly runId: string;
  readonly log: Log;
  /** Stops the run after the page at hand is committed, or at once while it waits for an answer. */
  readonly signal: AbortSignal;
  /** Asked after every page; `true` ends the run with the checkpoint standing. */
  readonly pauseNow?: () => boolean;
  readonly only?: Range | undefined;
  readonly onPage?: (counts: RunCounts, remaining: number) => void;
}

export interface LaneResult {
  /** `busy`: another run holds the lane until `heldUntil`. */
  readonly outcome: 'complete' | 'paused' | 'superseded' | 'busy';
  readonly counts: RunCounts;
  readonly heldUntil?: Instant;
  /** What `backfill` still has to read. */
  readonly remaining: Ranges;
}

/**
 * Reads one lane of a stream page by page until nothing is left to do, and commits every page on its own.
 * Errors of the source and the database pass to the caller; whatever was committed before stands.
 */
export async function runLane(lane: LaneRun): Promise<LaneResult> {
  const { database, stream } = lane;
  const taken = await takeCheckpoint(database, stream.key, lane.lane, lane.runId, stream.now());
  if ('heldUntil' in taken) {
    return { outcome: 'busy', counts: noCounts, heldUntil: taken.heldUntil, remaining: [] };
  }
  const loop = new LaneLoop(lane, taken);
  try {
    const outcome = await loop.run();
    await loop.end(outcome, null);
    return { outcome, counts: loop.counts, remaining: await loop.remaining() };
  } catch (error) {
    if (error instanceof SupersededError) {
      await loop.end('superseded', error.message);
      return { outcome: 'superseded', counts: loop.counts, remaining: [] };
    }
    if (lane.signal.aborted) {
      await loop.end('paused', null);
      return { outcome: 'paused', counts: loop.counts, remaining: [] };
    }
    await loop.end('failed', error instanceof Error ? error.message : String(error)).catch(() => undefined);
    throw error;
  }
}

class LaneLoop {
  readonly #lane: LaneRun;
  readonly #startedAt: Instant;
  #held: HeldCheckpoint;
  #learned: LearnedLimits = {};
  #wantedFrom: Instant = 0;
  #setbacks = 0;
  /** Time that was answered without covering any of it: asked again at once, it would be answered alike. */
  #fruitless: Ranges = [];
  /** Page tokens of the window at hand; one that comes again would lead round in a circle. */
  readonly #tokens = new Set<string>();
  counts: RunCounts = noCounts;

  constructor(lane: LaneRun, held: HeldCheckpoint) {
    this.#lane = lane;
    this.#held = held;
    this.#startedAt = lane.stream.now();
  }

  async run(): Promise<'complete' | 'paused'> {
    await this.#recall();
    let window = this.#lane.only === undefined ? parseOpenWindow(this.#held.openWindow) : undefined;
    for (;;) {
      if (this.#lane.signal.aborted || this.#lane.pauseNow?.() === true) return 'paused';
      window ??= await this.#nextWindow();
      if (window === undefined) return 'complete';
      const step = await this.#readPage(window);
      if (step === 'finished' && this.#lane.lane === 'live') {
        window = this.#openPlanned(planLiveAgain(await this.#situation(), window));
        if (window === undefined) return 'complete';
      } else {
        window = typeof step === 'string' ? undefined : step;
      }
    }
  }

  async remaining(): Promise<Ranges> {
    return backfillGaps(await this.#situation());
  }

  async end(outcome: RunOutcome, error: string | null): Promise<void> {
    const { database, stream } = this.#lane;
    await saveRun(database.query, { ...this.#state(), outcome, error, finishedAt: stream.now() });
    await releaseCheckpoint(database, this.#held);
  }

  async #recall(): Promise<void> {
    const { database, stream } = this.#lane;
    const now = stream.now();
    const fresh = stream.situation(new Map(), 0, {});
    const record = await rememberStream(
      database,
      stream.key,
      {
        wantedFrom: beginningOf(fresh),
        lookbackSeconds: Math.floor(stream.limits.lookback / instantOfSeconds(1)),
        expectedLagSeconds: 2 * stream.everySeconds + stream.limits.settle / instantOfSeconds(1),
      },
      now,
    );
    this.#learned = parseLearnedLimits(record.limits, now);
    this.#wantedFrom = record.wantedFrom;
  }

  async #nextWindow(): Promise<OpenWindow | undefined> {
    const situation = await this.#situation();
    const planned = this.#lane.lane === 'live' ? planLive(situation) : planBackfill(situation);
    if (planned === undefined) return undefined;
    return this.#openPlanned(planned);
  }

  #openPlanned(planned: PlannedWindow | undefined): OpenWindow | undefined {
    this.#tokens.clear();
    return planned === undefined ? undefined : this.#lane.stream.open(planned, this.#learned);
  }

  /** Reads and commits one page: the window's next state, or that it is finished or has to be planned anew. */
  async #readPage(window: OpenWindow): Promise<OpenWindow | 'finished' | 'again'> {
    const { database, partitions, stream, signal } = this.#lane;
    let reading: Reading;
    try {
      reading = await stream.read(window, this.#learned, signal);
    } catch (error) {
      if (!(error instanceof WindowRefusedError)) throw error;
      await this.#setback(window, error);
      return 'again';
    }
    const token = reading.window?.pageToken;
    if (token != null) {
      if (this.#tokens.has(token)) {
        const error = new PagingError('A page names an earlier page as the next one.', { ...stream.key });
        await this.#setback(window, error);
        return 'again';
      }
      this.#tokens.add(token);
    }
    const committed = await commitPage(
      database,
      partitions,
      this.#held,
      this.#state(),
      reading,
      stream.now(),
    );
    this.#held = committed.held;
    this.counts = committed.counts;
    if (reading.claims.some((claim) => claim.final.length > 0)) this.#setbacks = 0;
    if (reading.learned !== null) await this.#learn(reading.learned);
    this.#lane.onPage?.(this.counts, duration(await this.#remainingIfAsked()));
    if (reading.window !== null) return reading.window;
    if (reading.learned !== null) return 'again';
    if (reading.claims.every(({ final, provisional }) => final.length + provisional.length === 0)) {
      this.#skip(window.claim);
    }
    return 'finished';
  }

  async #remainingIfAsked(): Promise<Ranges> {
    return this.#lane.onPage === undefined ? [] : await this.remaining();
  }

  /** A page token that expired costs the window, a refused window teaches a limit; either way it is planned anew. */
  async #setback(window: OpenWindow, error: WindowRefusedError | PagingError): Promise<void> {
    const { database, stream, signal, log } = this.#lane;
    this.#setbacks += 1;
    if (this.#setbacks > MOST_SETBACKS) throw error;
    this.#spend({ requests: 1, waitedMs: 0 });
    if (window.pageToken !== null) {
      log.info(
        { ...stream.key, pages: window.pages },
        'the next page cannot be had; going on from what is covered',
      );
      if (window.order === 'unordered') {
        await this.#learn({
          ...this.#learned,
          unorderedSpan: Math.ceil((window.claim.to - window.claim.from) / 2),
        });
      }
    } else {
      const situation = await this.#situation();
      const lesson = await learnFromRefusal(stream, window, situation, this.#learned, signal);
      this.#spend(lesson.effort);
      await this.#learn(lesson.learned);
      log.warn(
        {
          ...stream.key,
          lookbackDays: days(lesson.learned.lookback),
          spanDays: days(lesson.learned.span),
        },
        `Meraki keeps less, or answers less at once, than documented for ${describeStream(stream.key)}; going on within what it accepts`,
      );
    }
    this.#held = await database.transaction((tx) => advanceCheckpoint(tx, this.#held, null, stream.now()));
  }

  #skip(claim: Range): void {
    this.#fruitless = union(this.#fruitless, [claim]);
    this.#lane.log.warn(
      { ...this.#lane.stream.key, from: formatInstant(claim.from), to: formatInstant(claim.to) },
      'Meraki answered a stretch of time without covering any of it; it stays a gap and is asked again later',
    );
  }

  async #learn(learned: LearnedLimits): Promise<void> {
    const { database, stream } = this.#lane;
    const coverage = await readCoverage(database.query, stream.key);
    const situation = stream.situation(coverage, this.#wantedFrom, learned);
    this.#learned = learned;
    this.#wantedFrom = await storeLesson(database.query, stream, learned, situation, coverage);
  }

  async #situation(): Promise<Situation> {
    const { database, stream, only } = this.#lane;
    const coverage = await readCoverage(database.query, stream.key);
    const situation = stream.situation(coverage, this.#wantedFrom, this.#learned);
    return { ...situation, done: union(situation.done, this.#fruitless), only };
  }

  #spend(effort: Effort): void {
    this.counts = addCounts(this.counts, { ...noCounts, ...effort });
  }

  #state(): RunState {
    return {
      runId: this.#lane.runId,
      key: this.#lane.stream.key,
      lane: this.#lane.lane,
      startedAt: this.#startedAt,
      counts: this.counts,
      outcome: 'running',
      finishedAt: null,
      error: null,
    };
  }
}

function days(microseconds: number | undefined): number | undefined {
  return microseconds === undefined
    ? undefined
    : Math.round((microseconds / instantOfSeconds(86_400)) * 100) / 100;
}

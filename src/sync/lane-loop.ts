import type { Clock } from '../clock.ts';
import { advanceCheckpoint, type HeldCheckpoint, releaseCheckpoint } from '../db/checkpoints.ts';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import type { FieldDrift } from '../db/schema-drift.ts';
import {
  addCounts,
  noCounts,
  type RunCounts,
  type RunOutcome,
  type RunState,
  saveRun,
} from '../db/sync-runs.ts';
import { PagingError, UnreachableError, WindowRefusedError } from '../errors.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import type { Log } from '../log.ts';
import { duration, type Range, type Ranges } from '../ranges.ts';
import { describeStream, type Lane } from '../stream-key.ts';
import { commitPages } from './commit-pages.ts';
import type { ReadBefore } from './lateness.ts';
import { type OpenWindow, parseOpenWindow } from './open-window.ts';
import { PagesAhead, type PagesRead } from './pages-ahead.ts';
import { backfillGaps, type PlannedWindow, planBackfill, planLive, planLiveAgain } from './plan.ts';
import { type Setback, SourceLessons } from './source-lessons.ts';
import type { Effort, Stream } from './stream.ts';
import { StreamMemory } from './stream-memory.ts';
import { WindowReader } from './window-reader.ts';

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
  readonly clock: Clock;
  /** Stops the run after the page at hand is committed, or at once while it waits for an answer. */
  readonly signal: AbortSignal;
  /** Asked after every page; `true` ends the run with the checkpoint standing. */
  readonly pauseNow?: () => boolean;
  readonly only?: Range | undefined;
  /** Whether the lease is prolonged, by the machine's own time, while the run waits; it is unless this is `false`. */
  readonly keepsLease?: boolean;
  readonly onPage?: (counts: RunCounts, remaining: number) => void;
}

/** One run through a lane, from taking the checkpoint to letting it go. */
export class LaneLoop {
  readonly #lane: LaneRun;
  readonly #memory: StreamMemory;
  readonly #lessons: SourceLessons;
  readonly #reader: WindowReader;
  readonly #startedAt: Instant;
  #held: HeldCheckpoint;
  #setbacks = 0;
  /** What the window before claimed: if that is missing still, asking again at once would change nothing. */
  #finished: Range | undefined;
  /** What was read before the window at hand; `undefined` where its rows tell nothing of when they appeared. */
  #before: ReadBefore | undefined;
  /** Whether the window before left settled time to the next run. */
  #leavesRest = false;
  counts: RunCounts = noCounts;

  constructor(lane: LaneRun, held: HeldCheckpoint) {
    this.#lane = lane;
    this.#memory = new StreamMemory(lane.database, lane.stream, lane.only);
    this.#lessons = new SourceLessons(lane.stream, this.#memory, lane.log, lane.signal);
    this.#reader = new WindowReader(lane, this.#memory, this.#lessons);
    this.#held = held;
    this.#startedAt = lane.stream.now();
  }

  async run(): Promise<'complete' | 'paused'> {
    await this.#memory.recall();
    let window = this.#lane.only === undefined ? parseOpenWindow(this.#held.openWindow) : undefined;
    let resumed = window !== undefined;
    for (;;) {
      if (this.#isToStop()) return 'paused';
      window ??= await this.#nextWindow();
      if (window === undefined) return 'complete';
      const end = await this.#readWindow(window);
      if (end === 'paused') return 'paused';
      if (end === 'finished' && this.#leavesRest) return 'complete';
      if (end === 'finished' && this.#lane.lane === 'live' && !resumed) {
        window = this.#open(planLiveAgain(await this.#memory.situation(), window));
        if (window === undefined) return 'complete';
      } else {
        window = undefined;
        resumed = false;
      }
    }
  }

  async remaining(): Promise<Ranges> {
    return backfillGaps(await this.#memory.situation());
  }

  /** What is left for `backfill`, and when Meraki forgets the oldest of it. */
  async outlook(): Promise<{ readonly remaining: Ranges; readonly deadline: Instant | undefined }> {
    const remaining = await this.remaining();
    const [oldest] = remaining;
    return { remaining, deadline: oldest && oldest.from + this.#memory.lookback };
  }

  async end(outcome: RunOutcome, error: string | null): Promise<void> {
    const { database, stream } = this.#lane;
    await saveRun(database.query, { ...this.#state(), outcome, error, finishedAt: stream.now() });
    await releaseCheckpoint(database, this.#held);
  }

  async #nextWindow(): Promise<OpenWindow | undefined> {
    const { lane, only } = this.#lane;
    if (lane === 'live') return this.#open(planLive(await this.#memory.situation()), only === undefined);
    const planned = planBackfill(await this.#memory.situation());
    const claim = planned?.claim;
    const before = this.#finished;
    if (claim === undefined || claim.from !== before?.from || claim.to !== before.to)
      return this.#open(planned);
    await this.#skip(claim);
    return await this.#nextWindow();
  }

  /** @param comesAgain whether the next run begins where this window leaves off, as those of `live` do */
  #open(planned: PlannedWindow | undefined, comesAgain = false): OpenWindow | undefined {
    this.#reader.begin(comesAgain);
    this.#before = this.#lane.lane === 'live' ? this.#memory.readBefore : undefined;
    return planned === undefined ? undefined : this.#lane.stream.open(planned, this.#memory.learned);
  }

  /** Reads a window to its end and commits its pages as they come; `again`: it has to be planned anew. */
  async #readWindow(first: OpenWindow): Promise<'finished' | 'again' | 'paused'> {
    let window = first;
    for (;;) {
      const end = await this.#readAhead(window);
      if (typeof end === 'string') return end;
      window = end;
    }
  }

  /** The same, up to the page that teaches something: the window then goes on with that. */
  async #readAhead(first: OpenWindow): Promise<'finished' | 'again' | 'paused' | OpenWindow> {
    const pages = new PagesAhead(first, (window) => this.#reader.read(window));
    let window = first;
    try {
      for (;;) {
        const taken = await pages.take();
        if (taken === undefined) return this.#isToStop() ? 'paused' : window;
        if ('error' in taken) {
          await this.#setback(taken.window, taken.error);
          return 'again';
        }
        for (const batch of this.#batchesOf(taken)) {
          const end = await this.#commit(batch);
          if (typeof end === 'string') return end;
          window = end;
        }
        if (this.#isToStop()) pages.stop();
      }
    } finally {
      pages.stop();
    }
  }

  #isToStop(): boolean {
    return this.#lane.signal.aborted || this.#lane.pauseNow?.() === true;
  }

  /** Lateness goes by when a page was answered, so where it is measured each is committed on its own. */
  #batchesOf(pages: PagesRead): readonly PagesRead[] {
    return this.#before === undefined ? [pages] : pages.map((page) => [page]);
  }

  /** @returns the window after these pages, or how it ended with the last of them */
  async #commit(pages: PagesRead): Promise<OpenWindow | 'finished' | 'again'> {
    const { database, partitions, stream } = this.#lane;
    const [first, ...others] = pages;
    const { reading, window } = others.at(-1) ?? first;
    const readings = [first.reading, ...others.map((page) => page.reading)] as const;
    const terms = {
      local: this.#localNow(),
      meraki: stream.now(),
      quarantineLimit: stream.quarantineLimit,
      readBefore: this.#before,
    };
    const state = this.#state();
    const committed = await commitPages(database, partitions, stream, this.#held, state, readings, terms);
    this.#held = committed.held;
    this.counts = committed.counts;
    this.#tellDrift(committed.drift);
    const isProgress = readings.some(({ claims }) => claims.some(({ final }) => final.length > 0));
    if (isProgress && !reading.anew) this.#setbacks = 0;
    await this.#memory.noteAnswered(window.asked.from);
    if (reading.learned !== null) await this.#memory.learn(reading.learned);
    await this.#tellProgress();
    if (reading.anew) {
      this.#countSetback(new PagingError('Answers contradict one another without end.', { ...stream.key }));
      return 'again';
    }
    if (reading.window !== null) return reading.window;
    if (reading.claims.every(({ final, provisional }) => final.length + provisional.length === 0)) {
      await this.#skip(window.claim);
    }
    this.#finished = window.claim;
    this.#leavesRest = reading.leavesRest === true;
    return 'finished';
  }

  /**
   * A window that cannot be read on is given up for another, and what that teaches is remembered.
   *
   * @throws the error itself where it says nothing about the window
   */
  async #setback(window: OpenWindow, error: unknown): Promise<void> {
    const { database, lane, signal } = this.#lane;
    const noAnswer = error instanceof UnreachableError && lane === 'backfill' && !signal.aborted;
    const brokenPaging = error instanceof PagingError && window.pageToken !== null;
    if (!(noAnswer || brokenPaging || error instanceof WindowRefusedError)) throw error;
    this.#countSetback(error);
    this.#spend({ requests: 1, waitedMs: 0 });
    this.#spend(await this.#lessons.learn(window, error));
    this.#held = await database.transaction((tx) =>
      advanceCheckpoint(tx, this.#held, null, this.#localNow()),
    );
  }

  #countSetback(error: Setback): void {
    this.#setbacks += 1;
    if (this.#setbacks > MOST_SETBACKS) throw error;
  }

  async #skip(claim: Range): Promise<void> {
    this.#memory.skip(claim);
    // Planned by a clock that was fast, it is time to come, which will be there to be read without any waiting.
    const past = { from: claim.from, to: Math.min(claim.to, this.#lane.stream.now()) };
    if (this.#lane.lane === 'backfill' && past.from < past.to) await this.#lessons.skip(past);
  }

  #tellDrift(drift: readonly FieldDrift[]): void {
    const { log, stream } = this.#lane;
    for (const { field, kind, sampleType } of drift) {
      log.warn(
        { ...stream.key, field, kind, sampleType },
        `${describeStream(stream.key)}: the field ${field} is not as documented (${kind}); see meraki.schema_drift`,
      );
    }
  }

  async #tellProgress(): Promise<void> {
    const { onPage } = this.#lane;
    if (onPage !== undefined) onPage(this.counts, duration(await this.remaining()));
  }

  #localNow(): Instant {
    return instantOfMilliseconds(this.#lane.clock.now());
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

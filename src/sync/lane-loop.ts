import type { HeldCheckpoint } from '../db/checkpoints.ts';
import type { RunCounts, RunOutcome } from '../db/sync-runs.ts';
import { PagingError, UnreachableError, WindowRefusedError } from '../errors.ts';
import type { Instant } from '../instant.ts';
import { duration, type Range, type Ranges } from '../ranges.ts';
import { BackfillWindows } from './backfill-windows.ts';
import { LaneRecord, type RecordOptions } from './lane-record.ts';
import type { LaneWindows } from './lane-windows.ts';
import type { ReadBefore } from './lateness.ts';
import { LiveWindows } from './live-windows.ts';
import { type OpenWindow, parseOpenWindows } from './open-window.ts';
import { PagesAhead, type PagesRead } from './pages-ahead.ts';
import { backfillGaps } from './plan.ts';
import { type Setback, SourceLessons } from './source-lessons.ts';
import { StreamMemory } from './stream-memory.ts';
import { WindowReader } from './window-reader.ts';

/** Refused windows and expired page tokens in one run before it is left to the job's retry. */
const MOST_SETBACKS = 30;

/** How long a page of history may wait for the next one; what is new is to be seen at once. */
const PATIENCE_MS = 250;

/** `runId` names the run and is the holder of the checkpoint meanwhile; never used twice. */
export interface LaneRun extends RecordOptions {
  /** Stops the run after the pages at hand are committed; what waits for an answer ends at once. */
  readonly signal: AbortSignal;
  /** Asked after every page; `true` ends the run with the checkpoint standing. */
  readonly pauseNow?: () => boolean;
  readonly only?: Range | undefined;
  /** Whether the lease is prolonged, by the machine's own time, while the run waits; it is unless this is `false`. */
  readonly keepsLease?: boolean;
  readonly onPage?: (counts: RunCounts, remaining: number) => void;
}

/** A window that is being read. */
interface WindowAtWork {
  readonly reader: WindowReader;
  /** What was read before it; `undefined` where its rows tell nothing of when they appeared. */
  readonly before: ReadBefore | undefined;
  readonly opened: OpenWindow;
  /** Where it stands after the pages that are committed. */
  at: OpenWindow;
}

/**
 * One run through a lane, from taking the checkpoint to letting it go. Its windows are read side by side, and their
 * pages are committed one transaction after the other, each of which moves the one checkpoint that holds them all.
 */
export class LaneLoop {
  readonly #lane: LaneRun;
  readonly #record: LaneRecord;
  readonly #memory: StreamMemory;
  readonly #lessons: SourceLessons;
  readonly #resumed: readonly OpenWindow[];
  readonly #windows: LaneWindows;
  readonly #pages: PagesAhead<WindowAtWork>;
  readonly #atWork = new Set<WindowAtWork>();
  #setbacks = 0;

  constructor(lane: LaneRun, held: HeldCheckpoint) {
    this.#lane = lane;
    this.#record = new LaneRecord(lane, held);
    this.#memory = new StreamMemory(lane.database, lane.stream, lane.only);
    this.#lessons = new SourceLessons(lane, this.#memory);
    this.#resumed = lane.only === undefined ? parseOpenWindows(held.openWindows) : [];
    this.#windows =
      lane.lane === 'live'
        ? new LiveWindows(this.#memory, this.#resumed.length > 0, lane.only !== undefined)
        : new BackfillWindows(this.#memory, this.#resumed, (claim) => this.#skip(claim));
    this.#pages = new PagesAhead(lane.clock, lane.lane === 'backfill' ? PATIENCE_MS : 0);
  }

  get counts(): RunCounts {
    return this.#record.counts;
  }

  async run(): Promise<'complete' | 'paused'> {
    await this.#memory.recall();
    if (this.#isToStop()) return 'paused';
    try {
      for (const window of this.#resumed) this.#begin(window);
      for (;;) {
        if (this.#isToStop()) this.#pages.stop();
        else await this.#openMore();
        const taken = await this.#pages.take();
        if (taken === undefined) return this.#isToStop() ? 'paused' : 'complete';
        if ('error' in taken) await this.#setback(taken.of, taken.window, taken.error);
        else await this.#takeIn(taken.of, taken.pages);
      }
    } finally {
      for (const window of this.#atWork) this.#leave(window);
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
    await this.#record.end(outcome, error);
  }

  #isToStop(): boolean {
    return this.#lane.signal.aborted || this.#lane.pauseNow?.() === true;
  }

  async #openMore(): Promise<void> {
    for (;;) {
      const next = await this.#windows.next([...this.#atWork].map(({ at }) => at));
      if (next === undefined) return;
      const window = this.#lane.stream.open(next.planned, this.#memory.learned);
      this.#begin(window, next.comesAgain, next.before);
    }
  }

  #begin(opened: OpenWindow, comesAgain = false, before?: ReadBefore): void {
    const knowledge = { memory: this.#memory, lessons: this.#lessons, windows: this.#windows };
    const reader = new WindowReader(this.#lane, knowledge, comesAgain);
    const window = { opened, at: opened, before, reader };
    this.#atWork.add(window);
    this.#goOn(window);
  }

  #goOn(window: WindowAtWork): void {
    this.#pages.open(window, window.at, (at, unneeded) => window.reader.read(at, unneeded));
  }

  #leave(window: WindowAtWork): void {
    this.#pages.close(window);
    this.#atWork.delete(window);
  }

  /** What was planned before something was learnt is planned anew, as far as nothing of it has been read. */
  #leaveUnread(): void {
    for (const window of this.#atWork) {
      if (window.at.pageToken === null && !this.#pages.hasPages(window)) this.#leave(window);
    }
    this.#windows.again();
  }

  async #takeIn(window: WindowAtWork, pages: PagesRead): Promise<void> {
    const [first] = pages;
    this.#windows.came(first, this.#atWork.size);
    if (first.isTooLong) {
      this.#pages.letGo(pages);
      this.#leave(window);
      this.#windows.again();
      return;
    }
    for (const batch of batchesOf(window, pages)) {
      await this.#commit(window, batch);
      this.#pages.letGo(batch);
    }
  }

  async #commit(window: WindowAtWork, pages: PagesRead): Promise<void> {
    const { window: asked, reading, knowing } = pages.at(-1) ?? pages[0];
    await this.#record.commit(pages, window.before, this.#besides(window));
    const isProgress = pages.some((page) => page.reading.claims.some(({ final }) => final.length > 0));
    if (isProgress && !reading.anew) this.#setbacks = 0;
    await this.#memory.noteAnswered(asked.claim.from);
    if (reading.learned !== null) await this.#memory.learn(reading.learned, knowing);
    await this.#tellProgress();
    if (reading.anew) {
      const { key } = this.#lane.stream;
      this.#countSetback(new PagingError('Answers contradict one another without end.', { ...key }));
      this.#leave(window);
      this.#leaveUnread();
    } else if (reading.window === null) {
      this.#leave(window);
      const isFruitless = reading.claims.every(
        ({ final, provisional }) => final.length + provisional.length === 0,
      );
      if (isFruitless) await this.#skip(asked.claim);
      this.#windows.finished(window.opened, asked, reading.leavesRest === true);
    } else {
      window.at = reading.window;
      if (reading.learned !== null) this.#goOn(window);
    }
  }

  /**
   * A window that cannot be read on is given up for another, and what that teaches is remembered. The others go on.
   *
   * @param asked the window as its page was asked for
   * @throws the error itself where it says nothing about the window
   */
  async #setback(window: WindowAtWork, asked: OpenWindow, error: unknown): Promise<void> {
    const { lane, signal } = this.#lane;
    const noAnswer = error instanceof UnreachableError && lane === 'backfill' && !signal.aborted;
    const brokenPaging = error instanceof PagingError && asked.pageToken !== null;
    if (!(noAnswer || brokenPaging || error instanceof WindowRefusedError)) throw error;
    this.#countSetback(error);
    this.#leave(window);
    await this.#lessons.learn(asked, error);
    this.#leaveUnread();
    await this.#record.keepOnly(this.#besides(window), this.#isDoubted(window) ? [window.opened.claim] : []);
  }

  /**
   * Whether a window claimed time by an order that rows have come out of since. One that was forgotten, as all lessons are
   * after a week, was true when it was believed: what was claimed by it may be out of reach by now, and stays.
   */
  #isDoubted({ at: { proven } }: WindowAtWork): boolean {
    const { order, disproved } = this.#memory.learned;
    if (proven === null || proven === order) return false;
    return order !== undefined || proven === disproved;
  }

  #besides(window: WindowAtWork): readonly OpenWindow[] {
    return [...this.#atWork].filter((other) => other !== window).map(({ at }) => at);
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

  async #tellProgress(): Promise<void> {
    const { onPage } = this.#lane;
    if (onPage !== undefined) onPage(this.counts, duration(await this.remaining()));
  }
}

/** Lateness goes by when a page was answered, so where it is measured each is committed on its own. */
function batchesOf({ before }: WindowAtWork, pages: PagesRead): readonly PagesRead[] {
  return before === undefined ? [pages] : pages.map((page) => [page]);
}

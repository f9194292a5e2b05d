import { PagingError, UnreachableError } from '../errors.ts';
import type { Lane } from '../stream-key.ts';
import { withAnySignal } from '../with-any-signal.ts';
import { boundReading } from './bound-reading.ts';
import type { LaneWindows } from './lane-windows.ts';
import type { OpenWindow } from './open-window.ts';
import type { PageRead } from './pages-ahead.ts';
import type { SourceLessons } from './source-lessons.ts';
import type { Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

interface ReaderOptions {
  readonly stream: Stream;
  readonly lane: Lane;
  readonly signal: AbortSignal;
}

/** What a run knows of its stream. */
interface RunKnowledge {
  readonly memory: StreamMemory;
  readonly lessons: SourceLessons;
  readonly windows: LaneWindows;
}

/** Reads the pages of one window. */
export class WindowReader {
  readonly #options: ReaderOptions;
  readonly #memory: StreamMemory;
  readonly #lessons: SourceLessons;
  readonly #windows: LaneWindows;
  /** Page tokens so far; one that comes again would lead round in a circle. */
  readonly #tokens = new Set<string>();
  readonly #comesAgain: boolean;

  /** @param comesAgain whether the next run will read what this window leaves */
  constructor(options: ReaderOptions, { memory, lessons, windows }: RunKnowledge, comesAgain: boolean) {
    this.#options = options;
    this.#memory = memory;
    this.#lessons = lessons;
    this.#windows = windows;
    this.#comesAgain = comesAgain;
  }

  /**
   * The answer to the window's next page, bounded by what holds when it came.
   *
   * @param unneeded ends this request alone
   * @throws {PagingError} when a page names an earlier one as the next; and as `Stream.read` does
   */
  async read(window: OpenWindow, unneeded: AbortSignal): Promise<PageRead> {
    return await withAnySignal([this.#options.signal, unneeded], (signal) =>
      this.#askPatiently(window, signal),
    );
  }

  async #askPatiently(window: OpenWindow, signal: AbortSignal): Promise<PageRead> {
    const { lane } = this.#options;
    try {
      return await this.#ask(window, signal);
    } catch (error) {
      if (!(error instanceof UnreachableError) || lane !== 'backfill' || signal.aborted) throw error;
      // A fault that has passed must not teach anything: the page is asked for once more first.
      await this.#lessons.askNewest(error, signal);
      return await this.#ask(window, signal);
    }
  }

  async #ask(window: OpenWindow, signal: AbortSignal): Promise<PageRead> {
    const { stream } = this.#options;
    const knowing = this.#memory.learned;
    const limits = { lookback: this.#memory.lookback, settle: stream.limits.settle };
    const idleBefore = this.#comesAgain ? (width: number) => this.#memory.idleBefore(width) : undefined;
    const answered = await stream.read(window, knowing, signal, undefined, idleBefore);
    const reading = boundReading(window, answered, limits);
    const token = reading.window?.pageToken ?? null;
    if (token !== null && this.#tokens.has(token)) {
      throw new PagingError('A page names an earlier page as the next one.', { ...stream.key });
    }
    if (token !== null) this.#tokens.add(token);
    return { window, reading, knowing, isTooLong: this.#windows.isTooLong(window, reading) };
  }
}

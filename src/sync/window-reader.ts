import { PagingError, UnreachableError } from '../errors.ts';
import type { Lane } from '../stream-key.ts';
import { boundReading } from './bound-reading.ts';
import type { OpenWindow } from './open-window.ts';
import type { SourceLessons } from './source-lessons.ts';
import type { Reading, Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

interface ReaderOptions {
  readonly stream: Stream;
  readonly lane: Lane;
  readonly signal: AbortSignal;
}

/** Reads the pages of a lane's windows, one window after the other. */
export class WindowReader {
  readonly #options: ReaderOptions;
  readonly #memory: StreamMemory;
  readonly #lessons: SourceLessons;
  /** Page tokens of the window at hand; one that comes again would lead round in a circle. */
  readonly #tokens = new Set<string>();
  #comesAgain = false;

  constructor(options: ReaderOptions, memory: StreamMemory, lessons: SourceLessons) {
    this.#options = options;
    this.#memory = memory;
    this.#lessons = lessons;
  }

  /**
   * To be called before each window.
   *
   * @param comesAgain whether the next run will read what this window leaves
   */
  begin(comesAgain: boolean): void {
    this.#tokens.clear();
    this.#comesAgain = comesAgain;
  }

  /**
   * The answer to a window's next page, bounded by what holds when it came.
   *
   * @throws {PagingError} when a page names an earlier one as the next; and as `Stream.read` does
   */
  async read(window: OpenWindow): Promise<Reading> {
    const { lane, signal } = this.#options;
    try {
      return await this.#ask(window);
    } catch (error) {
      if (!(error instanceof UnreachableError) || lane !== 'backfill' || signal.aborted) throw error;
      // A fault that has passed must not teach anything: the page is asked for once more first.
      const effort = await this.#lessons.askNewest(error);
      const reading = await this.#ask(window);
      return {
        ...reading,
        requests: reading.requests + effort.requests,
        waitedMs: reading.waitedMs + effort.waitedMs,
      };
    }
  }

  async #ask(window: OpenWindow): Promise<Reading> {
    const { stream, signal } = this.#options;
    const limits = { lookback: this.#memory.lookback, settle: stream.limits.settle };
    const idleBefore = this.#comesAgain ? (width: number) => this.#memory.idleBefore(width) : undefined;
    const answered = await stream.read(window, this.#memory.learned, signal, undefined, idleBefore);
    const reading = boundReading(window, answered, limits);
    const token = reading.window?.pageToken ?? null;
    if (token !== null && this.#tokens.has(token)) {
      throw new PagingError('A page names an earlier page as the next one.', { ...stream.key });
    }
    if (token !== null) this.#tokens.add(token);
    return reading;
  }
}

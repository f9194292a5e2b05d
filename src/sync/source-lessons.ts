import { formatDuration } from '../duration.ts';
import { type PagingError, UnreachableError, type WindowRefusedError } from '../errors.ts';
import { formatInstant, MICROSECONDS_PER_SECOND as SECOND } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Range } from '../ranges.ts';
import { describeStream } from '../stream-key.ts';
import { learnFromRefusal } from './learn-limits.ts';
import { withStretch } from './limits.ts';
import { tellLosses } from './lost-time.ts';
import type { OpenWindow } from './open-window.ts';
import type { Effort, Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

/** Why a window cannot be read on. */
export type Setback = WindowRefusedError | PagingError | UnreachableError;

const SHORTEST_WINDOW = 3_600 * SECOND;
const SKIPPED_FOR = 86_400 * SECOND;
const SKIPPED_AT_LEAST = 600 * SECOND;
const noEffort: Effort = { requests: 0, waitedMs: 0 };

/** What a window that could not be read teaches about the source, so that the next one is planned better. */
export class SourceLessons {
  readonly #stream: Stream;
  readonly #memory: StreamMemory;
  readonly #log: Log;
  readonly #signal: AbortSignal;

  constructor(stream: Stream, memory: StreamMemory, log: Log, signal: AbortSignal) {
    this.#stream = stream;
    this.#memory = memory;
    this.#log = log;
    this.#signal = signal;
  }

  /**
   * Remembers the lesson.
   *
   * @returns what finding out has cost
   * @throws the setback itself when Meraki does not answer at all: that is no matter of the window
   */
  async learn(window: OpenWindow, error: Setback): Promise<Effort> {
    if (error instanceof UnreachableError) return await this.#narrow(window, error);
    if (window.pageToken === null) return await this.#learnLimits(window);
    await this.#giveUp(window, error);
    return noEffort;
  }

  /** One moment that Meraki cannot answer for must not hold up all that comes after it. */
  async #narrow(window: OpenWindow, error: UnreachableError): Promise<Effort> {
    const effort = await this.askNewest(error);
    const { claim, asked } = window;
    const { span: _tooWide, skipped = [], ...learned } = this.#memory.learned;
    if (asked.to - asked.from > 2 * SHORTEST_WINDOW) {
      await this.#memory.learn({ ...learned, skipped, span: Math.floor((asked.to - asked.from) / 2) });
      return effort;
    }
    await this.#memory.learn({ ...learned, skipped });
    const why = `Meraki cannot answer for a stretch of time (${error.message})`;
    await this.#leaveAlone(claim, why, this.#untilTriedAgain(claim));
    return effort;
  }

  /** Half of what is left until Meraki forgets it, a day at most: what ails Meraki for minutes must not lose anything. */
  #untilTriedAgain({ from }: Range): number {
    const left = from + this.#memory.lookback - this.#stream.now();
    return Math.min(SKIPPED_FOR, Math.max(SKIPPED_AT_LEAST, Math.floor(left / 2)));
  }

  /** What was answered without covering any of it would be answered alike if it were asked again at once. */
  async skip(claim: Range): Promise<void> {
    await this.#leaveAlone(claim, 'Meraki answered a stretch of time without covering any of it');
  }

  async #leaveAlone(claim: Range, why: string, during = SKIPPED_FOR): Promise<void> {
    const { key } = this.#stream;
    const now = this.#stream.now();
    const until = now + during;
    const { skipped = [] } = this.#memory.learned;
    const still = skipped.filter((stretch) => stretch.until > now);
    await this.#memory.learn({ ...this.#memory.learned, skipped: withStretch(still, { ...claim, until }) });
    this.#log.warn(
      { ...key, from: formatInstant(claim.from), to: formatInstant(claim.to) },
      `${why}; it stays a gap and is asked again after ${formatInstant(until)}`,
    );
  }

  /** @throws `error` itself when Meraki does not answer for the newest hour either */
  async askNewest(error: UnreachableError): Promise<Effort> {
    const now = this.#stream.now();
    try {
      return await this.#stream.probe({ from: now - SHORTEST_WINDOW, to: now }, this.#signal);
    } catch {
      throw error;
    }
  }

  async #giveUp(window: OpenWindow, error: Setback): Promise<void> {
    this.#log.info(
      { ...this.#stream.key, pages: window.pages, code: error.code },
      'the next page cannot be had; going on from what is covered',
    );
    // In a log that is known to be sorted, what the pages before have finished stays; else it counts as a whole.
    if (window.proven !== null && window.proven === window.order) return;
    const wholeSpan = Math.ceil((window.asked.to - window.asked.from) / 2);
    await this.#memory.learn({ ...this.#memory.learned, wholeSpan });
  }

  async #learnLimits(window: OpenWindow): Promise<Effort> {
    const situation = await this.#memory.situation();
    const { learned } = this.#memory;
    const lesson = await learnFromRefusal(this.#stream, window, situation, learned, this.#signal);
    if (lesson.learned === null) return lesson.effort;
    const losses = await this.#memory.learn(lesson.learned);
    const { lookback, span } = lesson.learned;
    this.#log.warn(
      { ...this.#stream.key, lookback: spoken(lookback), span: spoken(span) },
      `Meraki keeps less, or answers less at once, than expected for ${describeStream(this.#stream.key)}; going on within what it accepts`,
    );
    tellLosses(this.#log, losses);
    return lesson.effort;
  }
}

function spoken(microseconds: number | undefined): string | undefined {
  return microseconds === undefined ? undefined : formatDuration(Math.floor(microseconds / SECOND));
}

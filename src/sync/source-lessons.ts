import { formatDuration } from '../duration.ts';
import { type PagingError, UnreachableError, WindowRefusedError } from '../errors.ts';
import { formatInstant, MICROSECONDS_PER_SECOND as SECOND } from '../instant.ts';
import type { Log } from '../log.ts';
import type { Range } from '../ranges.ts';
import { describeStream, type Lane } from '../stream-key.ts';
import { type Lesson, learnFromRefusal, newestAsWideAs } from './learn-limits.ts';
import { ALL_TIME, isOfAllTime, type LearnedLimits, withStretch } from './limits.ts';
import { tellLosses } from './lost-time.ts';
import type { OpenWindow } from './open-window.ts';
import type { Situation } from './plan.ts';
import type { Stream } from './stream.ts';
import type { StreamMemory } from './stream-memory.ts';

/** Why a window cannot be read on. */
export type Setback = WindowRefusedError | PagingError | UnreachableError;

const NEWEST = 3_600 * SECOND;
/** A window that is no longer is left alone in place of being cut in halves. */
const SHORTEST_CUT = 2 * 3_600 * SECOND;
const SHORTENED_FOR = 86_400 * SECOND;
const SKIPPED_FOR = 86_400 * SECOND;
const SKIPPED_AT_LEAST = 600 * SECOND;

interface LessonOptions {
  readonly stream: Stream;
  readonly lane: Lane;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What a window that could not be read teaches about the source, so that the next one is planned better. */
export class SourceLessons {
  readonly #stream: Stream;
  readonly #lane: Lane;
  readonly #memory: StreamMemory;
  readonly #log: Log;
  readonly #signal: AbortSignal;

  constructor({ stream, lane, log, signal }: LessonOptions, memory: StreamMemory) {
    this.#stream = stream;
    this.#lane = lane;
    this.#memory = memory;
    this.#log = log;
    this.#signal = signal;
  }

  /**
   * Remembers the lesson.
   *
   * @throws the setback itself when Meraki does not answer at all: that is no matter of the window
   */
  async learn(window: OpenWindow, error: Setback): Promise<void> {
    if (error instanceof UnreachableError) return await this.#learnWidth(window, error);
    if (window.pageToken === null) return await this.#learnLimits(window, error);
    await this.#giveUp(window, error);
  }

  /** A width is too much for Meraki only where it is at another time as well: else one bad moment would make all windows short. */
  async #learnWidth(window: OpenWindow, error: UnreachableError): Promise<void> {
    await this.askNewest(error, this.#signal);
    const newest = newestAsWideAs(window.asked, this.#stream.now());
    const isForAll = newest.from >= window.asked.to && !(await this.#answers(newest));
    await this.#shorten(window, error, isForAll ? ALL_TIME : window.claim);
  }

  async #answers(asked: Range): Promise<boolean> {
    try {
      await this.#stream.probe(asked, this.#signal);
      return true;
    } catch (error) {
      if (error instanceof UnreachableError || error instanceof WindowRefusedError) return false;
      throw error;
    }
  }

  /** One moment that Meraki cannot answer for must not hold up all that comes after it: it is found by halves. */
  async #shorten({ claim }: OpenWindow, error: Setback, during: Range): Promise<void> {
    const { shortened = [], ...learned } = this.#memory.learned;
    const { now, grid } = await this.#memory.situation();
    const width = claim.to - claim.from;
    if (width > Math.max(SHORTEST_CUT, grid)) {
      const half = { ...during, until: now + SHORTENED_FOR, span: Math.floor(width / 2) };
      await this.#memory.learn({ ...learned, shortened: [...shortened, half] });
      return;
    }
    // It was not for their length that windows failed here. What comes after this one may be no better for a while.
    const others = shortened.filter((one) => isOfAllTime(one) || one.to <= claim.from || claim.to < one.to);
    await this.#memory.learn({ ...learned, shortened: others });
    const why = `Meraki cannot answer for a stretch of time (${error.message})`;
    await this.#leaveAlone(claim, why, this.#untilTriedAgain(claim));
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
  async askNewest(error: UnreachableError, signal: AbortSignal): Promise<void> {
    const now = this.#stream.now();
    try {
      await this.#stream.probe({ from: now - NEWEST, to: now }, signal);
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

  async #lessonOf(window: OpenWindow, situation: Situation, learned: LearnedLimits): Promise<Lesson> {
    try {
      return await learnFromRefusal(this.#stream, window, situation, learned, this.#signal);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      // What was probed may hold a stretch that Meraki cannot answer for. Where it answers at all, history must go on.
      await this.askNewest(error, this.#signal);
      return 'stretch';
    }
  }

  async #learnLimits(window: OpenWindow, error: Setback): Promise<void> {
    const situation = await this.#memory.situation();
    const { learned } = this.#memory;
    const lesson = await this.#lessonOf(window, situation, learned);
    if (lesson === 'passed') return;
    if (lesson === 'stretch') {
      // The newest edge cannot be put off: it is asked for again when the job is.
      if (this.#lane === 'live') throw error;
      return await this.#shorten(window, error, window.claim);
    }
    const losses = await this.#memory.learn(lesson);
    const { lookback, span } = lesson;
    this.#log.warn(
      { ...this.#stream.key, lookback: spoken(lookback), span: spoken(span) },
      `Meraki keeps less, or answers less at once, than expected for ${describeStream(this.#stream.key)}; going on within what it accepts`,
    );
    tellLosses(this.#log, losses);
  }
}

function spoken(microseconds: number | undefined): string | undefined {
  return microseconds === undefined ? undefined : formatDuration(Math.floor(microseconds / SECOND));
}

/*
 * The address of a page is known as soon as the page before it is here, so pages are asked for while those before
 * them are being committed. What has come of a window is taken in order and all at once, and may wait a moment until there
 * are a few: a transaction costs nearly as much for one page as for four.
 *
 * One window has one request under way at most, since its page tokens follow one another. Several windows are read side
 * by side, and share the places for pages, so that they hold no more memory together than one alone.
 */
import { EventEmitter, once } from 'node:events';
import type { Clock } from '../clock.ts';
import type { LearnedLimits } from './limits.ts';
import type { OpenWindow } from './open-window.ts';
import type { Reading } from './stream.ts';

/** A page that was read, and the window as it was asked with. */
export interface PageRead {
  readonly window: OpenWindow;
  readonly reading: Reading;
  /** What was known of the source when it was asked for. */
  readonly knowing: LearnedLimits;
  /** Whether its window is better planned anew, shorter. */
  readonly isTooLong: boolean;
}

/** With the milliseconds that it took, waiting for a place included, and how many of them were spent waiting for one. */
export interface PageCome extends PageRead {
  readonly tookMs: number;
  readonly heldUpMs: number;
}

/** At least one page of one window, in order. */
export type PagesRead = readonly [PageCome, ...PageCome[]];

/** Reads the next page of a window. */
export type AskPage = (window: OpenWindow, signal: AbortSignal) => Promise<PageRead>;

/** What comes of a window: pages, or the page that could not be read, none after it being asked for. */
export type Taken<W> =
  | { readonly of: W; readonly pages: PagesRead }
  | { readonly of: W; readonly window: OpenWindow; readonly error: unknown };

/** Pages of all windows that are under way, wait, or are being committed; as many may be read twice after a crash. */
const MOST_PAGES = 8;
/** Pages of one window that wait to be committed: no transaction is larger. */
const MOST_WAITING = 4;

interface Ahead<W> {
  readonly of: W;
  readonly ask: AskPage;
  readonly aborting: AbortController;
  ready: PageCome[];
  /** When the first of `ready` came, counted in answers. */
  since: number;
  /** The same by the clock. */
  sinceMs: number;
  failed: { readonly since: number; readonly window: OpenWindow; readonly error: unknown } | undefined;
  isReading: boolean;
  /** Whether its next page waits for a place. */
  isHeldUp: boolean;
}

/** Reads the pages of windows, a few ahead of whoever takes them. `W` is what a window is known by. */
export class PagesAhead<W> {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  readonly #patienceMs: number;
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #windows = new Map<W, Ahead<W>>();
  /** Pages that have a place. */
  #pages = 0;
  #come = 0;
  #stopped = false;

  /** @param patienceMs for how long a page may wait for those after it, to be taken with them */
  constructor(clock: Pick<Clock, 'now' | 'sleep'>, patienceMs = 0) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** Begins to read a window, or goes on with one that ended with a page that taught something. */
  open(of: W, window: OpenWindow, ask: AskPage): void {
    this.close(of);
    const aborting = new AbortController();
    const ahead = {
      of,
      ask,
      aborting,
      ready: [],
      since: 0,
      sinceMs: 0,
      failed: undefined,
      isReading: true,
      isHeldUp: false,
    };
    this.#windows.set(of, ahead);
    void this.#readAll(ahead, window);
  }

  /**
   * What is there of the window that has waited longest, be it pages or a failure; `undefined` once nothing is there and
   * nothing will come.
   */
  async take(): Promise<Taken<W> | undefined> {
    for (;;) {
      const windows = [...this.#windows.values()];
      const due = windows.filter((window) => this.#isDue(window));
      const [waiting] = due.sort((a, b) => waitsSince(a) - waitsSince(b));
      const [first, ...others] = waiting?.ready ?? [];
      if (waiting !== undefined && first !== undefined) {
        waiting.ready = [];
        this.#changed();
        return { of: waiting.of, pages: [first, ...others] };
      }
      if (waiting?.failed !== undefined) {
        const { window, error } = waiting.failed;
        return { of: waiting.of, window, error };
      }
      if (!windows.some(({ isReading }) => isReading)) return undefined;
      await this.#changes(windows.filter(({ ready }) => ready.length > 0));
    }
  }

  /** Waits for something to happen, or until the first of windows that have pages has been patient enough. */
  async #changes(patient: readonly Ahead<W>[]): Promise<void> {
    const changed = once(this.#events, 'changed');
    if (patient.length === 0) {
      await changed;
      return;
    }
    const until = Math.min(...patient.map(({ sinceMs }) => sinceMs)) + this.#patienceMs;
    const waiting = new AbortController();
    const slept = this.#clock.sleep(until - this.#clock.now(), waiting.signal).catch(() => undefined);
    await Promise.race([changed, slept]);
    waiting.abort();
  }

  /** Gives the places of pages that were taken to others. */
  letGo(pages: PagesRead): void {
    this.#pages -= pages.length;
    this.#changed();
  }

  /** Forgets a window, and whatever is under way for it. */
  close(of: W): void {
    const ahead = this.#windows.get(of);
    if (ahead === undefined) return;
    this.#windows.delete(of);
    this.#pages -= ahead.ready.length;
    ahead.aborting.abort(new Error('what was asked for is not needed any more'));
    this.#changed();
  }

  /** Whether a page of a window is there to be taken. */
  hasPages(of: W): boolean {
    return (this.#windows.get(of)?.ready.length ?? 0) > 0;
  }

  /** Asks for no further page. Those that are being read are still to be taken. */
  stop(): void {
    this.#stopped = true;
    this.#changed();
  }

  async #readAll(ahead: Ahead<W>, first: OpenWindow): Promise<void> {
    let next: OpenWindow | null = first;
    while (next !== null) {
      const began = this.#clock.now();
      if (!(await this.#hasPlace(ahead))) break;
      next = await this.#readOne(ahead, next, began);
    }
    ahead.isReading = false;
    this.#changed();
  }

  /** Waits for a place. @returns whether the page is still wanted */
  async #hasPlace(ahead: Ahead<W>): Promise<boolean> {
    for (;;) {
      if (this.#stopped || !this.#isOpen(ahead)) return false;
      if (this.#pages < MOST_PAGES && ahead.ready.length < MOST_WAITING) break;
      if (!ahead.isHeldUp) {
        ahead.isHeldUp = true;
        this.#changed();
      }
      await once(this.#events, 'changed');
    }
    ahead.isHeldUp = false;
    this.#pages += 1;
    return true;
  }

  /** @returns the window to go on with */
  async #readOne(ahead: Ahead<W>, window: OpenWindow, began: number): Promise<OpenWindow | null> {
    const heldUpMs = this.#clock.now() - began;
    try {
      const page = await ahead.ask(window, ahead.aborting.signal);
      if (this.#isOpen(ahead)) {
        if (ahead.ready.length === 0) {
          ahead.since = this.#comeNext();
          ahead.sinceMs = this.#clock.now();
        }
        ahead.ready.push({ ...page, heldUpMs, tookMs: this.#clock.now() - began });
        this.#changed();
        return mayGoOn(page) ? page.reading.window : null;
      }
    } catch (error) {
      ahead.failed = { since: this.#comeNext(), window, error };
    }
    this.#pages -= 1;
    this.#changed();
    return null;
  }

  /** Whether what has come of a window is to be taken now. */
  #isDue({ ready, sinceMs, isReading, failed }: Ahead<W>): boolean {
    if (failed !== undefined) return true;
    if (ready.length === 0) return false;
    if (this.#stopped || !isReading || ready.length >= MOST_WAITING) return true;
    const waitedMs = this.#clock.now() - sinceMs;
    // A clock that was set back says nothing of how long it has been.
    if (waitedMs >= this.#patienceMs || waitedMs < 0) return true;
    // Those that wait for a place get none before something is taken, and a failure may end all that comes after it.
    return [...this.#windows.values()].some(
      (other) => other.failed !== undefined || (other.isReading && other.isHeldUp),
    );
  }

  #comeNext(): number {
    this.#come += 1;
    return this.#come;
  }

  #isOpen(ahead: Ahead<W>): boolean {
    return this.#windows.get(ahead.of) === ahead;
  }

  #changed(): void {
    this.#events.emit('changed');
  }
}

/** Pages go before the failure that came after them. */
function waitsSince({ ready, since, failed }: Ahead<unknown>): number {
  return ready.length > 0 || failed === undefined ? since : failed.since;
}

/** What a page taught has to be remembered before the next one is asked for. */
function mayGoOn({ reading: { learned, anew }, isTooLong }: PageRead): boolean {
  return learned === null && !anew && !isTooLong;
}

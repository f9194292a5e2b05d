/*
 * The address of a page is known as soon as the page before it is here, so pages are asked for while those before
 * them are being committed. What has come is taken in order and all at once: a slow database gets larger
 * transactions, a slow source smaller ones.
 */
import { EventEmitter, once } from 'node:events';
import type { OpenWindow } from './open-window.ts';
import type { Reading } from './stream.ts';

/** A page that was read, and the window as it was asked with. */
export interface PageRead {
  readonly window: OpenWindow;
  readonly reading: Reading;
}

/** At least one page, in order. */
export type PagesRead = readonly [PageRead, ...PageRead[]];

/** The page that could not be read; none after it was asked for. */
export interface PageFailed {
  readonly window: OpenWindow;
  readonly error: unknown;
}

/** Pages that wait to be committed; as many may be read twice after a crash. */
const MOST_AHEAD = 4;

/** Reads the pages of one window, a few ahead of whoever takes them. */
export class PagesAhead {
  readonly #ask: (window: OpenWindow) => Promise<Reading>;
  readonly #events = new EventEmitter();
  #ready: PageRead[] = [];
  #failed: PageFailed | undefined;
  #ended = false;
  #stopped = false;

  /** @param ask reads the next page of a window */
  constructor(window: OpenWindow, ask: (window: OpenWindow) => Promise<Reading>) {
    this.#ask = ask;
    void this.#readAll(window);
  }

  /**
   * The pages that are here, at least one; what ended the reading once those before it were taken; `undefined` at
   * the end of the window.
   */
  async take(): Promise<PagesRead | PageFailed | undefined> {
    while (this.#ready.length === 0 && !this.#ended) await once(this.#events, 'read');
    const [first, ...others] = this.#ready;
    if (first === undefined) return this.#failed;
    this.#ready = [];
    this.#events.emit('taken');
    return [first, ...others];
  }

  /** Asks for no further page. One that is being read is still to be taken. */
  stop(): void {
    this.#stopped = true;
    this.#events.emit('taken');
  }

  async #readAll(first: OpenWindow): Promise<void> {
    let next: OpenWindow | null = first;
    while (next !== null && !this.#stopped) {
      const window: OpenWindow = next;
      try {
        const reading = await this.#ask(window);
        this.#ready.push({ window, reading });
        next = mayGoOn(reading) ? reading.window : null;
      } catch (error) {
        this.#failed = { window, error };
        break;
      }
      this.#events.emit('read');
      while (this.#ready.length >= MOST_AHEAD && !this.#stopped) await once(this.#events, 'taken');
    }
    this.#ended = true;
    this.#events.emit('read');
  }
}

/** What a page taught has to be remembered before the next one is asked for. */
function mayGoOn({ learned, anew }: Reading): boolean {
  return learned === null && !anew;
}

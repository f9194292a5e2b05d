import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import { PagesAhead, type PagesRead } from '../../../src/sync/pages-ahead.ts';
import type { Reading } from '../../../src/sync/stream.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ASKED = { from: 0, to: 1_000 };
export const FIRST = openWindow(ASKED, ASKED, 2_000);

/** A log of so many pages, of which each is answered when it is told to. */
export class ScriptedLog {
  readonly asked: number[] = [];
  unneeded: AbortSignal | undefined;
  readonly #answers = new Map<number, PromiseWithResolvers<Answered>>();
  readonly #pages: number;

  constructor(pages: number) {
    this.#pages = pages;
  }

  ask = async (window: OpenWindow, unneeded: AbortSignal) => {
    this.asked.push(window.pages);
    this.unneeded = unneeded;
    return { window, knowing: {}, ...(await this.#answer(window.pages).promise) };
  };

  /** Answers, and lets what follows from it happen. */
  async answer(page: number, more: Partial<Reading> = {}, isTooLong = false): Promise<void> {
    const window = page + 1 < this.#pages ? { ...FIRST, pages: page + 1, pageToken: `${page + 1}` } : null;
    const reading = { window, learned: null, anew: false, ...more } as Reading;
    this.#answer(page).resolve({ reading, isTooLong });
    await settled();
  }

  async fail(page: number, error: Error): Promise<void> {
    this.#answer(page).reject(error);
    await settled();
  }

  #answer(page: number): PromiseWithResolvers<Answered> {
    const known = this.#answers.get(page) ?? withResolvers<Answered>();
    this.#answers.set(page, known);
    return known;
  }
}

interface Answered {
  readonly reading: Reading;
  readonly isTooLong: boolean;
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function readingOf(log: ScriptedLog, clock = new ManualClock()): PagesAhead<string> {
  const pages = new PagesAhead<string>(clock);
  pages.open('a', FIRST, log.ask);
  return pages;
}

interface Pages {
  readonly of: string;
  readonly pages: PagesRead;
}

export async function take(pages: PagesAhead<string>): Promise<Pages> {
  const taken = await pages.take();
  if (taken === undefined || 'error' in taken) throw new Error('no pages');
  return taken;
}

/** Takes pages and lets go of them, as after their commit. */
export async function pagesOf(pages: PagesAhead<string>): Promise<readonly number[]> {
  const taken = await take(pages);
  pages.letGo(taken.pages);
  return taken.pages.map(({ window }) => window.pages);
}

import { describe, expect, test } from 'vitest';
import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import { PagesAhead, type PagesRead } from '../../../src/sync/pages-ahead.ts';
import type { Reading } from '../../../src/sync/stream.ts';

const ASKED = { from: 0, to: 1_000 };
const FIRST = openWindow(ASKED, ASKED, 2_000);

/** A log of so many pages, of which each is answered when it is told to. */
class ScriptedLog {
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

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Time that goes on when it is told to. */
class Stopwatch {
  milliseconds = 0;
  now = (): number => this.milliseconds;
}

function readingOf(log: ScriptedLog, time = new Stopwatch()): PagesAhead<string> {
  const pages = new PagesAhead<string>(time.now);
  pages.open('a', FIRST, log.ask);
  return pages;
}

interface Pages {
  readonly of: string;
  readonly pages: PagesRead;
}

async function take(pages: PagesAhead<string>): Promise<Pages> {
  const taken = await pages.take();
  if (taken === undefined || 'error' in taken) throw new Error('no pages');
  return taken;
}

/** Takes pages and lets go of them, as after their commit. */
async function pagesOf(pages: PagesAhead<string>): Promise<readonly number[]> {
  const taken = await take(pages);
  pages.letGo(taken.pages);
  return taken.pages.map(({ window }) => window.pages);
}

describe('pages of a window', () => {
  test('are asked for one after the other, while those before wait', async () => {
    const log = new ScriptedLog(3);
    const pages = readingOf(log);
    await settled();
    expect(log.asked).toEqual([0]);
    await log.answer(0);
    await log.answer(1);
    expect(log.asked).toEqual([0, 1, 2]);
    expect(await pagesOf(pages)).toEqual([0, 1]);
    await log.answer(2);
    expect(await pagesOf(pages)).toEqual([2]);
    expect(await pages.take()).toBeUndefined();
  });

  test('are taken as soon as one is here', async () => {
    const log = new ScriptedLog(2);
    const taken = pagesOf(readingOf(log));
    await log.answer(0);
    expect(await taken).toEqual([0]);
  });

  test('are not asked for while four of them wait', async () => {
    const log = new ScriptedLog(20);
    const pages = readingOf(log);
    for (let page = 0; page < 12; page += 1) await log.answer(page);
    expect(log.asked).toEqual([0, 1, 2, 3]);
    expect(await pagesOf(pages)).toHaveLength(4);
    await settled();
    expect(log.asked).toHaveLength(8);
  });

  test('that were read are taken before what ended the reading is told', async () => {
    const log = new ScriptedLog(5);
    const pages = readingOf(log);
    await log.answer(0);
    await log.fail(1, new Error('gone'));
    expect(await pagesOf(pages)).toEqual([0]);
    expect(await pages.take()).toMatchObject({ of: 'a', window: { pages: 1 }, error: { message: 'gone' } });
    expect(log.asked).toEqual([0, 1]);
  });

  test.each([
    { what: 'taught something', more: { learned: {} }, isTooLong: false },
    { what: 'has to be planned anew', more: { anew: true }, isTooLong: false },
    { what: 'shows that its window is too long', more: {}, isTooLong: true },
  ])('none is asked for after one that $what, until that is told', async ({ more, isTooLong }) => {
    const log = new ScriptedLog(5);
    const pages = readingOf(log);
    await log.answer(0, more, isTooLong);
    expect(await pagesOf(pages)).toEqual([0]);
    expect(await pages.take()).toBeUndefined();
    expect(log.asked).toEqual([0]);
    pages.open('a', { ...FIRST, pages: 1 }, log.ask);
    await settled();
    expect(log.asked).toEqual([0, 1]);
  });

  test('after a stop, only the one that was asked for is still to be taken', async () => {
    const log = new ScriptedLog(5);
    const pages = readingOf(log);
    await log.answer(0);
    pages.stop();
    await log.answer(1);
    expect(await pagesOf(pages)).toEqual([0, 1]);
    expect(await pages.take()).toBeUndefined();
    expect(log.asked).toEqual([0, 1]);
  });
});

describe('several windows', () => {
  test('have a request under way each, and are taken in the order in which their pages came', async () => {
    const [a, b] = [new ScriptedLog(5), new ScriptedLog(5)];
    const pages = readingOf(a);
    pages.open('b', FIRST, b.ask);
    await settled();
    expect([a.asked, b.asked]).toEqual([[0], [0]]);
    await b.answer(0);
    await a.answer(0);
    await b.answer(1);
    expect((await take(pages)).of).toBe('b');
    expect((await take(pages)).of).toBe('a');
  });

  test('hold no more than eight pages together, those included that are being committed', async () => {
    const logs = ['a', 'b', 'c'].map(() => new ScriptedLog(20));
    const pages = new PagesAhead<number>(() => 0);
    for (const [index, log] of logs.entries()) pages.open(index, FIRST, log.ask);
    for (let page = 0; page < 8; page += 1) for (const log of logs) await log.answer(page);
    const asked = () => logs.reduce((sum, log) => sum + log.asked.length, 0);
    expect(asked()).toBe(8);
    const taken = await pages.take();
    if (taken === undefined || 'error' in taken) throw new Error('no pages');
    await settled();
    expect(asked()).toBe(8);
    pages.letGo(taken.pages);
    await settled();
    expect(asked()).toBe(8 + taken.pages.length);
  });

  test('go on when one of them fails or is closed, which frees its places and ends its request', async () => {
    const [a, b, c] = [new ScriptedLog(5), new ScriptedLog(5), new ScriptedLog(5)];
    const pages = readingOf(a);
    pages.open('b', FIRST, b.ask);
    pages.open('c', FIRST, c.ask);
    await settled();
    await a.fail(0, new Error('gone'));
    expect(await pages.take()).toMatchObject({ of: 'a', error: { message: 'gone' } });
    pages.close('a');
    pages.close('b');
    expect(b.unneeded?.aborted).toBe(true);
    expect(c.unneeded?.aborted).toBe(false);
    await b.answer(0);
    for (let page = 0; page < 5; page += 1) {
      await c.answer(page);
      expect(await take(pages)).toMatchObject({ of: 'c' });
    }
    expect(await pages.take()).toBeUndefined();
  });
});

test('a page tells what it took, and how much of that it waited for others to be committed', async () => {
  const [log, time] = [new ScriptedLog(6), new Stopwatch()];
  const pages = readingOf(log, time);
  await settled();
  time.milliseconds = 30;
  for (let page = 0; page < 4; page += 1) await log.answer(page);
  time.milliseconds = 100;
  const { pages: first } = await take(pages);
  expect(first[0]).toMatchObject({ tookMs: 30, heldUpMs: 0 });
  await settled();
  time.milliseconds = 120;
  await log.answer(4);
  expect((await take(pages)).pages[0]).toMatchObject({ tookMs: 90, heldUpMs: 70 });
});

import { describe, expect, test } from 'vitest';
import { type OpenWindow, openWindow } from '../../../src/sync/open-window.ts';
import { PagesAhead } from '../../../src/sync/pages-ahead.ts';
import type { Reading } from '../../../src/sync/stream.ts';

const ASKED = { from: 0, to: 1_000 };
const FIRST = openWindow(ASKED, ASKED, 2_000);

/** A log of so many pages, of which each is answered when it is told to. */
class ScriptedLog {
  readonly asked: number[] = [];
  readonly #answers = new Map<number, PromiseWithResolvers<Reading>>();
  readonly #pages: number;

  constructor(pages: number) {
    this.#pages = pages;
  }

  ask = (window: OpenWindow): Promise<Reading> => {
    this.asked.push(window.pages);
    return this.#answer(window.pages).promise;
  };

  /** Answers, and lets what follows from it happen. */
  async answer(page: number, more: Partial<Reading> = {}): Promise<void> {
    const window = page + 1 < this.#pages ? { ...FIRST, pages: page + 1, pageToken: `${page + 1}` } : null;
    this.#answer(page).resolve({ window, learned: null, anew: false, ...more } as Reading);
    await settled();
  }

  async fail(page: number, error: Error): Promise<void> {
    this.#answer(page).reject(error);
    await settled();
  }

  #answer(page: number): PromiseWithResolvers<Reading> {
    const known = this.#answers.get(page) ?? withResolvers<Reading>();
    this.#answers.set(page, known);
    return known;
  }
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

async function pagesOf(taken: ReturnType<PagesAhead['take']>): Promise<readonly number[]> {
  const pages = await taken;
  if (pages === undefined || 'error' in pages) throw new Error('no pages');
  return pages.map(({ window }) => window.pages);
}

describe('pages of a window', () => {
  test('are asked for one after the other, while those before wait', async () => {
    const log = new ScriptedLog(3);
    const pages = new PagesAhead(FIRST, log.ask);
    expect(log.asked).toEqual([0]);
    await log.answer(0);
    await log.answer(1);
    expect(log.asked).toEqual([0, 1, 2]);
    expect(await pagesOf(pages.take())).toEqual([0, 1]);
    await log.answer(2);
    expect(await pagesOf(pages.take())).toEqual([2]);
    expect(await pages.take()).toBeUndefined();
  });

  test('are taken as soon as one is here', async () => {
    const log = new ScriptedLog(2);
    const pages = new PagesAhead(FIRST, log.ask);
    const taken = pagesOf(pages.take());
    await log.answer(0);
    expect(await taken).toEqual([0]);
  });

  test('are not asked for while four of them wait', async () => {
    const log = new ScriptedLog(20);
    const pages = new PagesAhead(FIRST, log.ask);
    for (let page = 0; page < 12; page += 1) await log.answer(page);
    expect(log.asked).toEqual([0, 1, 2, 3]);
    expect(await pagesOf(pages.take())).toHaveLength(4);
    await settled();
    expect(log.asked).toHaveLength(8);
  });

  test('that were read are taken before what ended the reading is told', async () => {
    const log = new ScriptedLog(5);
    const pages = new PagesAhead(FIRST, log.ask);
    await log.answer(0);
    await log.fail(1, new Error('gone'));
    expect(await pagesOf(pages.take())).toEqual([0]);
    expect(await pages.take()).toMatchObject({ window: { pages: 1 }, error: { message: 'gone' } });
    expect(log.asked).toEqual([0, 1]);
  });

  test.each([
    { what: 'taught something', more: { learned: {} } },
    { what: 'has to be planned anew', more: { anew: true } },
  ])('none is asked for after one that $what', async ({ more }) => {
    const log = new ScriptedLog(5);
    const pages = new PagesAhead(FIRST, log.ask);
    await log.answer(0, more);
    expect(await pagesOf(pages.take())).toEqual([0]);
    expect(await pages.take()).toBeUndefined();
    expect(log.asked).toEqual([0]);
  });

  test('after a stop, only the one that was asked for is still to be taken', async () => {
    const log = new ScriptedLog(5);
    const pages = new PagesAhead(FIRST, log.ask);
    await log.answer(0);
    pages.stop();
    await log.answer(1);
    expect(await pagesOf(pages.take())).toEqual([0, 1]);
    expect(await pages.take()).toBeUndefined();
    expect(log.asked).toEqual([0, 1]);
  });
});

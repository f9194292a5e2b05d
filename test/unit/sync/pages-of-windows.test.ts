/* Pages ahead of their commit, of several windows at once; and what each of them took. */
import { describe, expect, test } from 'vitest';
import { PagesAhead } from '../../../src/sync/pages-ahead.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { FIRST, readingOf, ScriptedLog, settled, take } from './scripted-log.ts';

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

  test('fail in their turn: after what came before that, and before what comes later', async () => {
    const [a, b, c] = [new ScriptedLog(9), new ScriptedLog(9), new ScriptedLog(9)];
    const pages = readingOf(a);
    pages.open('b', FIRST, b.ask);
    pages.open('c', FIRST, c.ask);
    await settled();
    await a.answer(0);
    await b.answer(0);
    await b.fail(1, new Error('gone'));
    await c.answer(0);
    expect(await take(pages)).toMatchObject({ of: 'a' });
    await a.answer(1);
    expect(await take(pages)).toMatchObject({ of: 'b' });
    expect(await pages.take()).toMatchObject({ of: 'b', error: { message: 'gone' } });
    pages.close('b');
    expect(await take(pages)).toMatchObject({ of: 'c' });
    expect(await take(pages)).toMatchObject({ of: 'a' });
  });

  test('hold no more than eight pages together, those included that are being committed', async () => {
    const logs = ['a', 'b', 'c'].map(() => new ScriptedLog(20));
    const pages = new PagesAhead<number>(new ManualClock());
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
  const [log, clock] = [new ScriptedLog(6), new ManualClock()];
  const pages = readingOf(log, clock);
  await settled();
  await clock.advance(30);
  for (let page = 0; page < 4; page += 1) await log.answer(page);
  await clock.advance(70);
  const { pages: first } = await take(pages);
  expect(first[0]).toMatchObject({ tookMs: 30, heldUpMs: 0 });
  await settled();
  await clock.advance(20);
  await log.answer(4);
  expect((await take(pages)).pages[0]).toMatchObject({ tookMs: 90, heldUpMs: 70 });
});

import { describe, expect, test } from 'vitest';
import { PagesAhead } from '../../../src/sync/pages-ahead.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { FIRST, pagesOf, readingOf, ScriptedLog, settled } from './scripted-log.ts';

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

  describe('that may wait a moment', () => {
    const patiently = (log: ScriptedLog, clock = new ManualClock()) => {
      const pages = new PagesAhead<string>(clock, 250);
      pages.open('a', FIRST, log.ask);
      return pages;
    };

    test('are taken four at a time', async () => {
      const log = new ScriptedLog(6);
      const pages = patiently(log);
      const taken = pagesOf(pages);
      for (let page = 0; page < 3; page += 1) await log.answer(page);
      expect(await Promise.race([taken, settled()])).toBeUndefined();
      await log.answer(3);
      expect(await taken).toEqual([0, 1, 2, 3]);
    });

    test('wait no longer than that, counted from the first', async () => {
      const [log, clock] = [new ScriptedLog(6), new ManualClock()];
      const taken = pagesOf(patiently(log, clock));
      await log.answer(0);
      await clock.advance(200);
      await log.answer(1);
      await clock.advance(49);
      expect(await Promise.race([taken, settled()])).toBeUndefined();
      await clock.advance(1);
      expect(await taken).toEqual([0, 1]);
    });

    test('wait no longer once the clock was set back', async () => {
      const [log, clock] = [new ScriptedLog(6), new ManualClock({ auto: true })];
      let behind = 0;
      const steps = { now: () => clock.now() - behind, sleep: clock.sleep.bind(clock) };
      for (const patience of [0, 250]) {
        const pages = new PagesAhead<string>(steps, patience);
        pages.open('a', FIRST, log.ask);
        await log.answer(0);
        behind += 3_600_000;
        expect(await pagesOf(pages)).toEqual([0]);
        pages.close('a');
      }
    });

    test.each([
      { when: 'the log ends', andThen: (log: ScriptedLog) => log.answer(1), taken: [0, 1] },
      {
        when: 'the next one cannot be read',
        andThen: (log: ScriptedLog) => log.fail(1, new Error('gone')),
        taken: [0],
      },
      {
        when: 'no more shall be read',
        andThen: async (_: ScriptedLog, pages: PagesAhead<string>) => pages.stop(),
        taken: [0],
      },
    ])('wait no longer once $when', async ({ andThen, taken }) => {
      const log = new ScriptedLog(2);
      const pages = patiently(log);
      const waiting = pagesOf(pages);
      await log.answer(0);
      expect(await Promise.race([waiting, settled()])).toBeUndefined();
      await andThen(log, pages);
      expect(await waiting).toEqual(taken);
    });

    test('wait no longer once a window waits for a place', async () => {
      const logs = [0, 1, 2, 3].map(() => new ScriptedLog(9));
      const pages = new PagesAhead<number>(new ManualClock(), 250);
      for (const [index, log] of logs.entries()) pages.open(index, FIRST, log.ask);
      const taken = pages.take();
      for (const log of logs) await log.answer(0);
      expect(await Promise.race([taken, settled()])).toBeUndefined();
      await logs[1]?.answer(1);
      expect(await taken).toMatchObject({ of: 0, pages: [{}] });
    });
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

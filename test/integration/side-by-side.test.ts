/*
 * Several windows of one backfill that are read side by side, against a log whose answers can be held back: what is
 * under way at the same moment, what a worker that takes over finds, and what a window that fails leaves of the others.
 */
import { expect, test } from 'vitest';
import { instantOfMilliseconds } from '../../src/instant.ts';
import {
  byStart,
  checkpoint,
  DAY,
  EVERY,
  expectWhole,
  firstOf,
  holdLogForEachTest,
  isLater,
  log,
  owned,
  PER_PAGE,
  read,
  startsOf,
  storedMoments,
} from '../support/held-log.ts';

holdLogForEachTest();

test('I1 I2: pages of six windows are under way at once, and all is stored once', async () => {
  log.holds = isLater;
  const running = read('backfill');
  const held = await log.until((pages) => pages.length === 1);
  expect(startsOf(held).size).toBe(1);
  log.letGo();
  log.holds = isLater;
  const together = await log.until((pages) => startsOf(pages).size === 6);
  expect(together).toHaveLength(6);
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  await expectWhole();
});

test('I3 I4: whoever takes over goes on with every open window, and commits no page again', async () => {
  log.holds = ({ from, at }) => at > from + 2 * PER_PAGE * EVERY;
  const killed = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  // What came before those that are held back is committed then.
  await expect.poll(async () => byStart((await checkpoint()).windows)).toEqual(byStart(held));
  const { windows } = await checkpoint();
  const before = log.asked.length;
  log.holds = () => false;
  expect(await read('backfill', {}, 40_000)).toMatchObject({ outcome: 'complete', remaining: [] });
  const again = log.asked.slice(before);
  expect(firstOf(again, windows)).toEqual(windows);
  expect(new Set(again.map((page) => JSON.stringify(page))).size).toBe(again.length);
  log.letGo();
  expect(await killed).toMatchObject({ outcome: 'superseded' });
  await expectWhole();
});

test('what was asked for side by side counts, also where the run fails before it comes or is committed', async () => {
  log.holds = ({ from, at }) => at > from + PER_PAGE * EVERY;
  const running = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  const forbidden = held[2];
  log.forbids = ({ from }) => from === forbidden?.from;
  log.letGo((page) => page.from === forbidden?.from);
  await expect(running).rejects.toThrow('403');
  const { rows } = await owned.database.pool.query(
    'select outcome, requests::integer from meraki_ingest.sync_runs',
  );
  expect(rows).toEqual([{ outcome: 'failed', requests: log.asked.length }]);
});

test('a stop ends every window after the pages at hand, and the next run begins with them', async () => {
  const stopping = { now: false };
  log.holds = ({ from, at }) => at > from + PER_PAGE * EVERY;
  const running = read('backfill', { pauseNow: () => stopping.now });
  await log.until((pages) => startsOf(pages).size === 6);
  stopping.now = true;
  const before = log.asked.length;
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'paused' });
  expect(log.asked.length - before).toBeLessThanOrEqual(6);
  const { windows } = await checkpoint();
  expect(windows).toHaveLength(6);
  const next = log.asked.length;
  expect(await read('backfill')).toMatchObject({ outcome: 'complete' });
  expect(firstOf(log.asked.slice(next), windows)).toEqual(windows);
});

test('live is read to its end while every request of history waits for its answer', async () => {
  log.holds = ({ from }) => from < instantOfMilliseconds(Date.now()) - DAY;
  const running = read('backfill');
  await log.until((pages) => pages.length === 1);
  log.letGo();
  log.holds = (page) => isLater(page) && page.from < instantOfMilliseconds(Date.now()) - DAY;
  await log.until((pages) => startsOf(pages).size === 6);
  expect(await read('live')).toMatchObject({ outcome: 'complete' });
  expect((await storedMoments()).length).toBeGreaterThan(0);
  log.letGo();
  await running;
});

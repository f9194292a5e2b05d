/* Of windows that are read side by side one is given up and planned anew: what becomes of it and of the others. */
import { expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { type Instant, instantOfMilliseconds } from '../../src/instant.ts';
import { containsInstant } from '../../src/ranges.ts';
import {
  checkpoint,
  DAY,
  EVERY,
  expectWhole,
  HOUR,
  holdLogForEachTest,
  isLater,
  KEY,
  log,
  owned,
  type Page,
  PER_PAGE,
  read,
  startsOf,
} from '../support/held-log.ts';

holdLogForEachTest();

test('I3: a window that cannot be read on is planned anew, and the others go on where they are', async () => {
  log.holds = ({ from, at }) => at > from + PER_PAGE * EVERY;
  const running = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  const broken = held[2];
  log.refuses = (page) => page.from === broken?.from && page.to === broken.to && isLater(page);
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  for (const { from, to } of held.filter((page) => page.from !== broken?.from)) {
    const pages = log.asked.filter((page) => page.from === from && page.to === to).map(({ at }) => at);
    expect(new Set(pages).size).toBe(pages.length);
  }
  await expectWhole();
});

test('I2: what a window claimed by an order that is not believed any more is taken back when it is given up', async () => {
  await read('live');
  const { pool } = owned.database;
  const known = { order: 'ascending', learnedAt: instantOfMilliseconds(Date.now()) };
  await pool.query('update meraki_ingest.streams set limits = $1', [known]);
  log.holds = ({ from, at }) => at > from + 2 * PER_PAGE * EVERY;
  const running = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  const given = held[2];
  const isClaimed = async () =>
    containsInstant(
      (await readCoverage(owned.database.query, KEY)).get(0)?.final ?? [],
      (given?.from ?? 0) + EVERY,
    );
  await expect.poll(isClaimed).toBe(true);
  const others = new Set(held.slice(1).map(({ from, to }) => `${from} ${to}`));
  const isOfOthers = ({ from, to }: Page) => others.has(`${from} ${to}`);
  log.reverses = (page) => !isOfOthers(page);
  log.letGo((page) => !isOfOthers(page));
  const orders = async () => {
    const { rows } = await pool.query(`select limits ->> 'order' as order from meraki_ingest.streams`);
    return rows;
  };
  await expect.poll(orders).not.toEqual([{ order: 'ascending' }]);
  log.refuses = (page) => page.from === given?.from && page.to === given.to && isLater(page);
  log.letGo((page) => page.from === given?.from && page.to === given.to);
  // Read again, it would be claimed again, before anybody has looked.
  log.holds = isLater;
  await expect.poll(isClaimed).toBe(false);
  log.reverses = () => false;
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  await expectWhole();
});

test('a window that is planned anew gives its place back, also while it is asked whether Meraki answers at all', async () => {
  const isNewest = ({ from }: Page) => from > instantOfMilliseconds(Date.now()) - 2 * HOUR;
  const isFirst = ({ from }: Page) => from === log.asked[0]?.from;
  log.holds = (page) => isNewest(page) || isLater(page);
  log.fails = (page) => !isNewest(page) && !isFirst(page);
  const running = read('backfill');
  await log.until((pages) => pages.some(isNewest) && pages.some(isFirst));
  log.fails = () => false;
  log.refuses = (page) => isFirst(page) && isLater(page);
  log.letGo((page) => !isNewest(page));
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  await expect.poll(() => log.isHeld(isNewest)).toBe(false);
});

test('I3: what a window claimed by an order that was forgotten meanwhile stays when it is given up', async () => {
  await read('live');
  const { pool } = owned.database;
  const know = (learnedAt: Instant) =>
    pool.query('update meraki_ingest.streams set limits = $1', [{ order: 'ascending', learnedAt }]);
  await know(instantOfMilliseconds(Date.now()));
  const stopping = { now: false };
  log.holds = ({ from, at }) => at > from + 2 * PER_PAGE * EVERY;
  const running = read('backfill', { pauseNow: () => stopping.now });
  await log.until((pages) => startsOf(pages).size === 6);
  stopping.now = true;
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'paused' });
  const { windows } = await checkpoint();
  const given = windows[2];
  await know(instantOfMilliseconds(Date.now()) - 8 * DAY);
  const isOfGiven = (page: Page) => page.from === given?.from && page.to === given.to;
  log.refuses = isOfGiven;
  log.holds = (page) => !isOfGiven(page);
  const next = read('backfill');
  await expect.poll(async () => (await checkpoint()).windows.length).toBe(windows.length - 1);
  const { final = [] } = (await readCoverage(owned.database.query, KEY)).get(0) ?? {};
  expect(containsInstant(final, (given?.from ?? 0) + EVERY)).toBe(true);
  log.refuses = () => false;
  log.letGo();
  expect(await next).toMatchObject({ outcome: 'complete', remaining: [] });
  await expectWhole();
});

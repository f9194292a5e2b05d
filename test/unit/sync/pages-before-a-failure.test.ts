import { expect, test } from 'vitest';
import { openWindow } from '../../../src/sync/open-window.ts';
import { type PageRead, PagesAhead } from '../../../src/sync/pages-ahead.ts';
import type { Reading } from '../../../src/sync/stream.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ASKED = { from: 0, to: 1_000 };
const FIRST = openWindow(ASKED, ASKED, 2_000);

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('I3 a failure waits for pages of other windows that came before it, however patient they are', async () => {
  const second = { ...FIRST, pages: 1, pageToken: '1' };
  const page: PageRead = {
    window: FIRST,
    knowing: {},
    isTooLong: false,
    reading: { window: second, learned: null, anew: false } as Reading,
  };
  let fail: (error: Error) => void = () => undefined;
  const failing = new Promise<PageRead>((_resolve, reject) => {
    fail = reject;
  });
  const pages = new PagesAhead<string>(new ManualClock(), 250);
  pages.open('a', FIRST, async (window) => (window === FIRST ? page : new Promise(() => undefined)));
  pages.open('b', FIRST, () => failing);
  const taken = pages.take();
  await settled();
  expect(await Promise.race([taken, settled()])).toBeUndefined();
  fail(new Error('the run is over'));
  expect(await taken).toMatchObject({ of: 'a', pages: [{}] });
  expect(await pages.take()).toMatchObject({ of: 'b', error: { message: 'the run is over' } });
});

import { expect, test } from 'vitest';
import { boundReading } from '../../../src/sync/bound-reading.ts';
import { openWindow, takePage } from '../../../src/sync/open-window.ts';
import type { Reading } from '../../../src/sync/stream.ts';

const MINUTE = 60_000_000;
const limits = { lookback: 10_000 * MINUTE, settle: 15 * MINUTE };
const REACH = 2 * MINUTE;

/** One page of the log, newest rows first, answered at `answeredAt`. */
function page(
  window: ReturnType<typeof openWindow>,
  sentAt: number,
  token: string | undefined,
  answeredAt: number,
) {
  const taken = takePage(window, [{ sentAt, identity: String(sentAt) }], token, REACH);
  const claims = [{ intervalSeconds: 0, final: taken.finished, provisional: [] }];
  const reading = { window: taken.window, claims, answeredAt } as unknown as Reading;
  return boundReading(window, reading, limits);
}

test('I2: what was sent between two pages is not claimed, though the window ends ahead of the source', () => {
  const planned = { from: 5_000 * MINUTE, to: 5_200 * MINUTE };
  const window = openWindow(planned, planned, 5_185 * MINUTE);
  const first = page(window, 5_090 * MINUTE, 'next', 5_100 * MINUTE);
  if (first.window === null) throw new Error('the first page is the last');
  const last = page(first.window, 5_010 * MINUTE, undefined, 5_130 * MINUTE);
  expect(last.claims).toMatchObject([
    {
      final: [{ from: 5_000 * MINUTE, to: 5_085 * MINUTE }],
      provisional: [{ from: 5_085 * MINUTE, to: 5_100 * MINUTE }],
    },
  ]);
});

test('a window that lies wholly ahead of the source claims nothing', () => {
  const planned = { from: 5_000 * MINUTE, to: 5_200 * MINUTE };
  const first = page(openWindow(planned, planned, 5_185 * MINUTE), 4_000 * MINUTE, 'next', 4_500 * MINUTE);
  if (first.window === null) throw new Error('the first page is the last');
  expect(first.window.claim).toEqual({ from: 5_000 * MINUTE, to: 5_000 * MINUTE });
  expect(page(first.window, 4_000 * MINUTE, undefined, 5_100 * MINUTE).claims).toMatchObject([
    { final: [], provisional: [] },
  ]);
});

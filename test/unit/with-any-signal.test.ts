import { expect, test } from 'vitest';
import { withAnySignal } from '../../src/with-any-signal.ts';
import { heldBy } from '../support/held-by-signal.ts';

const controllers = () => [new AbortController(), new AbortController()] as const;

test('what hangs on a signal is counted', () => {
  const { signal } = new AbortController();
  expect(heldBy(signal)).toBe(0);
  signal.addEventListener('abort', () => undefined);
  expect(heldBy(signal)).toBe(1);
  // Newer versions of Node tie a signal to what it is made of once somebody listens.
  AbortSignal.any([signal]).addEventListener('abort', () => undefined);
  expect(heldBy(signal)).toBe(2);
});

test.each([0, 1] as const)('ends work with the reason of signal %i', async (index) => {
  const both = controllers();
  const reason = new Error('enough');
  const ended = withAnySignal(
    both.map(({ signal }) => signal),
    async (any) => {
      expect(any.aborted).toBe(false);
      both[index].abort(reason);
      both[1 - index]?.abort(new Error('too late'));
      any.throwIfAborted();
    },
  );
  await expect(ended).rejects.toBe(reason);
  expect(both.map(({ signal }) => heldBy(signal))).toEqual([0, 0]);
});

test('tells work at once what was over before it began', async () => {
  const [{ signal }, over] = controllers();
  const reason = new Error('enough');
  over.abort(reason);
  const told = await withAnySignal([signal, over.signal], async (any) => any.reason as unknown);
  expect(told).toBe(reason);
});

test('leaves nothing on signals, whatever becomes of the work', async () => {
  const signals = controllers().map(({ signal }) => signal);
  expect(await withAnySignal(signals, async () => signals.map(heldBy))).toEqual([1, 1]);
  const failed = withAnySignal(signals, async () => {
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  expect(signals.map(heldBy)).toEqual([0, 0]);
});

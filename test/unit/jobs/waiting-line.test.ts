import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { WaitingLines } from '../../../src/jobs/waiting-line.ts';

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open: () => open() };
}

test('one at a time, first come first served, and other lines do not wait', async () => {
  const lines = new WaitingLines();
  const first = gate();
  const done: string[] = [];
  const all = [
    lines.run('a', undefined, async () => {
      await first.passed;
      done.push('first');
    }),
    lines.run('a', undefined, async () => void done.push('second')),
    lines.run('a', undefined, async () => void done.push('third')),
    lines.run('b', undefined, async () => void done.push('other')),
  ];
  await turn();
  expect(done).toEqual(['other']);
  first.open();
  await Promise.all(all);
  expect(done).toEqual(['other', 'first', 'second', 'third']);
});

test('who gives up leaves, and nobody gets past whoever was before', async () => {
  const lines = new WaitingLines();
  const first = gate();
  const leaving = new AbortController();
  const done: string[] = [];
  const all = [
    lines.run('a', undefined, async () => {
      await first.passed;
      done.push('first');
    }),
    lines.run('a', leaving.signal, async () => void done.push('second')),
    lines.run('a', undefined, async () => void done.push('third')),
  ];
  leaving.abort(new Error('enough'));
  await expect(all[1]).rejects.toThrow('enough');
  await turn();
  expect(done).toEqual([]);
  first.open();
  await Promise.all([all[0], all[2]]);
  expect(done).toEqual(['first', 'third']);
});

test('work that fails lets the next one through', async () => {
  const lines = new WaitingLines();
  const failing = lines.run('a', undefined, () => Promise.reject(new Error('broken')));
  const next = lines.run('a', undefined, async () => 'next');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('next');
});

test('who comes with an aborted signal does nothing', async () => {
  const lines = new WaitingLines();
  await expect(lines.run('a', AbortSignal.abort(new Error('late')), async () => 1)).rejects.toThrow('late');
});

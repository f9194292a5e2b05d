import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BackfillTurn } from '../../../src/jobs/backfill-turn.ts';
import { BACKFILL_SLICE_MS } from '../../../src/jobs/jobs.ts';
import { OnceAtATime } from '../../../src/jobs/once-at-a-time.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function startTurn(...waiting: readonly (boolean | Error)[]) {
  const clock = new ManualClock();
  const answers = [...waiting];
  const seen = { looks: 0, slices: 0 };
  const turn = new BackfillTurn({
    clock,
    othersWait: async () => {
      seen.looks += 1;
      const answer = answers.shift() ?? false;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onSlice: () => {
      seen.slices += 1;
    },
  });
  const later = async (milliseconds: number): Promise<boolean> => {
    await clock.advance(milliseconds);
    turn.isOver();
    await turnOfLoop();
    return turn.isOver();
  };
  return { turn, later, seen };
}

test('a turn goes on from slice to slice while nobody waits, and ends with the slice once somebody does', async () => {
  const { later, seen } = startTurn(false, false, true);
  expect(await later(BACKFILL_SLICE_MS - 1)).toBe(false);
  expect(seen).toEqual({ looks: 0, slices: 0 });
  expect(await later(1)).toBe(false);
  expect(await later(BACKFILL_SLICE_MS - 1)).toBe(false);
  expect(seen).toEqual({ looks: 1, slices: 1 });
  expect(await later(1)).toBe(false);
  expect(await later(BACKFILL_SLICE_MS)).toBe(true);
  expect(await later(BACKFILL_SLICE_MS)).toBe(true);
  expect(seen).toEqual({ looks: 3, slices: 2 });
});

test('a clock that was set back by a year does not make a slice of it', async () => {
  const { later, seen } = startTurn(true);
  expect(await later(-365 * 86_400_000)).toBe(true);
  expect(seen.looks).toBe(1);
});

test('a turn ends when nobody can be asked', async () => {
  const { later } = startTurn(new Error('the queue is gone'));
  expect(await later(BACKFILL_SLICE_MS)).toBe(true);
});

test('work beside is under way once at most, and is ended and waited for', async () => {
  const seen = { begun: 0, ended: 0 };
  const beside = new OnceAtATime(async (ending) => {
    seen.begun += 1;
    while (!ending.aborted) await turnOfLoop();
    seen.ended += 1;
  });
  beside.begin();
  beside.begin();
  await beside.end();
  expect(seen).toEqual({ begun: 1, ended: 1 });
});

test('work beside begins again after it has ended', async () => {
  let begun = 0;
  const beside = new OnceAtATime(async () => {
    begun += 1;
  });
  beside.begin();
  await turnOfLoop();
  beside.begin();
  expect(begun).toBe(2);
  await beside.end();
});

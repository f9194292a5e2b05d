import { expect, test } from 'vitest';
import type { BudgetStore } from '../../../src/jobs/budget-store.ts';
import { insuredBudgetStore } from '../../../src/jobs/insured-budget-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const YEAR_MS = 365 * 86_400_000;

test('a store that failed is asked again after seconds, and at once where the clock was set back', async () => {
  const clock = new ManualClock();
  let asked = 0;
  const gone: BudgetStore = {
    read: async () => {
      asked += 1;
      throw new Error('gone');
    },
    exchange: async () => false,
  };
  const store = insuredBudgetStore(gone, clock, () => undefined);
  await store.read(['a']);
  await store.read(['a']);
  expect(asked).toBe(1);
  await clock.advance(5_000);
  await store.read(['a']);
  expect(asked).toBe(2);
  await clock.advance(-YEAR_MS);
  await store.read(['a']);
  expect(asked).toBe(3);
});

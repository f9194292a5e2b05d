/* What a store of request budgets promises, in Redis, in Postgres and in memory. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type BudgetStore, memoryBudgetStore } from '../../src/jobs/budget-store.ts';
import { describeStores, stores } from '../support/budget-stores.ts';

describeStores(() => {
  test('the store gives its own time', async () => {
    const [store] = stores.raw;
    const { now } = await store.read(['x']);
    expect(Number.isInteger(now)).toBe(true);
    expect(now).toBeGreaterThan(Date.UTC(2020, 0, 1));
    expect((await store.read(['x'])).now).toBeGreaterThanOrEqual(now);
  });

  test('an exchange writes all or nothing, and of two that saw the same only one', async () => {
    const [first, second] = stores.raw;
    expect((await first.read(['a', 'b'])).kept).toEqual(['', '']);
    const change = (after: string) => [
      { key: 'b', before: '', after },
      { key: 'a', before: '', after },
    ];
    expect(await first.exchange(change('1'))).toBe(true);
    expect(await second.exchange(change('2'))).toBe(false);
    expect(
      await second.exchange([
        { key: 'a', before: '1', after: '3' },
        { key: 'b', before: 'other', after: '3' },
      ]),
    ).toBe(false);
    expect((await second.read(['b', 'a'])).kept).toEqual(['1', '1']);
  });

  test('counters of many at once miss none: what one reads, another has not changed', async () => {
    const count = async (store: BudgetStore, keys: readonly string[]): Promise<void> => {
      for (;;) {
        const { kept } = await store.read(keys);
        const changes = keys.map((key, index) => {
          const before = kept[index] ?? '';
          return { key, before, after: String(Number(before) + 1) };
        });
        if (await store.exchange(changes)) return;
        await turn();
      }
    };
    const one = async (number: number): Promise<void> => {
      const store = stores.raw[number % 2 === 0 ? 0 : 1];
      const own = number % 3 === 0 ? 'x' : 'y';
      for (let turns = 0; turns < 10; turns += 1) {
        await count(store, number % 4 === 0 ? [own, 'all'] : ['all', own]);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, number) => one(number)));
    const { kept } = await stores.raw[0].read(['all', 'x', 'y']);
    expect(kept).toEqual(['60', '20', '40']);
  });
});

test('in memory, for one process', async () => {
  const store = memoryBudgetStore(() => 5);
  expect(await store.read(['a'])).toEqual({ now: 5, kept: [''] });
  expect(await store.exchange([{ key: 'a', before: '', after: '1' }])).toBe(true);
  expect(await store.exchange([{ key: 'a', before: '', after: '2' }])).toBe(false);
  expect((await store.read(['a'])).kept).toEqual(['1']);
});

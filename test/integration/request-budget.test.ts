import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { type RequestBudgetOptions, requestBudget } from '../../src/jobs/request-budget.ts';
import type { RequestPace } from '../../src/meraki/request-pace.ts';
import type { Lane } from '../../src/stream-key.ts';
import { recordStatements } from '../statements/record-statements.ts';
import { describeStores, type Stores, stores, useStores } from '../support/budget-stores.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function worker(number: 0 | 1, options: Partial<RequestBudgetOptions> = {}): RequestPace {
  return requestBudget({
    store: stores.budgets[number],
    requestsPerSecond: 10,
    requestsPerSecondPerAddress: 80,
    sourceAddress: 'shared',
    clock,
    log: testLog,
    storeNow: () => clock.now(),
    ...options,
  });
}

interface Asking {
  /** When each request was let through, in milliseconds since the asking began. */
  readonly passed: number[];
  stop(): void;
}

/** Asks without end: as soon as one request is let through, the next one waits. */
function ask(pace: RequestPace, organizationId: string | undefined, lane: Lane): Asking {
  const began = clock.now();
  const stopping = new AbortController();
  const passed: number[] = [];
  const loop = async (): Promise<void> => {
    for (;;) {
      await pace.take(organizationId, lane, stopping.signal);
      passed.push(clock.now() - began);
    }
  };
  loop().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return { passed, stop: () => stopping.abort(new Error('enough')) };
}

/** Moves the clock in small steps, and waits after each until everybody who asks sleeps again. */
async function pass(milliseconds: number, askers: number): Promise<void> {
  const end = clock.now() + milliseconds;
  await clock.untilSleeping(askers);
  while (clock.now() < end) {
    await clock.advance(Math.min(10, end - clock.now()));
    await clock.untilSleeping(askers);
  }
}

const within = (asking: Asking, from: number, to: number): number =>
  asking.passed.filter((at) => at >= from && at < to).length;

describeStores(() => {
  test('two workers share the budget of an organization', async () => {
    const both = [ask(worker(0), '1', 'live'), ask(worker(1), '1', 'live')];
    await pass(3_000, 2);
    for (const asking of both) asking.stop();
    const together = both.flatMap(({ passed }) => passed).sort((a, b) => a - b);
    expect(together.filter((at) => at === 0)).toHaveLength(5);
    expect(together.filter((at) => at > 0)).toHaveLength(30);
  });

  test('another organization has a budget of its own', async () => {
    const both = [ask(worker(0), '1', 'live'), ask(worker(1), '2', 'live')];
    await pass(1_000, 2);
    for (const asking of both) asking.stop();
    expect(both.map(({ passed }) => passed.length)).toEqual([15, 15]);
  });

  test('all organizations share the budget of the address, and another address has its own', async () => {
    const terms = { requestsPerSecondPerAddress: 4 };
    const here = [
      ask(worker(0, terms), '1', 'live'),
      ask(worker(1, terms), '2', 'live'),
      ask(worker(1, terms), undefined, 'live'),
    ];
    const elsewhere = ask(worker(1, { ...terms, sourceAddress: 'elsewhere' }), '3', 'live');
    await pass(5_000, 4);
    for (const asking of [...here, elsewhere]) asking.stop();
    expect(here.flatMap(({ passed }) => passed)).toHaveLength(2 + 20);
    expect(elsewhere.passed).toHaveLength(2 + 20);
  });

  test('live gets through at once while backfill takes all it can', async () => {
    const backfill = [ask(worker(0), '1', 'backfill'), ask(worker(1), '1', 'backfill')];
    await pass(2_000, 2);
    const taken = backfill.flatMap(({ passed }) => passed).length;
    expect(taken).toBe(3 + 20);
    expect(await worker(1).take('1', 'live')).toBe(0);
    expect(await worker(0).take('1', 'live')).toBe(0);
    await pass(1_000, 2);
    for (const asking of backfill) asking.stop();
    expect(backfill.flatMap(({ passed }) => passed).length - taken).toBe(8);
  });

  test('Retry-After stops all workers of the organization, both lanes, and no other organization', async () => {
    const askings = [
      ask(worker(0), '1', 'live'),
      ask(worker(1), '1', 'backfill'),
      ask(worker(1), '2', 'live'),
    ];
    await pass(1_000, 3);
    await worker(0).pause('1', 5_000);
    await pass(5_000, 3);
    expect(within(askings[0] as Asking, 1_001, 6_000)).toBe(0);
    expect(within(askings[1] as Asking, 1_001, 6_000)).toBe(0);
    expect(within(askings[2] as Asking, 1_001, 6_000)).toBeGreaterThanOrEqual(49);
    await pass(1_000, 3);
    for (const asking of askings) asking.stop();
    expect(within(askings[0] as Asking, 6_000, 7_001)).toBeGreaterThan(0);
  });

  test('a 429 without Retry-After stops both lanes for a second at most, however often it comes', async () => {
    const live = ask(worker(1), '1', 'live');
    await pass(1_000, 1);
    for (let refused = 0; refused < 5; refused += 1) await worker(0).pause('1', undefined);
    await pass(1_200, 1);
    live.stop();
    expect(within(live, 1_001, 2_000)).toBe(0);
    expect(within(live, 2_000, 2_201)).toBeGreaterThan(0);
  });

  test('after a 429 all workers together are slower, and creep back', async () => {
    const both = [ask(worker(0), '1', 'live'), ask(worker(1), '1', 'live')];
    await pass(500, 2);
    await worker(0).pause('1', 0);
    await pass(40_000, 2);
    for (const asking of both) asking.stop();
    const count = (from: number, to: number) =>
      both.reduce((sum, asking) => sum + within(asking, from, to), 0);
    expect(count(1_000, 6_000)).toBeGreaterThanOrEqual(34);
    expect(count(1_000, 6_000)).toBeLessThanOrEqual(39);
    expect(count(15_000, 20_000)).toBeGreaterThan(count(1_000, 6_000));
    expect(count(35_000, 40_000)).toBeGreaterThanOrEqual(49);
  });

  test('while the store is gone each worker counts for itself', async () => {
    const [first, second] = [worker(0), worker(1)];
    await stores.cut();
    const both = [ask(first, '1', 'live'), ask(second, '1', 'live')];
    await pass(2_000, 2);
    for (const asking of both) asking.stop();
    expect(both.map(({ passed }) => passed.length)).toEqual([25, 25]);
  });

  test('who stops waiting takes nothing', async () => {
    const pace = worker(0);
    const first = ask(pace, '1', 'live');
    await pass(100, 1);
    const leaving = new AbortController();
    const waiting = pace.take('1', 'live', leaving.signal);
    leaving.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
    await pass(1_000, 1);
    first.stop();
    expect(first.passed).toHaveLength(5 + 11);
  });

  test('no stretch of time sees more than the pace and the burst, whoever asks when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uuid(),
        fc.array(
          fc.record({
            afterMs: fc.integer({ min: 0, max: 400 }),
            worker: fc.constantFrom(0 as const, 1 as const),
            lane: fc.constantFrom<Lane>('live', 'backfill'),
            refused: fc.option(fc.integer({ min: 0, max: 500 }), { freq: 10 }),
          }),
          { minLength: 10, maxLength: 60 },
        ),
        async (organizationId, steps) => {
          const auto = new ManualClock({ auto: true });
          const storeNow = () => auto.now();
          const paces = [worker(0, { clock: auto, storeNow }), worker(1, { clock: auto, storeNow })] as const;
          const passed: number[] = [];
          for (const { afterMs, worker: number, lane, refused } of steps) {
            await auto.sleep(afterMs);
            if (refused !== null) await paces[number].pause(organizationId, refused);
            await paces[number].take(organizationId, lane);
            passed.push(auto.now());
          }
          for (const [first, from] of passed.entries()) {
            for (const [last, to] of passed.entries()) {
              if (last < first) continue;
              expect(last - first + 1).toBeLessThanOrEqual(((to - from) / 1_000) * 10 + 5 + 1e-6);
            }
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

test('requests of one process that come at once ask the store once each', async () => {
  const { name, database } = await createTestDatabase();
  useStores({ budgets: [{ postgres: database.pool }, { postgres: database.pool }] } as unknown as Stores);
  const pace = worker(0);
  await pace.take('1', 'backfill');
  const recording = recordStatements(name);
  try {
    await Promise.all(['1', '2', '3', '4'].map((id) => pace.take(id, 'backfill')));
  } finally {
    recording.stop();
  }
  expect(recording.issued.filter(({ text }) => text.includes('for update'))).toHaveLength(4);
});

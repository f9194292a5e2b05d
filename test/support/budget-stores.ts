import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { openDatabase } from '../../src/db/database.ts';
import type { BudgetStore } from '../../src/jobs/budget-store.ts';
import { postgresBudgetStore } from '../../src/jobs/postgres-budget-store.ts';
import { redisBudgetStore } from '../../src/jobs/redis-budget-store.ts';
import type { RequestBudgetOptions } from '../../src/jobs/request-budget.ts';
import { createTestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';
import { describeWithRedis, flushTestRedis, testRedisUrl } from './test-redis.ts';

/** Two workers' connections to one store. */
export interface Stores {
  readonly budgets: readonly [RequestBudgetOptions['store'], RequestBudgetOptions['store']];
  readonly raw: readonly [BudgetStore, BudgetStore];
  /** Breaks the connection of the second worker. */
  cut(): Promise<void>;
}

export let stores: Stores;

/** For tests that bring connections of their own. */
export function useStores(given: Stores): void {
  stores = given;
}

/** Runs the tests on each kind of store, with {@link stores} made anew for each of them. */
export function describeStores(tests: () => void): void {
  describeWithRedis('in Redis', () => {
    let connections: readonly [Redis, Redis];

    beforeEach(async () => {
      await flushTestRedis();
      const url = await testRedisUrl();
      connections = [
        new Redis(url, { maxRetriesPerRequest: null }),
        new Redis(url, { maxRetriesPerRequest: null }),
      ];
      for (const redis of connections) redis.on('error', () => undefined);
      await Promise.all(connections.map((redis) => redis.ping()));
      stores = {
        budgets: [{ redis: connections[0] }, { redis: connections[1] }],
        raw: [redisBudgetStore(connections[0]), redisBudgetStore(connections[1])],
        cut: async () => connections[1].disconnect(),
      };
      return () => {
        for (const redis of connections) redis.disconnect();
      };
    });

    tests();
  });

  describe('in Postgres', () => {
    let pools: readonly ReturnType<typeof openDatabase>[] = [];

    beforeAll(async () => {
      const { url } = await createTestDatabase();
      pools = [openDatabase(url, testLog, 8), openDatabase(url, testLog, 8)];
    });

    beforeEach(async () => {
      const [first, second] = pools.map(({ pool }) => pool) as [pg.Pool, pg.Pool];
      await first.query('delete from meraki_ingest.request_budgets');
      const closed = new pg.Pool({ host: '127.0.0.1', port: 1 });
      let isCut = false;
      stores = {
        budgets: [
          { postgres: first },
          // What a pool says whose server is gone, without taking the server from the first one.
          {
            postgres: {
              query: (query: pg.QueryConfig) => (isCut ? closed : second).query(query),
            } as unknown as pg.Pool,
          },
        ],
        raw: [postgresBudgetStore(first), postgresBudgetStore(second)],
        cut: async () => {
          isCut = true;
        },
      };
      return () => closed.end();
    });

    afterAll(() => Promise.all(pools.map((database) => database.close())));

    tests();
  });
}

import type { Redis } from 'ioredis';
import type pg from 'pg';
import {
  type RateLimiterAbstract,
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRedis,
  RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Clock } from '../clock.ts';
import type { RequestPace } from '../meraki/request-pace.ts';

export interface RequestBudgetOptions {
  /** Where all workers count together: the queue's store. */
  readonly store: { readonly redis: Redis } | { readonly postgres: pg.Pool };
  /** Requests a second for each organization. */
  readonly requestsPerSecond: number;
  readonly clock: Clock;
  /** A number from 0 up to but not including 1. */
  readonly random?: () => number;
}

const SPREAD_MS = 150;

/**
 * A request budget for each organization, shared by every worker through the queue's store. While the store
 * cannot be reached, each worker counts for itself.
 */
export function requestBudget(options: RequestBudgetOptions): RequestPace {
  const limiter = limiterFor(options);
  const { clock, random = Math.random } = options;
  return {
    async take(organizationId, signal) {
      let waited = 0;
      for (;;) {
        const wait = await consume(limiter, organizationId);
        if (wait === 0) return waited;
        // Those who waited for the same moment must not all come at once.
        const spread = wait + Math.floor(random() * SPREAD_MS);
        await clock.sleep(spread, signal);
        waited += spread;
      }
    },
    async pause(organizationId, milliseconds) {
      const seconds = Math.ceil(milliseconds / 1_000);
      if (seconds > 0) await limiter.block(organizationId, seconds).catch(() => undefined);
    },
  };
}

async function consume(limiter: RateLimiterAbstract, organizationId: string): Promise<number> {
  try {
    await limiter.consume(organizationId);
    return 0;
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal;
    return Math.max(10, refusal.msBeforeNext);
  }
}

function limiterFor({ store, requestsPerSecond }: RequestBudgetOptions): RateLimiterAbstract {
  const budget = { points: requestsPerSecond, duration: 1, keyPrefix: 'requests' };
  const insuranceLimiter = new RateLimiterMemory(budget);
  if ('redis' in store) {
    return new RateLimiterRedis({ ...budget, storeClient: store.redis, insuranceLimiter });
  }
  return new RateLimiterPostgres({
    ...budget,
    storeClient: store.postgres,
    storeType: 'pool',
    schemaName: 'meraki_ingest',
    tableName: 'request_budgets',
    tableCreated: true,
    clearExpiredByTimeout: false,
    insuranceLimiter,
  });
}

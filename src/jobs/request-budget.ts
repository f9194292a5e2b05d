import type { Redis } from 'ioredis';
import type pg from 'pg';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { RequestPace } from '../meraki/request-pace.ts';
import type { Lane } from '../stream-key.ts';
import type { BudgetStore } from './budget-store.ts';
import { faultLog } from './fault-log.ts';
import { insuredBudgetStore } from './insured-budget-store.ts';
import { postgresBudgetStore } from './postgres-budget-store.ts';
import { redisBudgetStore } from './redis-budget-store.ts';
import {
  addressTerms,
  type Bucket,
  type BucketTerms,
  fullBucket,
  organizationTerms,
  slowedDown,
  takeToken,
} from './token-bucket.ts';
import { WaitingLines } from './waiting-line.ts';

export interface RequestBudgetOptions {
  /** Where all workers count together: the queue's store. */
  readonly store: { readonly redis: Redis } | { readonly postgres: pg.Pool };
  /** Requests a second for each organization. */
  readonly requestsPerSecond: number;
  /** Requests a second of all organizations together. */
  readonly requestsPerSecondPerAddress: number;
  /** Names the address that the requests come from: those with the same name share its budget. */
  readonly sourceAddress: string;
  readonly clock: Clock;
  readonly log: Log;
  /** In place of the store's own time in milliseconds, for tests. */
  readonly storeNow?: () => number;
}

interface Limit {
  readonly of: 'organization' | 'address';
  readonly key: string;
  readonly terms: BucketTerms;
}

type Refusal = Pick<Limit, 'of'> & { readonly waitMs: number };

const bucketShape = z.object({ tokens: z.number(), at: z.number(), share: z.number(), slowedAt: z.number() });

/**
 * A token bucket for each organization and one for the address, shared by every worker through the queue's store. While
 * the store cannot be reached, each worker counts for itself.
 */
export function requestBudget(options: RequestBudgetOptions): RequestPace {
  const { clock, log } = options;
  const onFault = faultLog('the request budget cannot be shared; this process counts for itself', log, clock);
  const store = insuredBudgetStore(sharedStore(options), clock, onFault);
  const address: Limit = {
    of: 'address',
    key: `address ${options.sourceAddress}`,
    terms: addressTerms(options.requestsPerSecondPerAddress),
  };
  const terms = organizationTerms(options.requestsPerSecond);
  const limitOf = (id: string): Limit => ({ of: 'organization', key: `organization ${id}`, terms });
  const lines = new WaitingLines();
  // Two askers of one process would find that the other has changed the address's bucket, and both ask twice.
  const takeEach = (limits: readonly Limit[], lane: Lane, signal?: AbortSignal) =>
    lines.run('store', signal, () => takeAll(store, limits, lane));

  const inTurn = async (limits: readonly Limit[], lane: Lane, signal?: AbortSignal): Promise<void> => {
    for (;;) {
      const refusal = await takeEach(limits, lane, signal);
      if (refusal === undefined) return;
      if (refusal.of === 'organization') await clock.sleep(refusal.waitMs, signal);
      // All organizations wait for the same tokens then: one of them at a time asks the store for its turn.
      else if (await lines.run(`${address.key} ${lane}`, signal, () => ofAddress(limits, lane, signal)))
        return;
    }
  };

  const ofAddress = async (limits: readonly Limit[], lane: Lane, signal?: AbortSignal): Promise<boolean> => {
    for (;;) {
      const refusal = await takeEach(limits, lane, signal);
      if (refusal === undefined) return true;
      if (refusal.of === 'organization') return false;
      await clock.sleep(refusal.waitMs, signal);
    }
  };

  return {
    async take(organizationId, lane, signal) {
      const started = clock.now();
      const limits = organizationId === undefined ? [address] : [limitOf(organizationId), address];
      const line = `${organizationId ?? ''} ${lane}`;
      await lines.run(line, signal, () => inTurn(limits, lane, signal));
      return Math.max(0, clock.now() - started);
    },
    async pause(organizationId, askedMs) {
      const { key, terms } = limitOf(organizationId);
      for (;;) {
        const { now, kept } = await store.read([key]);
        const before = kept[0] ?? '';
        const after = slowedDown(parseBucket(before, terms, now), terms, askedMs, now);
        if (await store.exchange([{ key, before, after: JSON.stringify(after) }])) return;
      }
    },
  };
}

/** Takes one token of each, or none. An exchange that fails has let somebody else through, so this ends. */
async function takeAll(
  store: BudgetStore,
  limits: readonly Limit[],
  lane: Lane,
): Promise<Refusal | undefined> {
  for (;;) {
    const { now, kept } = await store.read(limits.map(({ key }) => key));
    const outcomes = limits.map(({ of, key, terms }, index) => {
      const before = kept[index] ?? '';
      return { of, key, before, ...takeToken(parseBucket(before, terms, now), terms, lane, now) };
    });
    const refusals = outcomes.filter((outcome) => 'waitMs' in outcome);
    const [first] = refusals;
    if (first !== undefined) {
      return { of: first.of, waitMs: Math.max(...refusals.map(({ waitMs }) => waitMs)) };
    }
    const changes = outcomes.flatMap((outcome) =>
      'after' in outcome ? [{ ...outcome, after: JSON.stringify(outcome.after) }] : [],
    );
    if (await store.exchange(changes)) return undefined;
  }
}

/** What another version wrote, or nobody, is a full bucket. */
function parseBucket(text: string, terms: BucketTerms, now: number): Bucket {
  try {
    return bucketShape.parse(JSON.parse(text));
  } catch {
    return fullBucket(terms, now);
  }
}

function sharedStore({ store, storeNow }: RequestBudgetOptions): BudgetStore {
  return 'redis' in store
    ? redisBudgetStore(store.redis, storeNow)
    : postgresBudgetStore(store.postgres, storeNow);
}

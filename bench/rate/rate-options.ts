import { parseArgs } from 'node:util';

export type StoreKind = 'redis' | 'postgres';

/** One archive that is filled from nothing. */
export interface RateCase {
  readonly store: StoreKind;
  readonly workers: number;
  readonly organizations: number;
  /** Pages of webhook logs in 90 days, all organizations together. */
  readonly pages: number;
  readonly perPage: number;
  readonly latencyMs: number;
  readonly requestsPerSecond: number;
  readonly perAddress: number;
  /** Whether the floors hold: with slow answers, the beginning and the end of a short history cannot be as fast. */
  readonly hasFloors: boolean;
}

export interface RateOptions {
  readonly cases: readonly RateCase[];
  readonly help: boolean;
}

export const USAGE = `npm run bench:rate -- [options]

  --pages N         pages of webhook logs that an organization has in 90 days (400)
  --per-page N      rows of a page (1000)
  --stores LIST     redis, postgres: where the queue and the budgets live (both)
  --workers LIST    worker processes (1,2)
  --latency LIST    milliseconds that an answer takes at least; the first one has floors (5,100,300)
  --crowd N         organizations that share the budget of an address; 0: none (3)

BENCH_DATABASE_URL names a server and a user who may make databases there. Without it, the embedded Postgres is
started below ./data/bench. BENCH_REDIS_URL names a database of Redis that may be emptied; without it, redis-server is
started.`;

const RATE = 10;
const ADDRESS = 80;
/** What a crowd shares is less than it could take, and pages are small, so that the machine is not what limits it. */
const CROWDED_ADDRESS = 20;
const CROWDED_PER_PAGE = 100;

/** @throws {RangeError} when an option is not understood */
export function rateOptions(given: readonly string[]): RateOptions {
  const { values } = parseArgs({
    args: [...given],
    options: {
      pages: { type: 'string', default: '400' },
      'per-page': { type: 'string', default: '1000' },
      stores: { type: 'string', default: 'redis,postgres' },
      workers: { type: 'string', default: '1,2' },
      latency: { type: 'string', default: '5,100,300' },
      crowd: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  });
  const stores = values.stores.split(',').map(storeKind);
  const workers = values.workers.split(',').map((text) => wholeNumber('workers', text, 1));
  const [latencyMs = 0, ...slower] = values.latency.split(',').map((text) => wholeNumber('latency', text, 0));
  const crowd = wholeNumber('crowd', values.crowd, 0);
  const one = {
    organizations: 1,
    pages: wholeNumber('pages', values.pages, 1),
    perPage: wholeNumber('per-page', values['per-page'], 3),
    latencyMs,
    requestsPerSecond: RATE,
    perAddress: ADDRESS,
    hasFloors: true,
  };
  const [store = 'redis'] = stores;
  const most = Math.max(...workers);
  const crowded = {
    ...one,
    store,
    workers: most,
    organizations: crowd,
    pages: one.pages * (CROWDED_ADDRESS / RATE),
    perPage: Math.min(CROWDED_PER_PAGE, one.perPage),
    perAddress: CROWDED_ADDRESS,
  };
  return {
    cases: [
      ...stores.flatMap((store) => workers.map((count) => ({ ...one, store, workers: count }))),
      ...(crowd === 0 ? [] : [crowded]),
      ...slower.map((latencyMs) => ({ ...one, store, workers: most, latencyMs, hasFloors: false })),
    ],
    help: values.help,
  };
}

function storeKind(text: string): StoreKind {
  if (text !== 'redis' && text !== 'postgres') throw new RangeError('--stores takes redis and postgres');
  return text;
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new RangeError(`--${name} takes whole numbers from ${least}`);
  }
  return number;
}

import { Redis } from 'ioredis';
import { afterAll, describe, inject, type SuiteFactory } from 'vitest';

const LEASE_MILLISECONDS = 30 * 60_000;
/** In a database of Redis: tests made what is in it, so it may be emptied. */
const OURS = 'historian-test:ours';

const serverUrl = inject('redisUrl');
let url: Promise<string> | undefined;
let release = async (): Promise<void> => undefined;

/** `describe`, but skipped where there is no Redis. */
export function describeWithRedis(name: string, tests: SuiteFactory): void {
  if (serverUrl === null) describe.skip(`${name} (skipped: there is no Redis)`, tests);
  else describe(name, tests);
}

/**
 * Gives the file that asks a database of Redis of its own, empty. Only for suites of {@link describeWithRedis}.
 * Databases with contents of somebody else are left alone, which counts on a server that runs already.
 */
export function testRedisUrl(): Promise<string> {
  url ??= claimDatabase();
  return url;
}

/** Empties the file's database. */
export async function flushTestRedis(): Promise<void> {
  await withRedis(await testRedisUrl(), async (redis) => {
    await redis.flushdb();
    await redis.set(OURS, '1');
  });
}

/** Gives the file's database back when the file ends. For a setup file, as hooks belong to one file. */
export function releaseRedisAfterTests(): void {
  afterAll(async () => {
    const end = release;
    url = undefined;
    release = async () => undefined;
    await end();
  });
}

async function claimDatabase(): Promise<string> {
  if (serverUrl === null) throw new Error('there is no Redis; use describeWithRedis');
  return withRedis(serverUrl, async (redis) => {
    const answer = await redis.config('GET', 'databases').catch(() => []);
    const databases = Number((answer as string[])[1] ?? 16);
    for (let number = 1; number < databases; number += 1) {
      const lease = `historian-test:lease:${number}`;
      await redis.select(0);
      if ((await redis.set(lease, inject('runId'), 'PX', LEASE_MILLISECONDS, 'NX')) === null) continue;
      await redis.select(number);
      if ((await redis.dbsize()) > 0 && (await redis.exists(OURS)) === 0) {
        await redis.select(0);
        await redis.del(lease);
        continue;
      }
      await redis.flushdb();
      await redis.set(OURS, '1');
      const claimed = new URL(serverUrl);
      claimed.pathname = `/${number}`;
      release = () =>
        withRedis(claimed.href, async (own) => {
          await own.flushdb();
          await own.select(0);
          await own.del(lease);
        });
      return claimed.href;
    }
    throw new Error(`all ${databases} databases of the Redis server are taken`);
  });
}

async function withRedis<T>(on: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(on, { maxRetriesPerRequest: 3 });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openQueueStore } from '../../src/jobs/queue-store.ts';
import { emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { describeWithRedis, testRedisUrl } from '../support/test-redis.ts';

/** Redis at another address, where it can be gone without being gone for others. */
async function startWay(url: URL): Promise<{ readonly url: string; cut(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(url.port || 6379), url.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const way = new URL(url);
  way.hostname = '127.0.0.1';
  way.port = String((server.address() as AddressInfo).port);
  return {
    url: way.href,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

describeWithRedis('a queue in Redis', () => {
  test('is closed though Redis is gone and commands wait for it', async () => {
    const { url, database } = await emptyTestDatabase();
    const way = await startWay(new URL(await testRedisUrl()));
    const store = await openQueueStore(way.url, url, database, testLog, systemClock);
    await store.openQueue('live').waitUntilReady();
    if (!('redis' in store.budgetStore)) throw new Error('the queue is not in Redis');
    const { redis } = store.budgetStore;
    const noticed = once(redis, 'reconnecting');
    await way.cut();
    await noticed;
    void redis.ping().catch(() => undefined);
    await expect(store.close()).resolves.toBeUndefined();
  });
});

test('a queue in Postgres lives on when a connection breaks that budgets were asked for on', async () => {
  const { url, database } = await emptyTestDatabase();
  const store = await openQueueStore(undefined, url, database, testLog, systemClock);
  try {
    if (!('postgres' in store.budgetStore)) throw new Error('the queue is not in Postgres');
    const { postgres } = store.budgetStore;
    const { rows } = await postgres.query<{ pid: number }>('select pg_backend_pid() as pid');
    const removed = new Promise((resolve) => postgres.once('remove', resolve));
    await database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await removed;
    expect((await postgres.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await store.close();
  }
});

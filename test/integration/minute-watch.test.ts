import { expect, test } from 'vitest';
import { claimChore } from '../../src/db/chores.ts';
import { missingPartitions, Partitions } from '../../src/db/partitions.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { GapWatch } from '../../src/jobs/gap-watch.ts';
import { MinuteWatch } from '../../src/jobs/minute-watch.ts';
import { NetworkWatch } from '../../src/jobs/network-watch.ts';
import { StoreWatch } from '../../src/jobs/store-watch.ts';
import { hash64 } from '../../src/streams/hash.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { delivery, RollupBench } from '../support/rollup-bench.ts';
import { createTestDatabase, emptyTestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { startClient, startServer } from '../unit/meraki/loopback-server.ts';

const NOW = parseInstant('2026-01-15T12:00:00Z') ?? 0;
const MINUTE_MS = 60_000;
const MINUTE = instantOfSeconds(60);

test('what is done once for all workers is done by one of them at a time', async () => {
  const { database } = await emptyTestDatabase();
  const claim = (now: number, name: 'minute' | 'gaps' = 'minute') =>
    claimChore(database.query, name, now, MINUTE_MS);
  const workers = 8;
  const atOnce = (now: number) => Promise.all(Array.from({ length: workers }, () => claim(now)));
  expect((await atOnce(NOW)).filter(Boolean)).toHaveLength(1);
  expect((await atOnce(NOW + MINUTE - 1)).filter(Boolean)).toHaveLength(0);
  expect((await atOnce(NOW + MINUTE)).filter(Boolean)).toHaveLength(1);
  expect(await claim(NOW, 'gaps')).toBe(true);
});

test('a turn that a wrong clock wrote far ahead keeps nobody from it', async () => {
  const { database } = await emptyTestDatabase();
  expect(await claimChore(database.query, 'minute', NOW + 365 * 86_400_000_000, MINUTE_MS)).toBe(true);
  expect(await claimChore(database.query, 'minute', NOW, MINUTE_MS)).toBe(true);
});

test('a clock that is suddenly a year ahead loses nothing before Meraki was asked what time it is', async () => {
  const { database } = await emptyTestDatabase();
  const key = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;
  const fresh = { wantedFrom: NOW - 60 * MINUTE, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 };
  await rememberStream(database, key, fresh, NOW);
  const clock = new ManualClock({ start: NOW / 1_000 });
  let ahead = 0;
  const meraki = await startServer((_request, response) => {
    const date = new Date(clock.now() - ahead).toUTCString();
    response.writeHead(200, { 'content-type': 'application/json', date }).end('[]');
  });
  const { client } = startClient(meraki.url, { clock });
  const options = { database, partitions: new Partitions(database), client, clock, log: testLog };
  const watch = new MinuteWatch({
    ...options,
    networks: new NetworkWatch({ ...options, hash64 }),
    gaps: new GapWatch({ ...options, warningSeconds: 1 }),
    store: new StoreWatch(options),
    keepUp: async () => undefined,
  });
  const lost = async () => {
    await watch.look(new AbortController().signal);
    const found = await database.pool.query('select lost_from from meraki_ingest.lost_time');
    return found.rows.length;
  };
  await client.get('/organizations', {});
  expect(await lost()).toBe(0);
  ahead = 365 * 1_440 * MINUTE_MS;
  await clock.advance(ahead);
  expect(await lost()).toBe(0);
  await client.get('/organizations', {});
  await clock.advance(10 * MINUTE_MS);
  expect(await lost()).toBe(0);
  // That much time has really passed.
  ahead -= 60 * 1_440 * MINUTE_MS;
  await client.get('/organizations', {});
  await clock.advance(10 * MINUTE_MS);
  expect(await lost()).toBe(1);
});

test('a queue that is gone and a stream that cannot be rolled up keep nothing else from being done', async () => {
  const bench = new RollupBench(await createTestDatabase());
  const { database, partitions } = bench;
  const time = { from: NOW - 60 * MINUTE, to: NOW };
  for (const id of ['1', '2', '3']) {
    await bench.addOrganization(id, 'UTC', time, { ended: true });
    await bench.writeDeliveries(id, [delivery(time.from)]);
  }
  await database.pool.query('alter table meraki_store.webhook_days add check (organization_id <> $$1$$)');
  const clock = new ManualClock({ start: NOW / 1_000 });
  const { client } = startClient('http://127.0.0.1:9', { clock });
  const options = { database, partitions, client, clock, log: testLog };
  const watch = new MinuteWatch({
    ...options,
    networks: new NetworkWatch({ ...options, hash64 }),
    gaps: new GapWatch({ ...options, warningSeconds: 1 }),
    store: new StoreWatch(options),
    keepUp: () => Promise.reject(new Error('the queue is gone')),
  });
  await database.pool.query(`update meraki_store.organizations set state = 'vanished'`);
  await expect(watch.look(new AbortController().signal)).rejects.toThrow('the queue is gone');
  const stale = await bench.rows(
    'select distinct organization_id from meraki_store.rollup_stale where not isempty(stale)',
  );
  expect(stale).toEqual([{ organization_id: '1' }]);
  expect(await bench.rows('select name from meraki_ingest.chores order by 1')).toEqual([
    { name: 'gaps' },
    { name: 'minute' },
  ]);
  await expect.poll(() => missingPartitions(database.query, NOW)).toEqual([]);
});

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { type HeldCheckpoint, LEASE_MS, takeCheckpoint } from '../../src/db/checkpoints.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { keepLease } from '../../src/sync/keep-lease.ts';
import { runLane } from '../../src/sync/run-lane.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { answer, startClient, startServer } from '../unit/meraki/loopback-server.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const START_MS = Date.parse('2026-01-15T12:00:00Z');
const NOW: Instant = parseInstant('2026-01-15T12:00:00Z') ?? 0;

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function take(holder: string, now: Instant): Promise<HeldCheckpoint | { readonly heldUntil: Instant }> {
  return await takeCheckpoint(owned.database, KEY, 'live', holder, now);
}

/** Two leases go by, beat after beat. */
async function letBeat(pass: (milliseconds: number) => void): Promise<void> {
  for (let beat = 1; beat <= 8; beat += 1) {
    pass(LEASE_MS / 4);
    const answered = once(owned.database.pool, 'release');
    vi.advanceTimersByTime(LEASE_MS / 4);
    await answered;
    // The next beat is not left out only once this one is over.
    await new Promise(setImmediate);
  }
}

async function expectHeld(now: Instant): Promise<void> {
  const refused = await take('b', now);
  // Half of it or more is left: one that has just been prolonged is left alone.
  expect('heldUntil' in refused && refused.heldUntil).toBeGreaterThanOrEqual(
    now + instantOfMilliseconds(LEASE_MS / 2),
  );
}

test('a lease is prolonged again and again while its holder waits, until that is ended', async () => {
  const held = await take('a', NOW);
  if ('heldUntil' in held) throw new Error('nobody else can hold it');
  let passed = 0;
  const end = keepLease(owned.database, held, () => START_MS + passed);
  await letBeat((milliseconds) => {
    passed += milliseconds;
  });
  await expectHeld(NOW + instantOfMilliseconds(passed));
  end();
  expect(vi.getTimerCount()).toBe(0);
});

test('a run prolongs its lease without being told to, while the source keeps it waiting', async () => {
  const waiting = { release: (): void => undefined };
  const server = await startServer(
    (request, response) => {
      waiting.release = () => answer(200, [])(request, response);
    },
    answer(200, []),
  );
  let now = Date.now();
  const clock = { ...systemClock, now: () => now };
  const { client } = startClient(server.url, { clock });
  const day = instantOfSeconds(86_400);
  const settings = {
    everySeconds: 300,
    lookback: day,
    span: day,
    settle: 0,
    perPage: 1_000,
    quarantineLimit: 9,
  };
  const running = runLane({
    database: owned.database,
    partitions: new Partitions(owned.database),
    stream: webhookLogs(KEY, client, settings),
    lane: 'live',
    runId: randomUUID(),
    log: testLog,
    clock,
    signal: new AbortController().signal,
  });
  await expect.poll(() => server.requests.length).toBe(1);
  expect(vi.getTimerCount()).toBe(1);
  await letBeat((milliseconds) => {
    now += milliseconds;
  });
  await expectHeld(instantOfMilliseconds(now));
  waiting.release();
  expect(await running).toMatchObject({ outcome: 'complete' });
  expect(vi.getTimerCount()).toBe(0);
});

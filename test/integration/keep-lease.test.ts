import { once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type HeldCheckpoint, LEASE_MS, takeCheckpoint } from '../../src/db/checkpoints.ts';
import { type Instant, instantOfMilliseconds, parseInstant } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { keepLease } from '../../src/sync/keep-lease.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

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

test('a lease is prolonged again and again while its holder waits, until that is ended', async () => {
  const held = await take('a', NOW);
  if ('heldUntil' in held) throw new Error('nobody else can hold it');
  const beats = 8;
  let passed = 0;
  const end = keepLease(owned.database, held, () => START_MS + passed);
  for (let beat = 1; beat <= beats; beat += 1) {
    passed += LEASE_MS / 4;
    const answered = once(owned.database.pool, 'release');
    vi.advanceTimersByTime(LEASE_MS / 4);
    await answered;
    // The next beat is not left out only once this one is over.
    await new Promise(setImmediate);
  }
  const later = NOW + instantOfMilliseconds(passed);
  const refused = await take('b', later);
  // Half of it or more is left: one that has just been prolonged is left alone.
  const least = later + instantOfMilliseconds(LEASE_MS / 2);
  expect('heldUntil' in refused && refused.heldUntil).toBeGreaterThanOrEqual(least);
  end();
  expect(vi.getTimerCount()).toBe(0);
});

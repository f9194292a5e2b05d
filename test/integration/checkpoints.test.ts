import { beforeEach, describe, expect, test } from 'vitest';
import {
  advanceCheckpoint,
  type HeldCheckpoint,
  LEASE_MS,
  prolongLease,
  releaseCheckpoint,
  takeCheckpoint,
} from '../../src/db/checkpoints.ts';
import { SupersededError } from '../../src/errors.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const NOW: Instant = parseInstant('2026-01-15T12:00:00.123456Z') ?? 0;
const LEASE = instantOfMilliseconds(LEASE_MS);
const WINDOW = { pageToken: 'p2', counted: { '-9223372036854775808': 1 }, from: NOW };

let owned: TestDatabase;

beforeEach(async () => {
  owned = await emptyTestDatabase();
});

async function take(holder: string, now = NOW, key = KEY): Promise<HeldCheckpoint> {
  const taken = await takeCheckpoint(owned.database, key, 'live', holder, now);
  if ('heldUntil' in taken) throw new Error(`held until ${taken.heldUntil}`);
  return taken;
}

function advance(held: HeldCheckpoint, openWindow: unknown, now = NOW): Promise<HeldCheckpoint> {
  return owned.database.transaction((tx) => advanceCheckpoint(tx, held, openWindow, now));
}

/** A page's rows, for which an organization stands in, and its checkpoint in one transaction. */
function commitPage(held: HeldCheckpoint, name: string, now = NOW): Promise<HeldCheckpoint> {
  return owned.database.transaction(async (tx) => {
    await tx.execute(
      `insert into meraki_store.organizations values ('${name}', '${name}', null, null, 'active', now(), now())`,
    );
    return advanceCheckpoint(tx, held, WINDOW, now);
  });
}

async function committed(): Promise<string[]> {
  const found = await owned.database.pool.query<{ name: string }>(
    'select name from meraki_store.organizations order by 1',
  );
  return found.rows.map(({ name }) => name);
}

describe('a checkpoint', () => {
  test('is new at first, and comes back as it was left', async () => {
    const first = await take('a');
    expect(first).toMatchObject({ holder: 'a', version: 1, openWindows: null });
    const advanced = await advance(first, WINDOW);
    expect(advanced).toMatchObject({ version: 2, openWindows: WINDOW });
    await releaseCheckpoint(owned.database, advanced);
    expect(await take('b')).toMatchObject({ holder: 'b', version: 3, openWindows: WINDOW });
  });

  test('forgets its window when it is closed', async () => {
    const closed = await advance(await advance(await take('a'), WINDOW), null);
    await releaseCheckpoint(owned.database, closed);
    expect((await take('b')).openWindows).toBeNull();
  });

  test('belongs to one lane of one stream', async () => {
    await take('a');
    await take('b', NOW, { ...KEY, series: 'other' });
    await take('c', NOW, { ...KEY, organizationId: '2' });
    await take('d', NOW, { ...KEY, stream: 'api_responses' });
    const backfill = await takeCheckpoint(owned.database, KEY, 'backfill', 'e', NOW);
    expect(backfill).toMatchObject({ version: 1, lane: 'backfill' });
  });
});

describe('the lease', () => {
  test('keeps others away, its own holder too, until it ends', async () => {
    await take('a');
    const refused = { heldUntil: NOW + LEASE };
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'b', NOW)).toEqual(refused);
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'a', NOW)).toEqual(refused);
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'b', NOW + LEASE - 1)).toEqual(refused);
    expect(await take('b', NOW + LEASE)).toMatchObject({ holder: 'b', version: 2 });
  });

  test('is prolonged by every page', async () => {
    await advance(await take('a'), WINDOW, NOW + LEASE - 1);
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'b', NOW + LEASE)).toEqual({
      heldUntil: NOW + LEASE + LEASE - 1,
    });
  });

  test('is prolonged while its holder waits, and no longer when another has it', async () => {
    const held = await take('a');
    await prolongLease(owned.database, held, NOW + LEASE - 1);
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'b', NOW + LEASE)).toEqual({
      heldUntil: NOW + LEASE + LEASE - 1,
    });
    await take('b', NOW + 2 * LEASE);
    await prolongLease(owned.database, held, NOW + 3 * LEASE - 1);
    expect(await take('c', NOW + 3 * LEASE)).toMatchObject({ holder: 'c' });
    // The version is what fences, and stays as it is: a page that is being committed is not refused for it.
    const again = await take('d', NOW + 4 * LEASE);
    await prolongLease(owned.database, again, NOW + 5 * LEASE - 1);
    expect(await advance(again, WINDOW, NOW + 5 * LEASE)).toMatchObject({ holder: 'd' });
  });

  test('of a host whose clock is ahead by seconds counts; one of a clock that is wrong does not', async () => {
    await take('a', NOW + instantOfSeconds(20));
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'b', NOW)).toEqual({
      heldUntil: NOW + instantOfSeconds(20) + LEASE,
    });
    expect(await take('b', NOW - instantOfSeconds(20))).toMatchObject({ holder: 'b' });
  });

  test('ends at once when the checkpoint is let go', async () => {
    await releaseCheckpoint(owned.database, await take('a'));
    expect(await take('b')).toMatchObject({ version: 2 });
  });

  test('is not ended by a holder who has lost it', async () => {
    const late = await take('a');
    await take('b', NOW + LEASE);
    await releaseCheckpoint(owned.database, late);
    expect(await takeCheckpoint(owned.database, KEY, 'live', 'c', NOW + LEASE)).toEqual({
      heldUntil: NOW + LEASE + LEASE,
    });
  });

  test('goes to one of many who ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        takeCheckpoint(owned.database, KEY, 'live', `worker ${index}`, NOW),
      ),
    );
    expect(asked.filter((answer) => !('heldUntil' in answer))).toHaveLength(1);
  });
});

describe('I4: fencing', () => {
  test('a worker that was paused over its lease commits nothing', async () => {
    const paused = await take('a');
    const next = await take('b', NOW + LEASE);
    const refusal = await commitPage(paused, 'late', NOW + LEASE).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SupersededError);
    expect(refusal).toMatchObject({ retry: 'superseded', facts: { ...KEY, lane: 'live', version: 1 } });
    expect(await committed()).toEqual([]);
    await commitPage(next, 'next', NOW + LEASE);
    expect(await committed()).toEqual(['next']);
  });

  test('a page committed twice is committed once', async () => {
    const held = await take('a');
    const twice = await Promise.allSettled([commitPage(held, 'one'), commitPage(held, 'two')]);
    expect(twice.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(twice.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(SupersededError),
    });
    expect(await committed()).toHaveLength(1);
  });

  test('one who had not let go is superseded though the window stands where it was', async () => {
    const first = await take('a');
    const second = await take('b', NOW + LEASE);
    await releaseCheckpoint(owned.database, second);
    await expect(commitPage(first, 'late', NOW + LEASE)).rejects.toBeInstanceOf(SupersededError);
    expect(await committed()).toEqual([]);
  });

  test('a page that fails leaves the checkpoint where it was', async () => {
    const held = await take('a');
    await expect(
      owned.database.transaction(async (tx) => {
        await advanceCheckpoint(tx, held, WINDOW, NOW);
        await tx.execute('select 1 / 0');
      }),
    ).rejects.toMatchObject({ facts: { sqlstate: '22012' } });
    expect(await advance(held, WINDOW)).toMatchObject({ version: 2 });
  });
});

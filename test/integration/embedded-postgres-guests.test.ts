/* Guests of the embedded Postgres: they start a server where there is none, and stop it when nobody else needs it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import {
  clusterOf,
  endEmbeddedAfterTests,
  isRunning,
  newPlace,
  open,
  query,
  startChild,
  usedPlace,
} from '../support/embedded-places.ts';

endEmbeddedAfterTests();

describe('a guest of the embedded Postgres', () => {
  test('visits beside an owner and leaves the server alone', async () => {
    const place = await usedPlace();
    const owner = await open(place);
    const guest = await open(place, 'guest');
    expect(guest.startedHere).toBe(false);
    await query(guest.connectionString, 'select 1');
    await guest.close();
    await query(owner.connectionString, 'select 1');
  });

  test('alone, starts the server and stops it', async () => {
    const place = await usedPlace();
    const guest = await open(place, 'guest');
    expect(guest.startedHere).toBe(true);
    await guest.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server it started to an owner that came since', async () => {
    const place = await usedPlace();
    const guest = await open(place, 'guest');
    const owner = await open(place);
    await guest.close();
    await query(owner.connectionString, 'select 1');
    await owner.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server it started to other guests; the last one stops it', async () => {
    const place = await usedPlace();
    const first = await open(place, 'guest');
    const second = await open(place, 'guest');
    await first.close();
    await query(second.connectionString, 'select 1');
    await second.close();
    expect(isRunning(place)).toBe(false);
  });

  test('leaves the server of a killed owner running', async () => {
    const place = await usedPlace();
    const child = startChild(place);
    await child.opened;
    await child.kill();
    await (await open(place, 'guest')).close();
    expect(isRunning(place)).toBe(true);
    await (await open(place)).close();
  });

  test('several at once on an empty directory, with an owner: one cluster, everybody in, nothing left', async () => {
    const place = await newPlace();
    const all = await Promise.all([
      open(place, 'guest'),
      open(place),
      open(place, 'guest'),
      open(place, 'guest'),
    ]);
    for (const handle of all) await query(handle.connectionString, 'select 1');
    expect(new Set(all.map((handle) => handle.connectionString)).size).toBe(1);
    await Promise.all(all.map((handle) => handle.close()));
    expect(isRunning(place)).toBe(false);
  });

  test('and an owner that comes while the last guest leaves finds a server', async () => {
    const place = await usedPlace();
    for (let round = 0; round < 3; round += 1) {
      const guest = await open(place, 'guest');
      const [owner] = await Promise.all([open(place), guest.close()]);
      await query(owner.connectionString, 'select 1');
      await owner.close();
      expect(isRunning(place)).toBe(false);
    }
  });

  test('is refused while the server lives in another container, and let in once that is dead', async () => {
    const place = await usedPlace();
    const owner = await open(place);
    const mark = join(place.dataDir, 'embedded-postgres.running');
    await writeFile(mark, 'otherhost\nboot\npid:[1]\n');
    await expect(open(place, 'guest')).rejects.toThrow(/another container or machine \(host otherhost\)/);
    await owner.close();
    expect(existsSync(mark)).toBe(false);
    await writeFile(mark, 'otherhost\nboot\npid:[1]\n');
    await writeFile(join(clusterOf(place), 'postmaster.pid'), '999999999\n');
    let waited = 0;
    const { sleep } = systemClock;
    vi.spyOn(systemClock, 'sleep').mockImplementation((milliseconds, signal) => {
      waited += milliseconds;
      return sleep(1, signal);
    });
    try {
      expect((await open(place, 'guest')).startedHere).toBe(true);
    } finally {
      vi.restoreAllMocks();
    }
    // Five beats of a holder that lives.
    expect(waited).toBeGreaterThanOrEqual(10_000);
  });
});

import { expect, test } from 'vitest';
import { claimChore } from '../../src/db/chores.ts';
import { instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { emptyTestDatabase } from '../support/test-database.ts';

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

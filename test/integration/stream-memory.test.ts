import { beforeEach, expect, test } from 'vitest';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { readStream } from '../../src/db/streams.ts';
import { type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import type { Range } from '../../src/ranges.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { StreamMemory } from '../../src/sync/stream-memory.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { recordingClock, startClient } from '../unit/meraki/loopback-server.ts';

const DAY = instantOfSeconds(86_400);
const settings = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: instantOfSeconds(900),
  perPage: 1_000,
  quarantineLimit: 1_000,
};

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
});

const KEY = { organizationId: '1', stream: 'webhook_logs', series: 'all' } as const;

async function wantedFrom(): Promise<Instant> {
  return (await readStream(owned.database.query, KEY))?.wantedFrom ?? Number.NaN;
}

/** Drops all but the newest months of the archive. @returns since when there are rows */
async function dropMonths(): Promise<Instant> {
  const now = instantOfMilliseconds(Date.now());
  const first = await wantedFrom();
  await new Partitions(owned.database).ensure('webhook_deliveries', { from: first, to: first + 1 });
  const { dropped } = await dropExpired(owned.database, first + 31 * DAY, now);
  expect(dropped).toHaveLength(1);
  return await wantedFrom();
}

/** What a worker remembers whose clock is so many days ahead. */
async function memory(daysAhead = 0): Promise<StreamMemory> {
  const clock = recordingClock(Date.now() + daysAhead * 86_400_000);
  const { client } = startClient('http://127.0.0.1:9', { clock });
  const remembered = new StreamMemory(owned.database, webhookLogs(KEY, client, settings), undefined);
  await remembered.recall();
  return remembered;
}

test('I2: an order that another lesson took the place of stays disproved when all lessons have expired', async () => {
  const first = await memory();
  await first.learn({ order: 'ascending' });
  // A window that began before that was known came out of turn.
  await first.learn({ order: 'unordered', wholeSpan: DAY }, {});
  expect(first.learned).toMatchObject({ order: 'unordered', disproved: 'ascending' });
  const { learned } = await memory(8);
  expect(learned).toMatchObject({ disproved: 'ascending' });
  expect(learned).not.toHaveProperty('order');
});

test('an order that only expired was not disproved', async () => {
  await (await memory()).learn({ order: 'ascending' });
  const later = await memory(8);
  expect(later.learned).not.toHaveProperty('order');
  await later.learn({ order: 'descending' });
  expect(later.learned).not.toHaveProperty('disproved');
});

test('what RETENTION has dropped is not wanted again when a lesson expires that was learned before', async () => {
  await (await memory()).learn({ order: 'ascending' });
  const kept = await dropMonths();
  await memory(8);
  expect(await wantedFrom()).toBe(kept);
});

test('nor when the source is asked again for more than it has shown to keep', async () => {
  const first = await memory();
  await first.noteAnswered(await wantedFrom());
  await first.learn({ lookback: 20 * DAY });
  const kept = await dropMonths();
  await memory(8);
  expect(await wantedFrom()).toBe(kept);
});

async function cover(range: Range): Promise<void> {
  await owned.database.transaction(async (tx) => {
    await lockCoverage(tx, KEY, [0], range.to);
    await saveCoverage(tx, KEY, 0, { final: [range], provisional: [], counted: [] }, range.to);
  });
}

test('what was covered stays wanted, though the run that read it was killed before it noted how far back it came', async () => {
  const first = await memory();
  const now = instantOfMilliseconds(Date.now());
  const from = now - 3 * DAY;
  await cover({ from, to: from + DAY });
  // All but the newest day has aged out meanwhile.
  const losses = await first.learn({ lookback: DAY });
  expect(await wantedFrom()).toBe(from);
  expect(losses.map(({ stretch }) => stretch.from)).toContain(from + DAY);
});

test('nothing that was covered is given up for a beginning that keeps clear of the far edge', async () => {
  const first = await memory();
  const now = instantOfMilliseconds(Date.now());
  const from = now - DAY + instantOfSeconds(1_800);
  await cover({ from, to: from + instantOfSeconds(600) });
  await first.learn({ lookback: DAY });
  expect(await wantedFrom()).toBe(from);
});

test('what is hoped for since a lesson expired is no gap before the source has answered for it', async () => {
  const first = await memory();
  await first.learn({ lookback: 20 * DAY });
  const shown = await wantedFrom();
  await first.noteAnswered(shown);
  const later = await memory(8);
  const { wantedFrom: hoped } = await later.situation();
  expect(hoped).toBeLessThan(shown - DAY);
  await later.learn({ ...later.learned, order: 'ascending' });
  expect(await wantedFrom()).toBe(shown);
  expect((await (await memory(8)).situation()).wantedFrom).toBe(hoped);

  await later.noteAnswered(hoped);
  expect(await wantedFrom()).toBe(hoped);
});

test('and is hoped for no more once it was refused again, but in a week', async () => {
  const first = await memory();
  await first.learn({ lookback: 5 * DAY });
  const shown = await wantedFrom();
  await first.noteAnswered(shown);
  const later = await memory(8);
  await later.learn({ ...later.learned, lookback: 5 * DAY });
  expect(await wantedFrom()).toBe(shown);
  expect((await (await memory(8)).situation()).wantedFrom).toBe(shown);
  expect((await (await memory(16)).situation()).wantedFrom).toBeLessThan(shown);
  expect(await wantedFrom()).toBe(shown);
});

test('RETENTION holds for what is hoped for, too', async () => {
  const first = await memory();
  await first.learn({ lookback: 20 * DAY });
  await first.noteAnswered(await wantedFrom());
  const later = await memory(8);
  const { wantedFrom: hoped } = await later.situation();
  const kept = await dropMonths();
  await (await memory(8)).noteAnswered(hoped);
  expect(await wantedFrom()).toBe(kept);
});

test('how far the source reaches stays known while nothing is asked for that lies beyond', async () => {
  const first = await memory();
  await first.learn({ lookback: 20 * DAY });
  const from = await wantedFrom();
  const now = instantOfMilliseconds(Date.now());
  await cover({ from, to: now + 80 * DAY });
  await memory(40);
  const later = await memory(60);
  expect(later.learned.lookback).toBe(20 * DAY);
  const reachable = async () => (await readStream(owned.database.query, KEY))?.lookbackSeconds;
  expect(await reachable()).toBe((20 * DAY) / 1_000_000 - 300);

  // A gap that it may have after all is asked for, and a week later it is not known any more.
  await cover({ from: now + 45 * DAY, to: now + 80 * DAY });
  expect((await memory(70)).learned.lookback).toBeUndefined();
  expect(await reachable()).toBe((31 * DAY) / 1_000_000 - 300);
});

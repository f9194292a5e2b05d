/*
 * Several windows of one backfill that are read side by side, against a log whose answers can be held back: what is
 * under way at the same moment, what a worker that takes over finds, and what a window that fails leaves of the others.
 */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach, expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { formatInstant, type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import type { MerakiClient } from '../../src/meraki/client.ts';
import { containsInstant, duration, subtract } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import type { LaneRun } from '../../src/sync/lane-loop.ts';
import { type LaneResult, runLane } from '../../src/sync/run-lane.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';
import { answer, recordingClock, startClient, startServer } from '../unit/meraki/loopback-server.ts';

const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
const EVERY = 2 * HOUR;
const PER_PAGE = 5;
const settings = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: instantOfSeconds(900),
  perPage: PER_PAGE,
  quarantineLimit: 1_000,
};

/** A page that was asked for, by where its window and the page itself begin. */
interface Page {
  readonly from: Instant;
  readonly to: Instant;
  readonly at: Instant;
}

/** A log with a row every two hours, sorted by time. It holds back whatever `holds` says, until that is let go. */
class HeldLog {
  readonly asked: Page[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);
  readonly #held = new Set<{ readonly page: Page; readonly answer: () => void }>();
  holds: (page: Page) => boolean = () => false;
  refuses: (page: Page) => boolean = () => false;
  reverses: (page: Page) => boolean = () => false;

  /** Resolves once `look` says yes of the pages that are held back. */
  async until(look: (held: readonly Page[]) => boolean): Promise<readonly Page[]> {
    for (;;) {
      const held = [...this.#held].map(({ page }) => page);
      if (look(held)) return held;
      await once(this.#events, 'held');
    }
  }

  letGo(isToGo: (page: Page) => boolean = () => true): void {
    const { holds } = this;
    this.holds = (page) => holds(page) && !isToGo(page);
    for (const held of [...this.#held].filter(({ page }) => isToGo(page))) {
      this.#held.delete(held);
      held.answer();
    }
  }

  handler = (request: IncomingMessage, response: ServerResponse): void => {
    const page = pageOf(request.url ?? '');
    this.asked.push(page);
    const give = () => this.#answer(page, request, response);
    if (!this.holds(page)) {
      give();
      return;
    }
    const held = { page, answer: give };
    this.#held.add(held);
    response.on('close', () => this.#held.delete(held));
    this.#events.emit('held');
  };

  #answer({ from, to, at }: Page, request: IncomingMessage, response: ServerResponse): void {
    if (this.refuses({ from, to, at })) {
      answer(400, { errors: ['expired'] })(request, response);
      return;
    }
    const first = Math.ceil(at / EVERY) * EVERY;
    const rows = Array.from({ length: PER_PAGE }, (_, row) => first + row * EVERY).filter(
      (sent) => sent < to,
    );
    if (this.reverses({ from, to, at })) rows.reverse();
    const next = first + PER_PAGE * EVERY;
    const link = next < to ? { link: `</page?from=${from}&to=${to}&at=${next}>; rel=next` } : {};
    answer(200, rows.map(rowOf), link)(request, response);
  }
}

function pageOf(url: string): Page {
  const { searchParams: asked } = new URL(url, 'http://source');
  const [t0, t1] = [asked.get('t0'), asked.get('t1')];
  if (t0 === null || t1 === null) {
    return { from: Number(asked.get('from')), to: Number(asked.get('to')), at: Number(asked.get('at')) };
  }
  const from = instantOfMilliseconds(Date.parse(t0));
  return { from, to: instantOfMilliseconds(Date.parse(t1)), at: from };
}

const rowOf = (sentAt: Instant) => ({
  organizationId: '1',
  networkId: 'N_1',
  alertType: 'a',
  url: 'https://x.example/h',
  sentAt: formatInstant(sentAt),
  loggedAt: formatInstant(sentAt + 1_000),
  responseCode: 200,
  responseDuration: 1,
});

let owned: TestDatabase;
let log: HeldLog;
let client: MerakiClient;

beforeEach(async () => {
  owned = await createTestDatabase();
  log = new HeldLog();
  const { url } = await startServer(log.handler);
  ({ client } = startClient(url, { clock: recordingClock() }));
});

/** @param ahead how far the worker's clock is ahead, in milliseconds */
function read(lane: 'live' | 'backfill', run: Partial<LaneRun> = {}, ahead = 0): Promise<LaneResult> {
  return runLane({
    database: owned.database,
    partitions: new Partitions(owned.database),
    stream: webhookLogs(KEY, client, settings),
    lane,
    runId: randomUUID(),
    log: testLog,
    clock: recordingClock(Date.now() + ahead),
    signal: new AbortController().signal,
    ...run,
  });
}

interface Stored {
  readonly version: number;
  /** The pages with which the open windows go on. */
  readonly windows: readonly Page[];
}

async function checkpoint(): Promise<Stored> {
  const { rows } = await owned.database.pool.query<{ version: number; open: { pageToken: string }[] }>(
    `select version::integer, coalesce(open_window, '[]') as open
     from meraki_ingest.checkpoints where lane = 'backfill'`,
  );
  const [{ version, open } = { version: 0, open: [] }] = rows;
  return { version, windows: open.map(({ pageToken }) => pageOf(pageToken)) };
}

async function storedMoments(): Promise<readonly Instant[]> {
  const { rows } = await owned.database.pool.query<{ sent: string }>(
    `select (extract(epoch from sent_at) * 1000000)::bigint as sent from meraki_store.webhook_deliveries order by 1`,
  );
  return rows.map(({ sent }) => Number(sent));
}

/** Every row of what is final is stored once, and of what is wanted nothing is missing but the newest hours. */
async function expectWhole(): Promise<void> {
  await read('live');
  // What has become six hours old meanwhile is left to it.
  await read('backfill');
  const final = (await readCoverage(owned.database.query, KEY)).get(0)?.final ?? [];
  expect(duration(final)).toBeGreaterThan(30 * DAY);
  expect(final).toHaveLength(1);
  const stored = await storedMoments();
  expect(new Set(stored).size).toBe(stored.length);
  const first = Math.ceil((final[0]?.from ?? 0) / EVERY) * EVERY;
  const wanted = Array.from(
    { length: Math.ceil(((final[0]?.to ?? 0) - first) / EVERY) },
    (_, i) => first + i * EVERY,
  );
  expect(subtract(momentsOf(wanted), momentsOf(stored))).toEqual([]);
}

const momentsOf = (moments: readonly Instant[]) => moments.map((at) => ({ from: at, to: at + 1 }));
const startsOf = (pages: readonly Page[]) => new Set(pages.map(({ from }) => from));
/** The first pages that were asked for of windows, of which these are pages too. */
const firstOf = (asked: readonly Page[], windows: readonly Page[]) =>
  windows.map((window) => asked.find(({ from }) => from === window.from));
const byStart = (pages: readonly Page[]) => pages.toSorted((a, b) => a.from - b.from);
const isLater = ({ from, at }: Page) => at > from;

test('I1 I2: pages of six windows are under way at once, and all is stored once', async () => {
  log.holds = isLater;
  const running = read('backfill');
  const held = await log.until((pages) => pages.length === 1);
  expect(startsOf(held).size).toBe(1);
  log.letGo();
  log.holds = isLater;
  const together = await log.until((pages) => startsOf(pages).size === 6);
  expect(together).toHaveLength(6);
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  await expectWhole();
});

test('I3 I4: whoever takes over goes on with every open window, and commits no page again', async () => {
  log.holds = ({ from, at }) => at > from + 2 * PER_PAGE * EVERY;
  const killed = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  // What came before those that are held back is committed then.
  await expect.poll(async () => byStart((await checkpoint()).windows)).toEqual(byStart(held));
  const { windows } = await checkpoint();
  const before = log.asked.length;
  log.holds = () => false;
  expect(await read('backfill', {}, 40_000)).toMatchObject({ outcome: 'complete', remaining: [] });
  const again = log.asked.slice(before);
  expect(firstOf(again, windows)).toEqual(windows);
  expect(new Set(again.map((page) => JSON.stringify(page))).size).toBe(again.length);
  log.letGo();
  expect(await killed).toMatchObject({ outcome: 'superseded' });
  await expectWhole();
});

test('I3: a window that cannot be read on is planned anew, and the others go on where they are', async () => {
  log.holds = ({ from, at }) => at > from + PER_PAGE * EVERY;
  const running = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  const broken = held[2];
  log.refuses = (page) => page.from === broken?.from && page.to === broken.to && isLater(page);
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  for (const { from, to } of held.filter((page) => page.from !== broken?.from)) {
    const pages = log.asked.filter((page) => page.from === from && page.to === to).map(({ at }) => at);
    expect(new Set(pages).size).toBe(pages.length);
  }
  await expectWhole();
});

test('I2: what a window claimed by an order that is not believed any more is taken back when it is given up', async () => {
  await read('live');
  const { pool } = owned.database;
  const known = { order: 'ascending', learnedAt: instantOfMilliseconds(Date.now()) };
  await pool.query('update meraki_ingest.streams set limits = $1', [known]);
  log.holds = ({ from, at }) => at > from + 2 * PER_PAGE * EVERY;
  const running = read('backfill');
  const held = await log.until((pages) => startsOf(pages).size === 6);
  const given = held[2];
  const isClaimed = async () =>
    containsInstant(
      (await readCoverage(owned.database.query, KEY)).get(0)?.final ?? [],
      (given?.from ?? 0) + EVERY,
    );
  await expect.poll(isClaimed).toBe(true);
  const others = new Set(held.slice(1).map(({ from, to }) => `${from} ${to}`));
  const isOfOthers = ({ from, to }: Page) => others.has(`${from} ${to}`);
  log.reverses = (page) => !isOfOthers(page);
  log.letGo((page) => !isOfOthers(page));
  const orders = async () => {
    const { rows } = await pool.query(`select limits ->> 'order' as order from meraki_ingest.streams`);
    return rows;
  };
  await expect.poll(orders).not.toEqual([{ order: 'ascending' }]);
  log.refuses = (page) => page.from === given?.from && page.to === given.to && isLater(page);
  log.letGo((page) => page.from === given?.from && page.to === given.to);
  await expect.poll(isClaimed).toBe(false);
  log.reverses = () => false;
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'complete', remaining: [] });
  await expectWhole();
});

test('a stop ends every window after the pages at hand, and the next run begins with them', async () => {
  const stopping = { now: false };
  log.holds = ({ from, at }) => at > from + PER_PAGE * EVERY;
  const running = read('backfill', { pauseNow: () => stopping.now });
  await log.until((pages) => startsOf(pages).size === 6);
  stopping.now = true;
  const before = log.asked.length;
  log.letGo();
  expect(await running).toMatchObject({ outcome: 'paused' });
  expect(log.asked.length - before).toBeLessThanOrEqual(6);
  const { windows } = await checkpoint();
  expect(windows).toHaveLength(6);
  const next = log.asked.length;
  expect(await read('backfill')).toMatchObject({ outcome: 'complete' });
  expect(firstOf(log.asked.slice(next), windows)).toEqual(windows);
});

test('live is read to its end while every request of history waits for its answer', async () => {
  log.holds = ({ from }) => from < instantOfMilliseconds(Date.now()) - DAY;
  const running = read('backfill');
  await log.until((pages) => pages.length === 1);
  log.letGo();
  log.holds = (page) => isLater(page) && page.from < instantOfMilliseconds(Date.now()) - DAY;
  await log.until((pages) => startsOf(pages).size === 6);
  expect(await read('live')).toMatchObject({ outcome: 'complete' });
  expect((await storedMoments()).length).toBeGreaterThan(0);
  log.letGo();
  await running;
});

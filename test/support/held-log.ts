import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach, expect } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { formatInstant, type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import type { MerakiClient } from '../../src/meraki/client.ts';
import { duration, subtract } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import type { LaneRun } from '../../src/sync/lane-loop.ts';
import { type LaneResult, runLane } from '../../src/sync/run-lane.ts';
import { answer, recordingClock, startClient, startServer } from '../unit/meraki/loopback-server.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';

export const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
export const HOUR = instantOfSeconds(3_600);
export const DAY = 24 * HOUR;
export const EVERY = 2 * HOUR;
export const PER_PAGE = 5;
const settings = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: instantOfSeconds(900),
  perPage: PER_PAGE,
  quarantineLimit: 1_000,
};

/** A page that was asked for, by where its window and the page itself begin. */
export interface Page {
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
  forbids: (page: Page) => boolean = () => false;
  fails: (page: Page) => boolean = () => false;
  reverses: (page: Page) => boolean = () => false;

  /** Resolves once `look` says yes of the pages that are held back. */
  async until(look: (held: readonly Page[]) => boolean): Promise<readonly Page[]> {
    for (;;) {
      const held = [...this.#held].map(({ page }) => page);
      if (look(held)) return held;
      await once(this.#events, 'held');
    }
  }

  isHeld(look: (page: Page) => boolean): boolean {
    return [...this.#held].some(({ page }) => look(page));
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
    if (this.fails({ from, to, at })) {
      answer(503, {})(request, response);
      return;
    }
    if (this.forbids({ from, to, at })) {
      answer(403, { errors: ['no access'] })(request, response);
      return;
    }
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

export let owned: TestDatabase;
export let log: HeldLog;
let client: MerakiClient;

/** Gives each test of the file that calls it a database and a log of its own. */
export function holdLogForEachTest(): void {
  beforeEach(async () => {
    owned = await createTestDatabase();
    log = new HeldLog();
    const { url } = await startServer(log.handler);
    ({ client } = startClient(url, { clock: recordingClock() }));
  });
}

/** @param ahead how far the worker's clock is ahead, in milliseconds */
export function read(lane: 'live' | 'backfill', run: Partial<LaneRun> = {}, ahead = 0): Promise<LaneResult> {
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

export async function checkpoint(): Promise<Stored> {
  const { rows } = await owned.database.pool.query<{ version: number; open: { pageToken: string }[] }>(
    `select version::integer, coalesce(open_window, '[]') as open
     from meraki_ingest.checkpoints where lane = 'backfill'`,
  );
  const [{ version, open } = { version: 0, open: [] }] = rows;
  return { version, windows: open.map(({ pageToken }) => pageOf(pageToken)) };
}

export async function storedMoments(): Promise<readonly Instant[]> {
  const { rows } = await owned.database.pool.query<{ sent: string }>(
    `select (extract(epoch from sent_at) * 1000000)::bigint as sent from meraki_store.webhook_deliveries order by 1`,
  );
  return rows.map(({ sent }) => Number(sent));
}

/** Every row of what is final is stored once, and of what is wanted nothing is missing but the newest hours. */
export async function expectWhole(): Promise<void> {
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
export const startsOf = (pages: readonly Page[]) => new Set(pages.map(({ from }) => from));
/** The first pages that were asked for of windows, of which these are pages too. */
export const firstOf = (asked: readonly Page[], windows: readonly Page[]) =>
  windows.map((window) => asked.find(({ from }) => from === window.from));
export const byStart = (pages: readonly Page[]) => pages.toSorted((a, b) => a.from - b.from);
export const isLater = ({ from, at }: Page) => at > from;

/*
 * How many rows lie in quarantine: copies are counted as one read shows them, and QUARANTINE_LIMIT stops the stream.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { QuarantineFullError } from '../../src/errors.ts';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { type OpenWindow, openWindow } from '../../src/sync/open-window.ts';
import { runLane } from '../../src/sync/run-lane.ts';
import type { Reading } from '../../src/sync/stream.ts';
import { commitBench } from '../support/commit-bench.ts';
import {
  ASKED,
  COUNTS,
  commitReading,
  LOGS,
  logRowWith,
  NOW,
  readCounts,
  SETTINGS,
} from '../support/stream-reads.ts';
import { testLog } from '../support/test-log.ts';
import { answer, startClient, startServer } from '../unit/meraki/loopback-server.ts';

const HOUR = instantOfSeconds(3_600);

const bench = commitBench();
const { commit, rows, quarantined, stored } = bench;

describe('copies of a refused row', () => {
  const at = (second: number) =>
    logRowWith({ sentAt: `"${formatInstant(ASKED.from + second * 1_000_000)}"` });
  const pages = [`[{},${at(1)},{},${at(200)}]`, `[{},${at(400)},null]`, `[${at(600)},null,{}]`];

  /** Reads the window page by page, committing each so many times. */
  async function readThrough(commits: number): Promise<void> {
    const server = await startServer((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 0);
      if (page + 1 < pages.length) response.setHeader('link', `</logs?page=${page + 1}>; rel=next`);
      response.end(pages[page]);
    });
    const stream = webhookLogs(LOGS, startClient(server.url).client, SETTINGS);
    for (let window: OpenWindow | null = openWindow(ASKED, ASKED, NOW); window !== null; ) {
      let reading: Reading | undefined;
      for (let time = 0; time < commits; time += 1) {
        reading = await stream.read(window, {}, new AbortController().signal);
        await commitReading(bench.owned.database, LOGS, reading);
      }
      window = reading?.window ?? null;
    }
  }

  test('are as many as one read shows, over its pages; a page repeated, or a second read, adds none', async () => {
    const all = [
      { raw: 'null', reason: expect.any(String), copies: 2 },
      { raw: '{}', reason: expect.any(String), copies: 4 },
    ];
    await readThrough(1);
    expect(await quarantined()).toEqual(all);
    await readThrough(2);
    expect(await quarantined()).toEqual(all);
    await commit(pages[1] ?? '');
    expect(await quarantined()).toEqual(all);
    expect(await stored()).toBe(4);
  });

  test('keep the window they were asked in and, where it can be read, the time of the row', async () => {
    const sentAt = formatInstant(ASKED.from + 7);
    await commit(`[{"sentAt":"${sentAt}"},{}]`);
    const found = await rows(
      `select sent_at, asked_from = '${formatInstant(ASKED.from)}' and asked_to = '${formatInstant(ASKED.to)}' as asked
       from meraki_ingest.quarantine order by raw collate "C" desc`,
    );
    expect(found).toEqual([
      { sent_at: null, asked: true },
      { sent_at: expect.any(Date), asked: true },
    ]);
  });
});

describe('QUARANTINE_LIMIT', () => {
  const bad = (n: number) => logRowWith({ url: 'null', responseDuration: String(n) });

  test('a page that would bring more rows is not committed, and says what to do', async () => {
    await commit(`[${bad(1)},${bad(2)}]`, { quarantineLimit: 3 });
    const before = await rows('select * from meraki_ingest.coverage');
    const refusal = await commit(`[${bad(3)},${logRowWith()},${bad(3)}]`, { quarantineLimit: 3 }).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(QuarantineFullError);
    expect(refusal).toMatchObject({ code: 'QUARANTINE_FULL', retry: 'never', exitCode: 7 });
    for (const said of ['quarantine list', 'quarantine replay', 'QUARANTINE_LIMIT', 'webhook_logs']) {
      expect(String(refusal)).toContain(said);
    }
    expect(await quarantined()).toHaveLength(2);
    expect(await stored()).toBe(0);
    expect(await rows('select * from meraki_ingest.coverage')).toEqual(before);
  });

  test('rows that are there already count once, and stop nothing even where the limit was lowered', async () => {
    await commit(`[${bad(1)},${bad(2)},${bad(2)}]`, { quarantineLimit: 3 });
    const { counts } = await commit(`[${bad(2)},${bad(1)},${bad(2)}]`, {
      quarantineLimit: 1,
      now: NOW + 2 * HOUR,
    });
    expect(counts.rowsQuarantined).toBe(0);
    expect((await quarantined()).map(({ copies }) => copies)).toEqual([1, 2]);
  });

  test('a lane that meets it ends with the error, and its checkpoint can be taken again', async () => {
    const server = await startServer(answer(200, '[{},null]'));
    const stream = webhookLogs(LOGS, startClient(server.url).client, { ...SETTINGS, quarantineLimit: 1 });
    const lane = () =>
      runLane({
        database: bench.owned.database,
        partitions: new Partitions(bench.owned.database),
        stream,
        lane: 'live',
        runId: randomUUID(),
        log: testLog,
        clock: systemClock,
        signal: new AbortController().signal,
      });
    for (let time = 0; time < 2; time += 1) {
      await expect(lane()).rejects.toBeInstanceOf(QuarantineFullError);
    }
    expect(await quarantined()).toEqual([]);
    expect(await rows('select distinct outcome from meraki.sync_runs')).toEqual([{ outcome: 'failed' }]);
    expect(await rows('select * from meraki.coverage')).toEqual([]);
  });

  test('another stream has a limit of its own', async () => {
    await commit(`[${bad(1)}]`, { quarantineLimit: 1 });
    const reading = await readCounts('[{}]');
    await commitReading(bench.owned.database, COUNTS, reading, { quarantineLimit: 1 });
    expect(await quarantined()).toHaveLength(2);
  });
});

import { randomUUID } from 'node:crypto';
import { takeCheckpoint } from '../../src/db/checkpoints.ts';
import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { noCounts, type RunState } from '../../src/db/sync-runs.ts';
import { formatInstant, type Instant, instantOfMilliseconds } from '../../src/instant.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { apiResponses } from '../../src/streams/api-responses.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { type Committed, commitPages } from '../../src/sync/commit-pages.ts';
import { openWindow } from '../../src/sync/open-window.ts';
import type { Reading, Stream } from '../../src/sync/stream.ts';
import { startClient, startServer } from '../unit/meraki/loopback-server.ts';

const DAY = 86_400_000_000;

/** A day that is over, asked three days later. */
export const NOW: Instant = instantOfMilliseconds(Date.parse('2026-01-15T12:00:00Z'));
export const ASKED = { from: NOW - 3 * DAY, to: NOW - 2 * DAY };
export const SETTINGS = {
  everySeconds: 300,
  lookback: 31 * DAY,
  span: 31 * DAY,
  settle: 900_000_000,
  perPage: 1_000,
  intervalSeconds: 120,
  quarantineLimit: 100_000,
};

export const LOGS: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
export const COUNTS: StreamKey = { organizationId: '1', stream: 'api_responses', series: 'all' };

/** The texts of the fields of a row that is in order. */
export const LOG_FIELDS: Readonly<Record<string, string>> = {
  organizationId: '"1"',
  networkId: '"N_1"',
  alertType: '"a"',
  url: '"https://x.example/h"',
  sentAt: `"${formatInstant(ASKED.from + 5)}"`,
  loggedAt: `"${formatInstant(ASKED.from + 9)}"`,
  responseCode: '200',
  responseDuration: '9',
};

/** The text of a row of the log with some fields in other texts. */
export function logRowWith(odd: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ ...LOG_FIELDS, ...odd }).map(([name, value]) => `"${name}": ${value}`);
  return `{${fields.join(', ')}}`;
}

/** What the stream makes of a body that Meraki gives as the first page of the log. */
export async function readLogs(body: string | Buffer): Promise<Reading> {
  const server = await startServer((_request, response) => response.end(body));
  const stream = webhookLogs(LOGS, startClient(server.url).client, SETTINGS);
  return await stream.read(openWindow(ASKED, ASKED, NOW), {}, new AbortController().signal);
}

/** The same for counts. @param finalUntil time up to which they are final */
export async function readCounts(body: string, finalUntil: Instant = NOW): Promise<Reading> {
  const server = await startServer((_request, response) => response.end(body));
  const stream = apiResponses(COUNTS, startClient(server.url).client, SETTINGS, {});
  return await stream.read(openWindow(ASKED, ASKED, finalUntil), {}, new AbortController().signal);
}

export interface CommitOptions {
  readonly now?: Instant;
  readonly quarantineLimit?: number;
  readonly partitions?: Partitions;
}

/** Commits a page as the loop does, each in a run of its own. */
export async function commitReading(
  database: Database,
  key: StreamKey,
  reading: Reading,
  options: CommitOptions = {},
): Promise<Committed> {
  const { now = NOW, quarantineLimit = SETTINGS.quarantineLimit } = options;
  const { partitions = new Partitions(database) } = options;
  // A lease this far ahead is one of a wrong clock, and is taken over by the next.
  const taken = await takeCheckpoint(database, key, 'backfill', randomUUID(), NOW + 365 * DAY);
  if ('heldUntil' in taken) throw new Error('the lane is held');
  const run: RunState = {
    runId: randomUUID(),
    key,
    lane: 'backfill',
    startedAt: now,
    counts: noCounts,
    outcome: 'running',
    finishedAt: null,
    error: null,
  };
  return await commitPages(database, partitions, streamOf(key), taken, run, [reading], {
    meraki: now,
    local: NOW,
    quarantineLimit,
  });
}

/** The stream itself, which is not asked for anything. */
function streamOf(key: StreamKey): Stream {
  const { client } = startClient('http://127.0.0.1:9');
  return key.stream === 'webhook_logs'
    ? webhookLogs(key, client, SETTINGS)
    : apiResponses(key, client, SETTINGS, {});
}

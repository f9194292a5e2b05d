/* One lane of the webhook log, with an archive of its own, against a source that answers by script. */
import { randomUUID } from 'node:crypto';
import { readCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { formatInstant, type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import type { Ranges } from '../../src/ranges.ts';
import type { Lane, StreamKey } from '../../src/stream-key.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import type { LaneRun } from '../../src/sync/lane-loop.ts';
import { type LaneResult, runLane } from '../../src/sync/run-lane.ts';
import { type LoopbackServer, recordingClock, startClient } from '../unit/meraki/loopback-server.ts';
import { createTestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';

export const KEY: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
export const MINUTE = instantOfSeconds(60);
export const DAY = 1_440 * MINUTE;
export const settings = {
  everySeconds: 300,
  lookback: 8 * DAY,
  span: 7 * DAY,
  settle: 15 * MINUTE,
  perPage: 1_000,
  quarantineLimit: 1_000,
};

interface Run extends Partial<LaneRun> {
  /** How far this machine's clock is ahead, in milliseconds. */
  readonly ahead?: number;
}

export interface LaneBench {
  readonly database: Database;
  read(server: LoopbackServer, lane: Lane, run?: Run): Promise<LaneResult>;
  count(table: string): Promise<number>;
  deliveries(): Promise<number>;
  final(): Promise<Ranges>;
}

export async function setUpLane(): Promise<LaneBench> {
  const { database } = await createTestDatabase();
  const count = async (table: string) => {
    const found = await database.pool.query<{ rows: string }>(`select count(*) as rows from ${table}`);
    return Number(found.rows[0]?.rows);
  };
  return {
    database,
    count,
    deliveries: () => count('meraki_store.webhook_deliveries'),
    final: async () => (await readCoverage(database.query, KEY)).get(0)?.final ?? [],
    async read(server, lane, { ahead = 0, ...options } = {}) {
      const clock = recordingClock(Date.now() + ahead);
      const { client } = startClient(server.url, { clock });
      return await runLane({
        database,
        partitions: new Partitions(database),
        stream: webhookLogs(KEY, client, settings),
        lane,
        runId: randomUUID(),
        log: testLog,
        clock,
        signal: new AbortController().signal,
        ...options,
      });
    },
  };
}

export const row = (sentAt: Instant, fields: Record<string, unknown> = {}) => ({
  organizationId: '1',
  networkId: 'N_1',
  alertType: 'a',
  url: 'https://x.example/h',
  sentAt: formatInstant(sentAt),
  loggedAt: formatInstant(sentAt + 1_000),
  responseCode: 200,
  responseDuration: 1,
  ...fields,
});

export const minutesAgo = (minutes: number): Instant => instantOfMilliseconds(Date.now()) - minutes * MINUTE;

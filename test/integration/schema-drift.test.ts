import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { instantOfSeconds } from '../../src/instant.ts';
import { createLog } from '../../src/log.ts';
import { webhookLogs } from '../../src/streams/webhook-logs.ts';
import { runLane } from '../../src/sync/run-lane.ts';
import { commitBench } from '../support/commit-bench.ts';
import {
  COUNTS,
  commitReading,
  LOG_FIELDS,
  LOGS,
  logRowWith,
  NOW,
  readCounts,
  SETTINGS,
} from '../support/stream-reads.ts';
import { answer, startClient, startServer } from '../unit/meraki/loopback-server.ts';

const HOUR = instantOfSeconds(3_600);

const bench = commitBench();
const { commit, rows, stored } = bench;

const drift = () =>
  rows('select stream, field, kind, sample_type from meraki.schema_drift order by stream, field, kind');

test('unknown fields of rows that are stored, missing and odd ones of rows that are refused', async () => {
  const { url: _left, ...without } = LOG_FIELDS;
  const noUrl = `{${Object.entries(without)
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`;
  const { drift: fresh } = await commit(
    `[${logRowWith({ retries: '3' })},${noUrl},${logRowWith({ sentAt: '7' })}]`,
  );
  expect(fresh).toHaveLength(3);
  await commitReading(
    bench.owned.database,
    COUNTS,
    await readCounts('[{"startTs":"x","endTs":null,"counts":[{"code":"200","share":0.5}],"note":[]}]'),
  );
  expect(await drift()).toEqual([
    { stream: 'api_responses', field: 'counts[].code', kind: 'type', sample_type: 'string' },
    { stream: 'api_responses', field: 'counts[].count', kind: 'missing', sample_type: null },
    { stream: 'api_responses', field: 'counts[].share', kind: 'unknown', sample_type: 'number' },
    { stream: 'api_responses', field: 'endTs', kind: 'type', sample_type: 'null' },
    { stream: 'api_responses', field: 'note', kind: 'unknown', sample_type: 'array' },
    { stream: 'webhook_logs', field: 'retries', kind: 'unknown', sample_type: 'number' },
    { stream: 'webhook_logs', field: 'sentAt', kind: 'type', sample_type: 'number' },
    { stream: 'webhook_logs', field: 'url', kind: 'missing', sample_type: null },
  ]);
});

test('is told once and written once an hour', async () => {
  const page = `[${logRowWith({ retries: '3' })}]`;
  const version = () => rows('select xmin, ctid, last_seen_at::text from meraki_ingest.schema_drift');
  expect((await commit(page)).drift).toHaveLength(1);
  const first = await version();
  expect((await commit(page, { now: NOW + HOUR })).drift).toEqual([]);
  expect(await version()).toEqual(first);
  expect((await commit(page, { now: NOW + HOUR + 1 })).drift).toEqual([]);
  expect(await version()).not.toEqual(first);
});

test('is a warning in the log, once', async () => {
  const sentAt = `"${new Date(Date.now() - 7_200_000).toISOString()}"`;
  const server = await startServer(
    answer(200, `[${logRowWith({ sentAt, loggedAt: sentAt, retries: '3' })}]`),
  );
  const stream = webhookLogs(LOGS, startClient(server.url).client, SETTINGS);
  const lines = new PassThrough();
  for (let time = 0; time < 2; time += 1) {
    await runLane({
      database: bench.owned.database,
      partitions: new Partitions(bench.owned.database),
      stream,
      lane: 'live',
      runId: randomUUID(),
      log: createLog({ level: 'warn', format: 'json', secrets: [] }, lines),
      clock: systemClock,
      signal: new AbortController().signal,
    });
  }
  lines.end();
  const said = (await text(lines)).trim().split('\n');
  expect(said).toHaveLength(1);
  expect(JSON.parse(said[0] ?? '')).toMatchObject({
    field: 'retries',
    kind: 'unknown',
    sampleType: 'number',
  });
  expect(await stored()).toBe(1);
});

test('names too long for an index, and more names than anybody reads', async () => {
  await commit(`[${logRowWith({ ['n'.repeat(1_000_000)]: '1', responseDuration: '99' })}]`);
  for (let page = 0; page < 12; page += 1) {
    const names = Array.from({ length: 50 }, (_, n) => [`id-${page}-${n}`, '1'] as const);
    await commit(`[${logRowWith({ ...Object.fromEntries(names), responseDuration: String(page) })}]`);
  }
  const found = await rows<{ n: number }>('select count(*)::integer as n from meraki.schema_drift');
  expect(found[0]?.n).toBeLessThan(600);
  expect(await stored()).toBe(12 + 1);
});

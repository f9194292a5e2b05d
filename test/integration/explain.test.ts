import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeApiResponseCounts } from '../../src/db/api-response-counts.ts';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { noteAnswer, saveOrganizations } from '../../src/db/organizations.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { recordFailure } from '../../src/db/stream-standing.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { writeWebhookDeliveries } from '../../src/db/webhook-deliveries.ts';
import { formatInstant, type Instant, instantOfMilliseconds, instantOfSeconds } from '../../src/instant.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import type { StreamKey, StreamName } from '../../src/stream-key.ts';
import { recordLostTime } from '../../src/sync/lost-time.ts';
import { deliveryBatch } from '../support/delivery-batch.ts';
import { buildProgram, type Ended, endPrograms, startProgram } from '../support/program.ts';
import { runHere } from '../support/run-here.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

const HOUR = instantOfSeconds(3_600);
const DAY = 24 * HOUR;
/** On a whole hour, so that buckets begin at it. */
const now = Math.floor(instantOfMilliseconds(Date.now()) / HOUR) * HOUR;
const WIDTH = 3_600;

let owned: TestDatabase;
let directory: string;

const key = (organizationId: string, stream: StreamName = 'webhook_logs', series = 'all'): StreamKey => ({
  organizationId,
  stream,
  series,
});

beforeAll(async () => {
  await buildProgram();
  directory = await mkdtemp(join(tmpdir(), 'historian-explain-'));
  owned = await createTestDatabase();
  const { database } = owned;
  const listed = (state: 'active' | 'api_disabled') => [
    { organizationId: '1', name: 'One', url: null, region: null, state: 'active' as const },
    { organizationId: '2', name: 'Two', url: null, region: null, state },
  ];
  await saveOrganizations(database, listed('active'), now - 50 * DAY);
  await saveOrganizations(database, listed('api_disabled'), now - 4 * DAY);
  for (const stream of [
    key('1'),
    key('1', 'api_responses'),
    key('1', 'api_responses', 'retired'),
    key('2'),
  ]) {
    await rememberStream(
      database,
      stream,
      { wantedFrom: now - 40 * DAY, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 7_200 },
      now - 10 * DAY,
    );
  }
  const read = { from: now - 20 * DAY, to: now - DAY };
  await cover(key('1'), 0, read, { from: now - DAY, to: now - 3 * HOUR });
  await cover(key('1', 'api_responses'), WIDTH, read, { from: now - DAY, to: now - 3 * HOUR });
  await storeRows(now - 10 * DAY);
  await recordLostTime(database, now - DAY);
  await recordFailure(database, key('1'), { code: 'MERAKI_UNREACHABLE', message: 'No answer.' }, now - HOUR);
  const at = (instant: Instant) => formatInstant(instant);
  await database.pool.query("update meraki_ingest.streams set retired_at = $1 where series = 'retired'", [
    at(now - 8 * DAY),
  ]);
  await database.pool.query(
    'update meraki_ingest.streams set dropped_before = $1 where organization_id = $2',
    [at(now - 45 * DAY), '1'],
  );
});

afterAll(async () => {
  await endPrograms();
  await rm(directory, { recursive: true, force: true });
});

async function cover(stream: StreamKey, width: number, final: Range, provisional: Range): Promise<void> {
  await owned.database.transaction(async (tx) => {
    await lockCoverage(tx, stream, [width], now);
    const coverage = {
      final: rangesOf(final),
      provisional: rangesOf(provisional),
      counted: rangesOf(final, provisional),
    };
    await saveCoverage(tx, stream, width, coverage, now);
  });
}

/** Three deliveries, two of them in one second, and a bucket with two codes. */
async function storeRows(moment: Instant): Promise<void> {
  const { database } = owned;
  const partitions = new Partitions(database);
  for (const table of ['webhook_deliveries', 'api_response_counts'] as const) {
    await partitions.ensure(table, { from: moment, to: moment + HOUR });
  }
  await database.transaction(async (tx) => {
    const sent = [moment, moment + 5, moment + instantOfSeconds(59)];
    const deliveries = sent.map((sentAt, index) => ({
      sentAt,
      loggedAt: sentAt,
      fingerprint: BigInt(index),
      occurrence: 0,
      networkKey: 1n,
      alertTypeId: 1n,
      endpointId: 1n,
      responseCode: 200,
      responseDurationMs: 1,
      extra: null,
    }));
    await writeWebhookDeliveries(tx, '1', deliveryBatch(deliveries), now);
    const counts = [
      { bucketStart: moment, responseCode: 200, requestCount: 1_200 },
      { bucketStart: moment, responseCode: 429, requestCount: 3 },
    ];
    const final = rangesOf({ from: moment, to: moment + HOUR });
    const batch = { intervalSeconds: WIDTH, counts, read: final, final };
    await writeApiResponseCounts(tx, key('1', 'api_responses'), batch, [], now);
  });
}

const settings = () => ({ DATABASE_URL: owned.url, DATA_DIR: directory });

/** In a process of its own. */
async function start(...commandLine: readonly string[]): Promise<Ended> {
  return await startProgram(['explain', ...commandLine], settings()).ended;
}

async function run(...commandLine: readonly string[]): Promise<Ended> {
  return await runHere(['explain', ...commandLine], settings());
}

interface Told {
  readonly stream: string;
  readonly series: string;
  readonly verdict: string;
  readonly said: string;
  readonly remedy: string | null;
  readonly deadline: string | null;
}

async function told(organization: string, moment: Instant): Promise<ReadonlyMap<string, Told>> {
  const ended = await run(organization, formatInstant(moment), '--json');
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  const { streams } = JSON.parse(ended.stdout) as { streams: readonly Told[] };
  return new Map(streams.map((one) => [one.series === 'all' ? one.stream : one.series, one]));
}

describe('each verdict', () => {
  test.each<[string, string, string, Instant, string]>([
    [
      'final_with_rows',
      '1',
      'webhook_logs',
      now - 10 * DAY,
      '2 deliveries in its second, 3 in its minute, 3 in its hour',
    ],
    [
      'final_empty',
      '1',
      'webhook_logs',
      now - 10 * DAY + HOUR / 2,
      'no delivery in its minute, 3 in its hour',
    ],
    ['provisional', '1', 'webhook_logs', now - 5 * HOUR, 'may still change'],
    [
      'final_with_rows',
      '1',
      'api_responses',
      now - 10 * DAY + HOUR / 2,
      '1,203 requests (200: 1,200, 429: 3) in its bucket of 1 h',
    ],
    ['final_empty', '1', 'api_responses', now - 10 * DAY + HOUR, 'no request in its bucket of 1 h'],
    ['provisional', '1', 'api_responses', now - 5 * HOUR, 'may still change'],
    ['before_archive', '1', 'webhook_logs', now - 42 * DAY, 'before the archive began'],
    ['dropped', '1', 'webhook_logs', now - 46 * DAY, 'RETENTION'],
    ['lost', '1', 'webhook_logs', now - 35 * DAY, '(not_running)'],
    ['never_read', '1', 'webhook_logs', now - 25 * DAY, 'failed with MERAKI_UNREACHABLE'],
    ['never_read', '1', 'api_responses', now - 25 * DAY, 'the backfill has not come to it'],
    ['not_settled', '1', 'api_responses', now - HOUR, 'not read yet'],
    ['in_future', '1', 'api_responses', now + 2 * HOUR, 'in the future'],
    ['not_wanted', '1', 'retired', now - 5 * DAY, 'not configured'],
    ['organization_disabled', '2', 'webhook_logs', now - 2 * DAY, '(api_disabled)'],
  ])('%s: organization %s, %s', async (verdict, organization, stream, moment, words) => {
    const one = (await told(organization, moment)).get(stream);
    expect(one).toMatchObject({ verdict, said: expect.stringContaining(words) });
    const hasDeadline = ['never_read', 'not_settled', 'organization_disabled'].includes(verdict);
    expect(one?.deadline).toBe(hasDeadline ? formatInstant(moment + 30 * DAY) : null);
  });
});

test('quarantined: read, and what it holds could not be understood', async () => {
  const { pool } = owned.database;
  for (const column of ['sent_at', 'asked_from', 'asked_to']) {
    await pool.query(`alter table meraki_ingest.quarantine add column if not exists ${column} timestamptz`);
  }
  const moment = now - 12 * DAY;
  await pool.query(
    `insert into meraki_ingest.quarantine (organization_id, stream, series, digest, raw, reason, first_seen_at,
       last_seen_at, sent_at, asked_from, asked_to)
     select '1', 'webhook_logs', 'all', digest, '{}', 'no', $1, $1, sent, $2, $3
     from (values ('a', $1::timestamptz), ('b', null)) as r(digest, sent)`,
    [moment, now - 13 * DAY, now - 9 * DAY].map(formatInstant),
  );
  const one = (await told('1', moment)).get('webhook_logs');
  expect(one).toMatchObject({ verdict: 'quarantined', said: expect.stringContaining('1 row of that time') });
  const beside = (await told('1', now - 10 * DAY)).get('webhook_logs');
  expect(beside).toMatchObject({
    verdict: 'final_with_rows',
    remedy: expect.stringContaining('1 row of unknown time'),
  });
});

test('in words: every stream, or the one that is asked for; by name or id; to the minute', async () => {
  const moment = formatInstant(now - 10 * DAY).slice(0, 16);
  const ended = await start('One', `${moment}Z`);
  expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
  expect(ended.stdout).toContain('webhook_logs\n  It was read after it had settled, and holds 2 deliveries');
  expect(ended.stdout).toContain('api_responses/retired\n');
  const one = await run('1', moment, '--stream', 'webhook_logs');
  expect(one.stdout).not.toContain('api_responses');
});

test('a day alone is its beginning, and the answer says so', async () => {
  const { stdout } = await run('1', formatInstant(now - 10 * DAY).slice(0, 10));
  expect(stdout).toContain(`means its beginning: ${formatInstant(now - 10 * DAY).slice(0, 10)}T00:00:00Z`);
});

test('an organization that is not known ends with 2 and the list of those that are', async () => {
  const ended = await start('Three', '2026-11-01T10:00Z');
  expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ended.stderr).toContain('1  One');
  expect(ended.stderr).toContain('2  Two');
});

test('an organization of which nothing was ever read', async () => {
  const three = { organizationId: '3', name: 'Three', url: null, region: null, state: 'active' as const };
  const { database, url } = await createTestDatabase();
  await saveOrganizations(database, [three], now);
  await noteAnswer(database, '3', 'refused', now);
  const ended = await runHere(['explain', '3', '2026-11-01'], { DATABASE_URL: url, DATA_DIR: directory });
  expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('it is paused (refused)') });
});

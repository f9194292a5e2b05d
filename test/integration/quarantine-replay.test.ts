/*
 * `quarantine list` and `quarantine replay`, some of them by the built program. Rows that an older version refused are put into
 * quarantine by hand, with text that this version understands.
 */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { quarantineRows, type RefusedRow } from '../../src/db/quarantine.ts';
import { formatInstant, instantOfSeconds } from '../../src/instant.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { CONTRADICTION } from '../../src/streams/api-response-page.ts';
import { replayWebhookLogs } from '../../src/streams/replay-webhook-logs.ts';
import { replayQuarantine } from '../../src/sync/replay.ts';
import { buildProgram, type Ended, expectPresentable, startProgram } from '../support/program.ts';
import { runHere } from '../support/run-here.ts';
import { ASKED, COUNTS, commitReading, LOGS, NOW, readCounts, readLogs } from '../support/stream-reads.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';

const HOUR = instantOfSeconds(3_600);
const SECRET = 'secret-in-the-path';

let owned: TestDatabase;

beforeAll(buildProgram, 120_000);
beforeEach(async () => {
  owned = await emptyTestDatabase();
  await owned.database.pool.query(
    `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
     values ('1', 'One', now(), now())`,
  );
});

const logRow = (second: number, more: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify({
    organizationId: '1',
    networkId: 'N_1',
    alertType: 'a',
    url: `https://x.example/${SECRET}`,
    sentAt: formatInstant(ASKED.from + second * 1_000_000),
    loggedAt: formatInstant(ASKED.from + second * 1_000_000 + 9),
    responseCode: 200,
    responseDuration: 9,
    ...more,
  });
const bucketAt = (hour: number, count: number) =>
  JSON.stringify({
    startTs: formatInstant(ASKED.from + hour * HOUR),
    endTs: formatInstant(ASKED.from + (hour + 1) * HOUR),
    counts: [{ code: 200, count }],
  });

const refused = (raw: string, copies = 1, reason = 'refused by an older version'): RefusedRow => ({
  raw,
  reason,
  copies,
  sentAt: null,
});

async function quarantine(
  key: StreamKey,
  rows: readonly RefusedRow[],
  asked: Range = ASKED,
  now = NOW,
): Promise<void> {
  await owned.database.transaction((tx) => quarantineRows(tx, key, rows, { asked, limit: 1_000_000 }, now));
}

/** In a process of its own. */
async function start(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await startProgram(['quarantine', ...commandLine], { DATABASE_URL: owned.url }).ended;
  expectPresentable(ended, []);
  return ended;
}

async function run(...commandLine: readonly string[]): Promise<Ended> {
  const ended = await runHere(['quarantine', ...commandLine], { DATABASE_URL: owned.url });
  expectPresentable(ended, []);
  return ended;
}

interface Replayed {
  readonly stored: number;
  readonly known: number;
  readonly refused: number;
  readonly reasons: readonly { readonly reason: string; readonly rows: number }[];
}

async function replay(...more: readonly string[]): Promise<readonly [Replayed | undefined, number | null]> {
  const { stdout, exitCode } = await run('replay', '--json', ...more);
  return [JSON.parse(stdout).streams[0], exitCode];
}

async function rows(query: string): Promise<unknown[]> {
  return (await owned.database.pool.query(query)).rows;
}

const deliveries = () =>
  rows(`select sent_at::text as sent_at, occurrence from meraki.webhook_deliveries order by 1, 2`);
const left = () => rows('select reason, copies::integer as copies from meraki.quarantine order by 1');

describe('quarantine list', () => {
  test('ends with 0 when there is nothing', async () => {
    expect(await start('list')).toMatchObject({ exitCode: 0, stdout: 'Nothing is in quarantine.\n' });
    expect(JSON.parse((await run('list', '--json')).stdout)).toEqual({ rows: [] });
  });

  test('shows why and how often, and the text only when it is asked for; ends with 7', async () => {
    await quarantine(LOGS, [refused(logRow(1, { responseCode: null }), 2, 'responseCode: is null')]);
    await quarantine({ ...COUNTS, organizationId: '2' }, [refused('{ "a":\t1e400 }', 1, 'bucket: is odd')]);
    const table = await start('list');
    expect(table).toMatchObject({ exitCode: 7, stderr: '' });
    expect(table.stdout).toMatch(/1 +webhook_logs .* 2 .*responseCode: is null/);
    expect(table.stdout).toContain('bucket: is odd');
    expect(table.stdout).not.toContain(SECRET);
    expect((await run('list', '--raw', '--stream', 'webhook_logs')).stdout).toContain(SECRET);
    const listed = await run('list', '--json', '--organization', '2');
    expect(listed.exitCode).toBe(7);
    expect(JSON.parse(listed.stdout).rows).toEqual([
      {
        organizationId: '2',
        stream: 'api_responses',
        series: 'all',
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        reason: 'bucket: is odd',
        copies: 1,
        sentAt: null,
        firstSeenAt: '2026-01-15 12:00:00+00',
        lastSeenAt: '2026-01-15 12:00:00+00',
        raw: '{ "a":\t1e400 }',
      },
    ]);
    expect((await run('list', '--organization', '3')).exitCode).toBe(0);
    expect((await run('list', '--stream', 'events')).exitCode).toBe(2);
  });

  test('lists more rows than one batch holds', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_203 }, (_, n) => refused(`{"n":${n}}`)),
    );
    const { stdout } = await run('list', '--json');
    expect(new Set(JSON.parse(stdout).rows.map(({ raw }: { raw: string }) => raw)).size).toBe(1_203);
    expect((await run('list')).stdout).toContain('1,003 more');
  });
});

describe('quarantine replay of webhook logs', () => {
  test('stores what passes now with its copies, keeps what does not, and tells both', async () => {
    await quarantine(LOGS, [
      refused(logRow(1), 3),
      refused(logRow(2, { detail: { id: 1 } })),
      refused(logRow(3, { responseCode: 'x' }), 2),
      refused(logRow(-90_000)),
      refused('null'),
    ]);
    const [replayed, exitCode] = await replay();
    expect(exitCode).toBe(7);
    expect(replayed).toMatchObject({ stored: 4, known: 0, refused: 4 });
    expect(replayed?.reasons).toHaveLength(3);
    expect((await deliveries()).length).toBe(4);
    expect(await rows('select extra from meraki.webhook_deliveries where extra is not null')).toEqual([
      { extra: { detail: { id: 1 } } },
    ]);
    expect(await left()).toHaveLength(3);
    expect(await rows('select name from meraki.alert_types')).toEqual([{ name: 'a' }]);
    expect(await start('replay')).toMatchObject({
      ...{ exitCode: 7, stdout: expect.stringContaining('still refused'), stderr: '' },
    });
    expect((await deliveries()).length).toBe(4);
  });

  test('what a read stored meanwhile is known, and what is stored a later read finds', async () => {
    const page = `[${logRow(1)},${logRow(1)},${logRow(2)}]`;
    await quarantine(LOGS, [refused(logRow(1), 2), refused(logRow(5))]);
    await commitReading(owned.database, LOGS, await readLogs(page));
    expect(await replay()).toMatchObject([{ stored: 1, known: 2, refused: 0 }, 0]);
    const before = await deliveries();
    expect(before).toHaveLength(4);
    const again = await commitReading(
      owned.database,
      LOGS,
      await readLogs(`[${page.slice(1, -1)},${logRow(5)}]`),
    );
    expect(again.counts).toMatchObject({ rowsNew: 0, rowsKnown: 4 });
    expect(await deliveries()).toEqual(before);
    expect(await left()).toEqual([]);
  });

  test('only the organization and stream that are named', async () => {
    await quarantine(LOGS, [refused(logRow(1))]);
    expect((await replay('--organization', '2'))[0]).toBeUndefined();
    expect((await replay('--stream', 'api_responses'))[0]).toBeUndefined();
    expect(await replay('--organization', '1')).toMatchObject([{ stored: 1 }, 0]);
  });

  test('a row from before the window was noted', async () => {
    await quarantine(LOGS, [refused(logRow(1)), refused(logRow(400 * 86_400))]);
    await owned.database.pool.query(
      'update meraki_ingest.quarantine set copies = null, asked_from = null, asked_to = null',
    );
    expect(await replay()).toMatchObject([{ stored: 1, refused: 1 }, 7]);
  });

  test('several at once, beside pages that are committed: each row once', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_200 }, (_, second) => refused(logRow(second), 1 + (second % 2))),
    );
    const page = await readLogs(`[${Array.from({ length: 600 }, (_, second) => logRow(second)).join(',')}]`);
    const partitions = new Partitions(owned.database);
    const one = () =>
      replayQuarantine(
        owned.database,
        partitions,
        LOGS,
        replayWebhookLogs,
        () => NOW,
        new AbortController().signal,
      );
    const [first, second, third] = await Promise.all([
      one(),
      one(),
      one(),
      commitReading(owned.database, LOGS, page, { partitions }),
    ]);
    expect(first.stored + second.stored + third.stored).toBeGreaterThanOrEqual(1_200);
    expect(await deliveries()).toHaveLength(1_800);
    expect(await left()).toEqual([]);
  });

  test('stopped between two batches it has moved whole batches, and goes on when run again', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_200 }, (_, second) => refused(logRow(second))),
    );
    const stopping = new AbortController();
    let batches = 0;
    const now = () => {
      batches += 1;
      if (batches === 2) stopping.abort(new Error('stopped'));
      return NOW;
    };
    const partitions = new Partitions(owned.database);
    await expect(
      replayQuarantine(owned.database, partitions, LOGS, replayWebhookLogs, now, stopping.signal),
    ).rejects.toThrow('stopped');
    expect((await deliveries()).length + (await left()).length).toBe(1_200);
    expect(await left()).toHaveLength(200);
    expect(await replay()).toMatchObject([{ stored: 200, known: 0 }, 0]);
    expect(await deliveries()).toHaveLength(1_200);
  });
});

describe('quarantine replay of counts', () => {
  const counts = () =>
    rows(`select (extract(epoch from bucket_start - '${formatInstant(ASKED.from)}'::timestamptz) / 3600)::integer as hour,
      request_count::integer as count, is_final, revision from meraki.api_responses order by 1`);
  const coverage = async () => (await readCoverage(owned.database.query, COUNTS)).get(3_600);

  test('I5 a bucket is stored where nothing is, provisionally, and a later read makes it final', async () => {
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(4, 1), 2)]);
    expect(await replay()).toMatchObject([{ stored: 2, known: 1, refused: 0 }, 0]);
    expect(await counts()).toEqual([
      { hour: 2, count: 7, is_final: false, revision: 0 },
      { hour: 4, count: 1, is_final: false, revision: 0 },
    ]);
    expect(await coverage()).toMatchObject({
      final: [],
      provisional: rangesOf(
        { from: ASKED.from + 2 * HOUR, to: ASKED.from + 3 * HOUR },
        { from: ASKED.from + 4 * HOUR, to: ASKED.from + 5 * HOUR },
      ),
    });
    await commitReading(owned.database, COUNTS, await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`));
    expect((await counts())[1]).toEqual({ hour: 2, count: 8, is_final: true, revision: 0 });
  });

  test('I5 final figures are left alone: the bucket was read again, and leaves', async () => {
    await commitReading(owned.database, COUNTS, await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`));
    const before = await counts();
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(1, 99), 1, CONTRADICTION)]);
    expect(await replay()).toMatchObject([{ stored: 0, known: 2, refused: 0 }, 0]);
    expect(await counts()).toEqual(before);
    expect(await rows('select * from meraki_store.api_response_revisions')).toEqual([]);
  });

  test('what cannot be told to be true stays: provisional time, half a bucket, contradictions, no window', async () => {
    const provisional = await readCounts(`[${bucketAt(1, 3)},${bucketAt(2, 8)}]`, ASKED.from);
    await commitReading(owned.database, COUNTS, provisional);
    const before = await counts();
    await quarantine(COUNTS, [refused(bucketAt(2, 7)), refused(bucketAt(5, 1), 1, CONTRADICTION)]);
    await quarantine(COUNTS, [refused(bucketAt(7, 1))], { from: ASKED.from, to: ASKED.from + 7.5 * HOUR });
    await quarantine(COUNTS, [refused(bucketAt(9, 1)), refused('{}')]);
    await owned.database.pool.query(
      `update meraki_ingest.quarantine set asked_from = null, asked_to = null where raw like '%T21:00%'`,
    );
    const [replayed, exitCode] = await replay();
    expect({ replayed, exitCode }).toMatchObject({
      replayed: { stored: 0, known: 0, refused: 5 },
      exitCode: 7,
    });
    expect(await counts()).toEqual(before);
    expect(await left()).toHaveLength(5);
  });

  test('of several readings of one bucket the newest is stored', async () => {
    await quarantine(COUNTS, [refused(bucketAt(2, 7))], ASKED, NOW);
    await quarantine(COUNTS, [refused(bucketAt(2, 9))], ASKED, NOW + HOUR);
    await quarantine(COUNTS, [refused(bucketAt(2, 8))], ASKED, NOW - HOUR);
    expect(await replay()).toMatchObject([{ stored: 1, refused: 2 }, 7]);
    expect(await counts()).toEqual([{ hour: 2, count: 9, is_final: false, revision: 0 }]);
  });
});

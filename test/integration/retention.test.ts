import { beforeEach, expect, test } from 'vitest';
import { lockCoverage, readCoverage, saveCoverage } from '../../src/db/coverage.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { readStream, rememberStream } from '../../src/db/streams.ts';
import { addVerified, readVerified } from '../../src/db/verified-time.ts';
import { writeWebhookDeliveries } from '../../src/db/webhook-deliveries.ts';
import { type Instant, parseInstant } from '../../src/instant.ts';
import { dropOldMonths } from '../../src/jobs/keep-no-longer.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { deliveryBatch } from '../support/delivery-batch.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const key: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
const now = at('2026-11-15T12:00:00Z');
const whole: Range = { from: at('2026-03-10T00:00:00Z'), to: now };

let owned: TestDatabase;

beforeEach(async () => {
  owned = await createTestDatabase();
  const { database } = owned;
  await new Partitions(database).ensure('webhook_deliveries', whole);
  await rememberStream(
    database,
    key,
    { wantedFrom: whole.from, lookbackSeconds: 86_400, expectedLagSeconds: 60 },
    now,
  );
  await database.transaction(async (tx) => {
    const sent = ['2026-03-11T00:00:00Z', '2026-04-30T23:59:59.999999Z', '2026-05-01T00:00:00Z'];
    await writeWebhookDeliveries(
      tx,
      key.organizationId,
      deliveryBatch(
        sent.map((text) => ({
          sentAt: at(text),
          loggedAt: at(text),
          fingerprint: 1n,
          occurrence: 0,
          networkKey: 1n,
          alertTypeId: 1n,
          endpointId: 1n,
          responseCode: 200,
          responseDurationMs: 1,
          extra: null,
        })),
      ),
      now,
    );
    await lockCoverage(tx, key, [0], now);
    await saveCoverage(
      tx,
      key,
      0,
      { final: rangesOf(whole), provisional: [], counted: rangesOf(whole) },
      now,
    );
    await addVerified(tx, key, 0, rangesOf(whole), rangesOf(whole), now);
  });
});

function at(text: string): Instant {
  return parseInstant(text) ?? Number.NaN;
}

async function stored(): Promise<string[]> {
  const found = await owned.database.pool.query<{ sent: string }>(
    'select sent_at::text as sent from meraki_store.webhook_deliveries order by sent_at',
  );
  return found.rows.map((row) => row.sent);
}

test('months that lie wholly before are dropped, and no claim to them is left (I2)', async () => {
  const { dropped, inUse } = await dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now);
  expect(inUse).toEqual([]);
  expect([...dropped].sort()).toEqual(['webhook_deliveries_2026_03', 'webhook_deliveries_2026_04']);
  expect(await stored()).toEqual(['2026-05-01 00:00:00+00']);
  const kept = rangesOf({ from: at('2026-05-01T00:00:00Z'), to: now });
  const coverage = (await readCoverage(owned.database.query, key)).get(0);
  expect(coverage).toEqual({ final: kept, provisional: [], counted: kept });
  expect((await readVerified(owned.database.query, key)).get(0)).toEqual(kept);
  const record = await readStream(owned.database.query, key);
  expect(record?.wantedFrom).toBe(at('2026-05-01T00:00:00Z'));
  const gaps = await owned.database.pool.query('select * from meraki.gaps where gap_to < $1', ['2026-11-01']);
  expect(gaps.rows).toEqual([]);
});

test("a clock that is ahead drops nothing before its time, be it this machine's or Meraki's", async () => {
  const { database } = owned;
  const drop = (meraki: Instant, machine: Instant) =>
    dropOldMonths({
      database,
      client: { now: () => meraki },
      clock: { now: () => machine / 1_000 },
      log: testLog,
      retentionSeconds: 365 * 86_400,
    });
  const ahead = at('2029-01-01T00:00:00Z');
  await drop(ahead, now);
  await drop(now, ahead);
  expect(await stored()).toHaveLength(3);
  await drop(ahead, ahead);
  expect(await stored()).toEqual([]);
});

test('a month that the time lies in is kept whole', async () => {
  const { dropped } = await dropExpired(owned.database, at('2026-03-31T23:59:59Z'), now);
  expect(dropped).toEqual([]);
  expect(await stored()).toHaveLength(3);
});

test('doing it again does nothing', async () => {
  await dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now);
  expect(await dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now)).toEqual({
    dropped: [],
    inUse: [],
  });
});

test('rows stay when their coverage cannot be forgotten (I2)', async () => {
  await owned.database.pool.query('alter table meraki_ingest.coverage rename to elsewhere');
  await expect(dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now)).rejects.toThrow();
  expect(await stored()).toHaveLength(3);
});

test('a month that somebody has at work is left for another time, and nobody waits behind it', async () => {
  const { pool } = owned.database;
  const [packing, reader] = [await pool.connect(), await pool.connect()];
  try {
    // What building an index anew holds, for as long as it takes.
    await packing.query(
      'begin; lock table meraki_store.webhook_deliveries_2026_03 in share update exclusive mode',
    );
    const expired = await dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now);
    expect(expired).toEqual({ dropped: [], inUse: ['webhook_deliveries'] });
    await reader.query(`set lock_timeout = '1ms'; select from meraki_store.webhook_deliveries`);
    expect(await stored()).toHaveLength(3);
    await packing.query('commit');
    const { dropped } = await dropExpired(owned.database, at('2026-05-20T00:00:00Z'), now);
    expect(dropped).toHaveLength(2);
  } finally {
    packing.release(true);
    reader.release(true);
  }
});

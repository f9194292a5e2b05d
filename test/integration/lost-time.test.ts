import { describe, expect, test } from 'vitest';
import { lockCoverage, saveCoverage } from '../../src/db/coverage.ts';
import type { Database } from '../../src/db/database.ts';
import { findUnrecorded } from '../../src/db/lost-time.ts';
import { saveOrganizations } from '../../src/db/organizations.ts';
import { dropExpired } from '../../src/db/retention.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import { type Range, rangesOf } from '../../src/ranges.ts';
import type { StreamKey } from '../../src/stream-key.ts';
import { recordLostTime } from '../../src/sync/lost-time.ts';
import { DAY, lostGaps, lostTime } from '../support/lost-time-ledger.ts';
import { createTestDatabase } from '../support/test-database.ts';

describe('the record', () => {
  const key: StreamKey = { organizationId: '1', stream: 'webhook_logs', series: 'all' };
  const now = instantOfMilliseconds(Date.now());
  const wantedFrom = now - 40 * DAY;

  /** A stream whose source keeps 30 days, covered in these stretches. */
  async function setUpStream(...covered: readonly Range[]): Promise<Database> {
    const { database } = await createTestDatabase();
    await saveOrganizations(
      database,
      [{ organizationId: '1', name: 'One', url: null, region: null, state: 'active' }],
      wantedFrom,
    );
    await rememberStream(
      database,
      key,
      { wantedFrom, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 },
      wantedFrom,
    );
    await cover(database, ...covered);
    return database;
  }

  async function cover(database: Database, ...covered: readonly Range[]): Promise<void> {
    const final = rangesOf(...covered);
    await database.transaction(async (tx) => {
      await lockCoverage(tx, key, [0], now);
      await saveCoverage(tx, key, 0, { final, provisional: [], counted: final }, now);
    });
  }

  test('is the same however many workers make it at once, and made again', async () => {
    const database = await setUpStream({ from: wantedFrom + DAY, to: wantedFrom + 2 * DAY });
    const told = await Promise.all(Array.from({ length: 8 }, () => recordLostTime(database, now)));
    expect(told.flat()).toHaveLength(2);
    const lost = await lostTime(database);
    expect(lost).toMatchObject([
      { from: wantedFrom, to: wantedFrom + DAY, lostAt: wantedFrom + 31 * DAY, reason: 'not_running' },
      { from: wantedFrom + 2 * DAY, to: now - 30 * DAY, lostAt: now, reason: 'not_running' },
    ]);
    expect(await recordLostTime(database, now)).toEqual([]);
    expect(await lostTime(database)).toEqual(lost);
    expect(await findUnrecorded(database.query, now)).toEqual([]);
  });

  test('grows while the reason stays, and begins anew with another', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now - 2 * DAY);
    expect(await recordLostTime(database, now - DAY)).toEqual([]);
    await saveOrganizations(
      database,
      [{ organizationId: '1', name: 'One', url: null, region: null, state: 'api_disabled' }],
      now - DAY,
    );
    await recordLostTime(database, now);
    expect(await lostTime(database)).toMatchObject([
      {
        from: wantedFrom,
        to: now - 31 * DAY,
        lostAt: now - DAY,
        noticedAt: now - 2 * DAY,
        reason: 'not_running',
      },
      { from: now - 31 * DAY, to: now - 30 * DAY, lostAt: now, noticedAt: now, reason: 'api_disabled' },
    ]);
  });

  test('a clock that was set back takes nothing back', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now);
    const lost = await lostTime(database);
    await recordLostTime(database, now - 3 * DAY);
    expect(await lostTime(database)).toEqual(lost);
  });

  test('stays when its time is covered after all, and is no gap any more', async () => {
    const database = await setUpStream();
    await recordLostTime(database, now);
    await cover(database, { from: wantedFrom, to: now });
    await recordLostTime(database, now);
    expect(await lostTime(database)).toMatchObject([{ from: wantedFrom, recovered: true }]);
    expect(await lostGaps(database)).toEqual([]);
  });

  test('stays lost in the views while the source is believed to keep more', async () => {
    const database = await setUpStream({ from: now - 30 * DAY, to: now });
    await recordLostTime(database, now);
    await database.pool.query('update meraki_ingest.streams set lookback_seconds = 90 * 86400');
    const gaps = await database.pool.query('select state, reason from meraki.gaps');
    expect(gaps.rows).toEqual([{ state: 'lost', reason: 'not_running' }]);
  });

  test('has nothing of what retention dropped', async () => {
    const database = await setUpStream({ from: wantedFrom, to: now });
    const month = new Date(wantedFrom / 1_000).toISOString().slice(0, 7).replace('-', '_');
    const partition = `meraki_store.webhook_deliveries_${month}`;
    const first = new Date(`${month.replace('_', '-')}-01T00:00:00Z`);
    const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1));
    await database.pool.query(
      `create table if not exists ${partition} partition of meraki_store.webhook_deliveries
       for values from ('${first.toISOString()}') to ('${next.toISOString()}')`,
    );
    const { dropped } = await dropExpired(database, instantOfMilliseconds(next.getTime()), now);
    expect(dropped).toHaveLength(1);
    await recordLostTime(database, now);
    expect(await lostTime(database)).toEqual([]);
    expect(await lostGaps(database)).toEqual([]);
  });
});

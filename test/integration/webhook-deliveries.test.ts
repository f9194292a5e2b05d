import { describe, expect, test } from 'vitest';
import { lockCoverage } from '../../src/db/coverage.ts';
import { writeWebhookDeliveries } from '../../src/db/webhook-deliveries.ts';
import type { Instant } from '../../src/instant.ts';
import { UNFILTERED } from '../../src/stream-key.ts';
import { deliveryBatch } from '../support/delivery-batch.ts';
import {
  batchOf,
  emptyArchiveForEachTest,
  HOUR,
  LEAST,
  MOST,
  member,
  NOW,
  owned,
  ROW,
  rows,
  SENT,
  versions,
  write,
} from '../support/delivery-writes.ts';

emptyArchiveForEachTest();

describe('deliveries', () => {
  test('keep their microseconds, their 64-bit keys and what this version does not know', async () => {
    const extra = { 'new field': [1, null, { deep: 'ü' }], 'big-ish': 9_007_199_254_740_991 };
    expect(await write(batchOf({ ...ROW, extra: JSON.stringify(extra) }))).toEqual({
      rowsNew: 1,
      rowsKnown: 0,
    });
    expect(
      await rows(`select sent_at::text, logged_at::text, loaded_at::text, fingerprint, network_key,
        alert_type_id, endpoint_id, response_code, response_duration_ms, occurrence, extra
        from meraki_store.webhook_deliveries`),
    ).toEqual([
      {
        sent_at: '2026-01-15 12:00:00.940999+00',
        logged_at: '2026-01-15 12:00:00.955+00',
        loaded_at: '2026-01-15 12:05:00.000001+00',
        fingerprint: LEAST,
        network_key: MOST,
        alert_type_id: '-1',
        endpoint_id: LEAST,
        response_code: 200,
        response_duration_ms: 14,
        occurrence: 0,
        extra,
      },
    ]);
  });

  test('I1: wholly identical ones are rows of their own, and read again they are known', async () => {
    const twins = batchOf(ROW, { ...ROW, occurrence: 1 }, { ...ROW, fingerprint: BigInt(MOST) });
    expect(await write(twins)).toEqual({ rowsNew: 3, rowsKnown: 0 });
    expect(await write(twins)).toEqual({ rowsNew: 0, rowsKnown: 3 });
    const later = batchOf(ROW, { ...ROW, occurrence: 2 });
    expect(await write(later)).toEqual({ rowsNew: 1, rowsKnown: 1 });
    expect(await rows('select occurrence from meraki_store.webhook_deliveries order by 1')).toEqual(
      [0, 0, 1, 2].map((occurrence) => ({ occurrence })),
    );
  });

  test('a re-read that changes nothing writes nothing', async () => {
    const batch = batchOf(ROW, { ...ROW, occurrence: 1 });
    await write(batch);
    const before = await versions();
    await write(batch, '1', NOW + HOUR);
    expect(await versions()).toEqual(before);
  });

  test('are told apart by a microsecond', async () => {
    expect(await write(batchOf(ROW, { ...ROW, sentAt: SENT + 1 }))).toEqual({ rowsNew: 2, rowsKnown: 0 });
  });

  test('belong to one organization', async () => {
    await write(batchOf(ROW), '1');
    expect(await write(batchOf(ROW), '2')).toEqual({ rowsNew: 1, rowsKnown: 0 });
    expect(
      await rows('select organization_id, network_id from meraki.webhook_deliveries order by 1'),
    ).toEqual([
      { organization_id: '1', network_id: 'N_1' },
      { organization_id: '2', network_id: 'N_1' },
    ]);
  });

  test('without a partition the page fails whole, its dimensions too', async () => {
    const misplaced = batchOf({ ...ROW, sentAt: SENT + HOUR * 24 * 60 });
    await expect(write(misplaced)).rejects.toMatchObject({ facts: { sqlstate: '23514' } });
    expect(await rows('select from meraki_store.networks')).toEqual([]);
  });

  test('none, no statement', async () => {
    expect(await write(batchOf())).toEqual({ rowsNew: 0, rowsKnown: 0 });
    expect(await rows('select from meraki_store.alert_types')).toEqual([]);
  });

  test('written by two workers at once are stored once', async () => {
    const batch = batchOf(...Array.from({ length: 500 }, (_, occurrence) => ({ ...ROW, occurrence })));
    const key = { organizationId: '1', stream: 'webhook_logs', series: UNFILTERED } as const;
    const commit = () =>
      owned.database.transaction(async (tx) => {
        await lockCoverage(tx, key, [0], NOW);
        return await writeWebhookDeliveries(tx, '1', batch, NOW);
      });
    const counts = await Promise.all([commit(), commit()]);
    expect(counts.reduce((sum, { rowsNew }) => sum + rowsNew, 0)).toBe(500);
    expect(await rows('select count(*)::integer from meraki_store.webhook_deliveries')).toEqual([
      { count: 500 },
    ]);
  });
});

describe('dimensions', () => {
  const seen = `select first_seen_at::text as first, last_seen_at::text as last from meraki_store.networks`;

  test('are written with their page', async () => {
    await write(batchOf(ROW));
    expect(
      await rows('select network_id, alert_type, url, url_host, endpoint_id from meraki.webhook_deliveries'),
    ).toEqual([
      {
        network_id: 'N_1',
        alert_type: '',
        url: 'https://chat.test/***',
        url_host: 'chat.test',
        endpoint_id: LEAST,
      },
    ]);
  });

  test('show the whole URL where the setting says so', async () => {
    await write(batchOf(ROW));
    await rows(`insert into meraki_ingest.settings values ('webhook_urls', 'full')`);
    const whole = [{ url: 'https://chat.test/secret' }];
    expect(await rows('select url from meraki.webhook_deliveries')).toEqual(whole);
    expect(await rows('select name as url from meraki.webhook_endpoints')).toEqual(whole);
    expect(await rows('select url from meraki.webhook_endpoint_health')).toEqual(whole);
  });

  test('widen the time they were seen: to earlier at once, to later by steps of an hour', async () => {
    const at = (first: Instant, last: Instant) =>
      deliveryBatch([ROW], { networks: [member(MOST, 'N_1', first, last)] });
    await write(batchOf(ROW));
    await write(at(SENT, SENT + HOUR));
    expect(await rows(seen)).toEqual([
      { first: '2026-01-15 12:00:00.940999+00', last: '2026-01-15 12:00:00.940999+00' },
    ]);
    await write(at(SENT, SENT + HOUR + 1));
    await write(at(SENT - 1, SENT));
    expect(await rows(seen)).toEqual([
      { first: '2026-01-15 12:00:00.940998+00', last: '2026-01-15 13:00:00.941+00' },
    ]);
  });
});

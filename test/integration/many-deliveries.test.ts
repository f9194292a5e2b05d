/* So many deliveries in one page that they are compared by a digest, and those of new time are copied. */
import { describe, expect, test } from 'vitest';
import { copyIn } from '../../src/db/copy-in.ts';
import { openDatabase } from '../../src/db/database.ts';
import { copyOfDeliveries } from '../../src/db/delivery-rows.ts';
import { recordStatements } from '../statements/record-statements.ts';
import { deliveryColumns, type WebhookDelivery } from '../support/delivery-batch.ts';
import {
  batchOf,
  emptyArchiveForEachTest,
  HOUR,
  LEAST,
  MOST,
  NOW,
  owned,
  ROW,
  rows,
  SENT,
  versions,
  write,
} from '../support/delivery-writes.ts';
import { testLog } from '../support/test-log.ts';

emptyArchiveForEachTest();

describe('deliveries', () => {
  test('I1: so many that it is looked whether their time is new are stored once, however often they come', async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({ ...ROW, sentAt: SENT + index }));
    expect(await write(batchOf(...many, ROW))).toEqual({ rowsNew: 600, rowsKnown: 1 });
    expect(await write(batchOf(...many))).toEqual({ rowsNew: 0, rowsKnown: 600 });
    const half = many.map((row) => ({ ...row, sentAt: row.sentAt + 300 }));
    expect(await write(batchOf(...half))).toEqual({ rowsNew: 300, rowsKnown: 300 });
    expect(await rows('select count(*)::integer as rows from meraki_store.webhook_deliveries')).toEqual([
      { rows: 900 },
    ]);
  });

  test('so many that are stored are not sent again, also where rows of other pages share their first and last instant', async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({ ...ROW, sentAt: SENT + index }));
    const neighbours = [0, 599].map((index) => ({ ...ROW, sentAt: SENT + index, occurrence: 1 }));
    await write(batchOf(...many, ...neighbours));
    const recorded = recordStatements(owned.name);
    const sent = () =>
      recorded.issued.filter(({ text }) => text.includes('into meraki_store.webhook_deliveries'));
    try {
      expect(await write(batchOf(...many))).toEqual({ rowsNew: 0, rowsKnown: 600 });
      expect(sent()).toEqual([]);
      const other = { ...ROW, sentAt: SENT, occurrence: 2 };
      expect(await write(batchOf(...many.slice(1), other))).toEqual({ rowsNew: 1, rowsKnown: 599 });
      expect(sent()).toHaveLength(1);
    } finally {
      recorded.stop();
    }
  });

  test('I1: so many, of which some lie where others are stored, are stored once each', async () => {
    const at = (index: number, occurrence = 0) => ({ ...ROW, sentAt: SENT + index, occurrence });
    await write(batchOf(at(300), at(302), at(310)));
    const many = Array.from({ length: 600 }, (_, index) => at(index));
    const batch = batchOf(...many, at(300, 1), at(310, 1), at(0), at(599));
    expect(await write(batch)).toEqual({ rowsNew: 599, rowsKnown: 5 });
    expect(await rows('select count(*)::integer as count from meraki_store.webhook_deliveries')).toEqual([
      { count: 602 },
    ]);
    expect(await write(batch)).toEqual({ rowsNew: 0, rowsKnown: 604 });
  });

  test('so many keep everything as well, to the ends of its range', async () => {
    const extra = { 'new field': [1, null, { deep: 'ü' }], 'big-ish': 9_007_199_254_740_991 };
    const many = Array.from({ length: 600 }, (_, index) => ({
      ...ROW,
      sentAt: SENT + index,
      responseCode: -(2 ** 31) + index,
      extra: index % 2 === 0 ? null : JSON.stringify({ ...extra, index }),
    }));
    expect(await write(batchOf(...many), 'Zürich')).toEqual({ rowsNew: 600, rowsKnown: 0 });
    expect(
      await rows(`select organization_id, sent_at::text, logged_at::text, loaded_at::text, fingerprint, network_key,
        alert_type_id, endpoint_id, response_code, response_duration_ms, occurrence, extra
        from meraki_store.webhook_deliveries order by sent_at limit 2`),
    ).toEqual(
      [null, { ...extra, index: 1 }].map((kept, index) => ({
        organization_id: 'Zürich',
        sent_at: ['2026-01-15 12:00:00.940999+00', '2026-01-15 12:00:00.941+00'][index],
        logged_at: '2026-01-15 12:00:00.955+00',
        loaded_at: '2026-01-15 12:05:00.000001+00',
        fingerprint: LEAST,
        network_key: MOST,
        alert_type_id: '-1',
        endpoint_id: LEAST,
        response_code: -(2 ** 31) + index,
        response_duration_ms: 14,
        occurrence: 0,
        extra: kept,
      })),
    );
  });

  test('so many without a partition fail whole, and their connection serves on', async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({
      ...ROW,
      sentAt: SENT - 365 * 24 * HOUR + index,
    }));
    await expect(write(batchOf(...many))).rejects.toMatchObject({ code: 'DATABASE_REFUSED' });
    expect(await rows('select from meraki_store.networks')).toEqual([]);
    expect(await write(batchOf(...many.map((row, index) => ({ ...row, sentAt: SENT + index }))))).toEqual({
      rowsNew: 600,
      rowsKnown: 0,
    });
  });

  test('so many that Postgres refuses fail at once also where the URL gives statements a time', async () => {
    const database = openDatabase(`${owned.url}?query_timeout=600000`, testLog);
    const twice = () =>
      database.transaction((tx) =>
        copyIn(tx, copyOfDeliveries('1', deliveryColumns([ROW, ROW]), [0, 1], NOW)),
      );
    await expect(twice()).rejects.toMatchObject({ facts: { sqlstate: '23505' } });
    await database.close();
  });

  test('I1: so many that are nearly what is stored are told from it, whatever the difference', async () => {
    const many = Array.from({ length: 600 }, (_, index) => ({
      ...ROW,
      sentAt: SENT + index,
      fingerprint: BigInt(index - 300) * 6_364_136_223_846_793n,
      occurrence: index % 2,
    }));
    const but = (place: number, change: Partial<WebhookDelivery>) =>
      many.map((row, index) => (index === place ? { ...row, ...change } : row));
    await write(batchOf(...many));
    for (const [place, copies] of [
      [17, 5],
      [599, 2],
    ] as const) {
      // As many rows as before; so are those in which two copies trade numbers, which leaves every plain sum alone.
      const fingerprint = BigInt(many[place]?.fingerprint ?? 0) + 1n;
      const [one, other] = [many[place], many[place - 1]];
      expect(await write(batchOf(...but(place, { fingerprint })))).toMatchObject({ rowsNew: 1 });
      await owned.database.pool.query('delete from meraki_store.webhook_deliveries where fingerprint = $1', [
        String(fingerprint),
      ]);
      expect(await write(batchOf(...but(place, { occurrence: copies })))).toMatchObject({ rowsNew: 1 });
      await owned.database.pool.query('delete from meraki_store.webhook_deliveries where occurrence = $1', [
        copies,
      ]);
      const traded = many.map((row) => {
        if (row === one) return { ...row, occurrence: other?.occurrence ?? 0 };
        return row === other ? { ...row, occurrence: one?.occurrence ?? 0 } : row;
      });
      expect(await write(batchOf(...traded))).toMatchObject({ rowsNew: 2 });
      await owned.database.pool.query('truncate meraki_store.webhook_deliveries');
      await write(batchOf(...many));
    }
    const before = await versions();
    expect(await write(batchOf(...many.toReversed()))).toEqual({ rowsNew: 0, rowsKnown: 600 });
    expect(await versions()).toEqual(before);
  });

  test('I1: so many in any order, some of them twice, are stored once each', async () => {
    const many = Array.from({ length: 700 }, (_, index) => ({
      ...ROW,
      sentAt: SENT + (((index * 389) % 700) >> 2),
      fingerprint: BigInt(index % 2),
    }));
    const different = new Set(many.map(({ sentAt, fingerprint }) => `${sentAt} ${fingerprint}`)).size;
    expect(different).toBeLessThan(700);
    expect(await write(batchOf(...many, ...many.slice(0, 50)))).toEqual({
      rowsNew: different,
      rowsKnown: 750 - different,
    });
  });
});

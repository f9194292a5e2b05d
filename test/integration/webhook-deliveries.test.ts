import { beforeEach, describe, expect, test } from 'vitest';
import { copyIn } from '../../src/db/copy-in.ts';
import { lockCoverage } from '../../src/db/coverage.ts';
import { openDatabase } from '../../src/db/database.ts';
import { copyOfDeliveries, type WebhookDelivery } from '../../src/db/delivery-rows.ts';
import type { DimensionMember } from '../../src/db/dimensions.ts';
import { Partitions } from '../../src/db/partitions.ts';
import {
  type WebhookDeliveryBatch,
  type WriteCounts,
  writeWebhookDeliveries,
} from '../../src/db/webhook-deliveries.ts';
import { type Instant, instantOfSeconds, parseInstant } from '../../src/instant.ts';
import { UNFILTERED } from '../../src/stream-key.ts';
import { recordStatements } from '../statements/record-statements.ts';
import { emptyTestDatabase, type TestDatabase } from '../support/test-database.ts';
import { testLog } from '../support/test-log.ts';

const SENT: Instant = parseInstant('2026-01-15T12:00:00.940999Z') ?? 0;
const NOW: Instant = parseInstant('2026-01-15T12:05:00.000001Z') ?? 0;
const HOUR = instantOfSeconds(3_600);
const LEAST = '-9223372036854775808';
const MOST = '9223372036854775807';

const ROW: WebhookDelivery = {
  sentAt: SENT,
  loggedAt: SENT + 14_001,
  fingerprint: BigInt(LEAST),
  occurrence: 0,
  networkKey: BigInt(MOST),
  alertTypeId: -1n,
  endpointId: BigInt(LEAST),
  responseCode: 200,
  responseDurationMs: 14,
  extra: null,
};

let owned: TestDatabase;

beforeEach(async () => {
  owned = await emptyTestDatabase();
  await new Partitions(owned.database).ensure('webhook_deliveries', { from: SENT - HOUR, to: SENT + HOUR });
});

function member(key: string, text: string, firstAt = SENT, lastAt = SENT): DimensionMember {
  return { key, text, firstAt, lastAt };
}

function batchOf(...deliveries: readonly WebhookDelivery[]): WebhookDeliveryBatch {
  return {
    deliveries,
    networks: [member(MOST, 'N_1')],
    alertTypes: [member('-1', '')],
    endpoints: [
      { ...member(LEAST, 'https://chat.test/secret'), masked: 'https://chat.test/***', host: 'chat.test' },
    ],
  };
}

function write(batch: WebhookDeliveryBatch, organizationId = '1', now = NOW): Promise<WriteCounts> {
  return owned.database.transaction((tx) => writeWebhookDeliveries(tx, organizationId, batch, now));
}

async function rows(query: string): Promise<unknown[]> {
  return (await owned.database.pool.query(query)).rows;
}

/** Changes with every version of every row that is written, even to the same values. */
async function versions(): Promise<unknown[]> {
  const tables = ['webhook_deliveries', 'networks', 'alert_types', 'webhook_endpoints'];
  const each = tables.map((table) => `select '${table}' as name, xmin, ctid from meraki_store.${table}`);
  return rows(`${each.join(' union all ')} order by 1, 3`);
}

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
    const twice = () => database.transaction((tx) => copyIn(tx, copyOfDeliveries('1', [ROW, ROW], NOW)));
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
    expect(await write({ ...batchOf(), networks: [] })).toEqual({ rowsNew: 0, rowsKnown: 0 });
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
    const at = (first: Instant, last: Instant) => ({
      ...batchOf(ROW),
      networks: [member(MOST, 'N_1', first, last)],
    });
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

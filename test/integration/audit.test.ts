/* What an audit finds of an archive that is caught up: what was done to it by hand, and what turned up late. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type Bench,
  CODES,
  expectTruth,
  FIRST_HOURS,
  HOUR,
  MINUTE,
  meddle,
  requestsOf,
  rowsOf,
  setUp,
  total,
  WEBHOOKS,
} from '../support/audit-bench.ts';

describe('an archive that is caught up', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await setUp();
    await bench.sync();
    bench.simulator.resetRequests();
  });

  test('that is equal is found equal, within the request budget, and is verified', async () => {
    const { exitCode, audits } = await bench.audit();
    expect(exitCode).toBe(0);
    expect(new Set(audits.map(({ outcome }) => outcome))).toEqual(new Set(['equal']));
    for (const [stream, operation] of [
      ['webhook_logs', WEBHOOKS],
      ['api_responses', CODES],
    ] as const) {
      const mine = audits.filter((one) => one.stream === stream);
      expect(total(mine, ({ rows_compared }) => rows_compared)).toBeGreaterThan(0);
      expect(total(mine, ({ requests }) => requests)).toBe(requestsOf(bench, operation));
      expect(requestsOf(bench, operation)).toBeLessThanOrEqual(10);
    }
    const verified = await rowsOf<{ stream: string; through: Date | null; share: number }>(
      bench,
      'select stream, verified_through as through, verified_share as share from meraki.verified',
    );
    for (const { through, share } of verified) {
      expect(through).not.toBeNull();
      expect(share).toBeGreaterThan(0);
    }
    const recorded = await rowsOf(bench, `select from meraki.audits where outcome = 'equal'`);
    expect(recorded.length).toBe(audits.length);
  });

  test('verified_through moves on until all final time is verified, and never claims more', async () => {
    const seen: number[] = [];
    for (let round = 0; round < 12; round += 1) {
      const { audits } = await bench.audit({ stream: 'webhook_logs' });
      expect(audits.every(({ outcome }) => outcome === 'equal')).toBe(true);
      const [row] = await rowsOf<{ through: Date; share: number; end: Date; unread: string }>(
        bench,
        `select v.verified_through as through, v.verified_share as share, upper(c.final) as end,
           (tstzmultirange(tstzrange(lower(c.final), v.verified_through)) * c.final - t.verified
             - tstzmultirange(tstzrange(null, now() - interval '5 hours 54 minutes')))::text as unread
         from meraki.verified v
         join meraki_ingest.coverage c using (organization_id, stream, series)
         join meraki_ingest.verified_time t using (organization_id, stream, series)
         where stream = 'webhook_logs'`,
      );
      seen.push(row?.through.getTime() ?? 0);
      expect(row?.unread).toBe('{}');
      if (row?.share === 1) {
        expect(row.through).toEqual(row.end);
        break;
      }
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    const [left] = await rowsOf<{ share: number }>(
      bench,
      `select verified_share as share from meraki.verified where stream = 'webhook_logs'`,
    );
    expect(left?.share).toBe(1);
  });

  test('I1: a delivery deleted by hand is found and stored again', async () => {
    const deleted = await meddle(
      bench,
      `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 7 = 0`,
    );
    expect(deleted).toBeGreaterThan(0);
    const { exitCode, audits } = await bench.audit();
    expect(exitCode).toBe(7);
    const repaired = audits.filter(({ outcome }) => outcome === 'repaired');
    expect(total(repaired, ({ rows_missing }) => rows_missing)).toBe(deleted);
    expect(total(repaired, (one) => one.repaired)).toBe(deleted);
    expect(requestsOf(bench, WEBHOOKS)).toBeLessThanOrEqual(10);
    await expectTruth(bench);
    const again = await bench.audit({ random: () => 0.6 });
    expect(again.exitCode).toBe(0);
    const late = await rowsOf<{ rows: string }>(
      bench,
      `select rows_after_final as rows from meraki.lateness where period = '7 days'`,
    );
    expect(late).toEqual([{ rows: String(deleted) }]);
  });

  test('I1: copies too many of a delivery are moved to quarantine', async () => {
    const columns = `network_key, alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms,
      loaded_at, extra`;
    const one = `(select * from meraki_store.webhook_deliveries where ${FIRST_HOURS} order by sent_at limit 1)`;
    await meddle(
      bench,
      `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, ${columns})
       select organization_id, sent_at, fingerprint, 9, ${columns} from ${one} f
       union all select organization_id, sent_at, fingerprint, 8, ${columns} from ${one} f`,
    );
    const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
    expect(exitCode).toBe(7);
    expect(total(audits, ({ rows_surplus }) => rows_surplus)).toBe(2);
    expect(total(audits, ({ repaired }) => repaired)).toBe(2);
    await expectTruth(bench);
    const [first] = await rowsOf<{ organization_id: string; sent: string; url: string }>(
      bench,
      `select organization_id, to_char(sent_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as sent, url
       from meraki.webhook_deliveries where ${FIRST_HOURS} order by sent_at limit 1`,
    );
    const kept = await rowsOf<{ raw: string; reason: string }>(
      bench,
      'select raw, reason from meraki_ingest.quarantine',
    );
    expect(kept.length).toBeGreaterThan(0);
    for (const { raw, reason } of kept) {
      expect(reason).toBe('audit: stored, but not in the source');
      expect(JSON.parse(raw)).toMatchObject({
        organizationId: first?.organization_id,
        sentAt: first?.sent,
        url: first?.url,
      });
    }
    expect((await bench.audit({ stream: 'webhook_logs', random: () => 0.6 })).exitCode).toBe(0);
  });

  test('I5: a count changed by hand, a vanished and an invented code are revised', async () => {
    const early = `bucket_start in (select distinct bucket_start from meraki_store.api_response_counts
      order by 1 offset 5 limit 3)`;
    const changed = await meddle(
      bench,
      `update meraki_store.api_response_counts set request_count = request_count + 1
       where ${early} and response_code = 200`,
    );
    const vanished = await meddle(
      bench,
      `delete from meraki_store.api_response_counts where ${early} and response_code = 404`,
    );
    const invented = await meddle(
      bench,
      `insert into meraki_store.api_response_counts
       select organization_id, series, interval_seconds, bucket_start, 599, 5, 0, updated_at
       from meraki_store.api_response_counts where ${early} and response_code = 200`,
    );
    expect(changed).toBeGreaterThan(0);
    const { exitCode, audits } = await bench.audit({ stream: 'api_responses' });
    expect(exitCode).toBe(7);
    expect(total(audits, ({ figures_changed }) => figures_changed)).toBe(changed + vanished + invented);
    const revisions = await rowsOf<{ code: number; difference: number }>(
      bench,
      `select response_code as code, (count_after - count_before)::integer as difference
       from meraki_store.api_response_revisions where response_code in (200, 599)`,
    );
    expect(revisions.filter(({ code }) => code === 200).map(({ difference }) => difference)).toEqual(
      Array.from({ length: changed }, () => -1),
    );
    expect(revisions.filter(({ code }) => code === 599).map(({ difference }) => difference)).toEqual(
      Array.from({ length: invented }, () => -5),
    );
    await expectTruth(bench);
  });

  test('two audits and a sync at once leave the archive true', async () => {
    await meddle(
      bench,
      `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 5 = 0`,
    );
    bench.clock.set(bench.clock.now() + 10 * MINUTE);
    const results = await Promise.all([bench.audit(), bench.audit(), bench.sync()]);
    const outcomes = [...results[0].audits, ...results[1].audits].map(({ outcome }) => outcome);
    expect(outcomes).toContain('repaired');
    await expectTruth(bench);
    const quarantined = await rowsOf(bench, 'select from meraki_ingest.quarantine');
    expect(quarantined).toEqual([]);
  });

  test('an audit that is told to stop stops', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(bench.audit({ signal: stop.signal })).rejects.toThrow('enough');
    expect(bench.simulator.requests()).toEqual([]);
  });
});

test('rows that appear after their time was final are found', async () => {
  const bench = await setUp(
    { lateness: { share: 0.3, max: 3_600 } },
    { WEBHOOK_LOGS_SETTLE: '2m', WEBHOOK_LOGS_LOOKBACK: '3h' },
  );
  bench.clock.set(bench.clock.now() - HOUR);
  await bench.sync({ stream: 'webhook_logs' });
  bench.clock.set(bench.clock.now() + HOUR);
  await bench.sync({ stream: 'webhook_logs' });
  let missing = 0;
  for (let round = 0; round < 3; round += 1) {
    const { audits } = await bench.audit({ stream: 'webhook_logs', requests: 20 });
    missing += total(audits, ({ rows_missing }) => rows_missing);
  }
  expect(missing).toBeGreaterThan(0);
  const [late] = await rowsOf<{ rows: string }>(
    bench,
    `select rows_after_final as rows from meraki.lateness where period = '7 days'`,
  );
  expect(Number(late?.rows)).toBeGreaterThanOrEqual(missing);
});

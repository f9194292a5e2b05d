/** An archive from before there were rollups: reports are right as soon as it is migrated, and quick once it is rolled up. */
import { expect, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { checkRollups } from '../../src/sync/check-rollups.ts';
import { rollUpAll } from '../../src/sync/roll-up.ts';
import { migrateUpTo } from '../support/migrate-up-to.ts';
import { expectTrueReports } from '../support/report-truth/expect-true-reports.ts';
import { at, HOUR, keyOf, RollupBench } from '../support/rollup-bench.ts';
import { createTestDatabase } from '../support/test-database.ts';

const LAST_BEFORE = '0006';
const FROM = at('2026-03-28T00:00:00Z');
const TO = at('2026-04-03T00:00:00Z');

/** As the version before has written them. */
async function fill(database: Database): Promise<void> {
  const partitions = new Partitions(database);
  await partitions.ensure('webhook_deliveries', { from: FROM, to: TO });
  await partitions.ensure('api_response_counts', { from: FROM, to: TO });
  for (const statement of [
    `insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
     select n::text, 'Organization ' || n, now(), now() from generate_series(1, 3) n`,
    `insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, lookback_seconds,
       expected_lag_seconds, retired_at, created_at)
     select n::text, stream, series, $1::timestamptz, 86400, 60, $2::timestamptz, now() from generate_series(1, 3) n,
       (values ('webhook_logs', 'all'), ('api_responses', 'all'), ('api_responses', 'own')) s(stream, series)`,
    `insert into meraki_store.networks (organization_id, network_key, network_id, first_seen_at, last_seen_at)
     select n::text, 1, 'N_1', $1, $2 from generate_series(1, 2) n`,
    `insert into meraki_store.alert_types (organization_id, alert_type_id, name, first_seen_at, last_seen_at)
     select n::text, 1, 'an alert', $1, $2 from generate_series(1, 2) n`,
    `insert into meraki_store.webhook_endpoints (organization_id, endpoint_id, url, url_masked, url_host,
       first_seen_at, last_seen_at)
     select n::text, e, 'https://x' || e, 'https://x' || e, 'x' || e, $1, $2
     from generate_series(1, 2) n, generate_series(1, 2) e`,
    `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
       alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at)
     select n::text, at, extract(epoch from at), 0, 1, 1, 1 + extract(hour from at)::integer % 2, at,
       case when extract(day from at)::integer % 3 = 0 then 503 else 200 end, extract(minute from at) * 9, now()
     from generate_series(1, 2) n, generate_series($1::timestamptz, $2::timestamptz, interval '17 minutes') at
     where extract(hour from at) <> 5`,
    `insert into meraki_store.api_response_counts (organization_id, series, interval_seconds, bucket_start,
       response_code, request_count, updated_at)
     select n::text, series, 3600, at, code, 1 + extract(hour from at), now()
     from generate_series(2, 3) n, unnest(array['all', 'own']) series, unnest(array[200, 429]) code,
       generate_series($1::timestamptz, $2::timestamptz, interval '1 hour') at`,
    `insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, provisional,
       counted, updated_at)
     select organization_id, stream, series, case stream when 'api_responses' then 3600 else 0 end,
       tstzmultirange(tstzrange($1, $2)), '{}', tstzmultirange(tstzrange($1, $2)), now()
     from meraki_ingest.streams`,
  ]) {
    const values = [new Date(FROM / 1_000), new Date(TO / 1_000)];
    await database.pool.query(statement, statement.includes('$1') ? values : []);
  }
}

test('an archive of the version before shows the same at once, and after it was rolled up', async () => {
  const owned = await createTestDatabase({ migrated: false });
  const { database } = owned;
  await migrateUpTo(database, LAST_BEFORE);
  await fill(database);
  const before = await database.pool.query(
    `select organization_id, bucket_start, sum(deliveries)::integer as n, sum(duration_ms_sum)::integer as ms
     from meraki.webhook_deliveries_daily group by 1, 2 order by 1, 2`,
  );
  expect(before.rows).toHaveLength(12);
  expect((await migrate(database))[0]).toMatch(/^0007/);

  const bench = new RollupBench(owned);
  expect(await bench.stale()).toHaveLength(6);
  const after = async () =>
    await bench.rows(
      `select organization_id, bucket_start, sum(deliveries)::integer as n, sum(duration_ms_sum)::integer as ms
       from meraki.webhook_deliveries_daily group by 1, 2 order by 1, 2`,
    );
  expect(await after()).toEqual(before.rows);
  await expectTrueReports(owned);
  await rollUpAll(bench.context, TO + HOUR);
  expect(await bench.stale()).toEqual([]);
  expect((await bench.rollups()).length).toBeGreaterThan(1_000);
  expect(await after()).toEqual(before.rows);
  await expectTrueReports(owned);
  for (const id of ['1', '2', '3']) {
    for (const key of [
      keyOf(id, 'webhook_logs'),
      keyOf(id, 'api_responses'),
      keyOf(id, 'api_responses', 'own'),
    ]) {
      expect((await checkRollups(database, key)).differences).toEqual([]);
    }
  }
});

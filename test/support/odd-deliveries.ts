import type { Database } from '../../src/db/database.ts';

/** Names that spoil a careless export. */
export const ODD_TEXTS = [
  '=HYPERLINK("https://example.org/?"&A1,"look")',
  '+1+1',
  '-1',
  '-2+3',
  '@SUM(A1)',
  '\tTab',
  '\rReturn',
  '',
  'comma, "quotes" and; semicolon',
  'line\nbreak\r\nand another',
  'Zürich – 東京 – 🛰️',
  "'already",
  'null',
  'NULL',
  ' spaces ',
  'back\\slash \\n \\. \\N',
  '\u2028line separator',
  'control \u0001\u001f\u007f',
];

/** One delivery a minute for each odd text, on two days a fortnight apart, and figures that a double cannot hold. */
export async function fillOddDeliveries({ pool }: Database): Promise<void> {
  await pool.query(`
    create table meraki_store.webhook_deliveries_2026_01 partition of meraki_store.webhook_deliveries
      for values from ('2026-01-01Z') to ('2026-02-01Z');
    create table meraki_store.api_response_counts_2026_01 partition of meraki_store.api_response_counts
      for values from ('2026-01-01Z') to ('2026-02-01Z')`);
  await pool.query(
    `insert into meraki_store.alert_types (organization_id, alert_type_id, name, first_seen_at, last_seen_at)
     select '1', n, name, '2026-01-15Z', '2026-01-15Z' from unnest($1::text[]) with ordinality as given(name, n)`,
    [ODD_TEXTS],
  );
  await pool.query(
    `insert into meraki_store.webhook_deliveries (organization_id, sent_at, fingerprint, occurrence, network_key,
       alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at, extra)
     select '1', at, n, 0, n, n, -1234567890123456789, at + interval '1.5 seconds',
       case when n % 3 = 1 then -1 else 200 end, 5, '2026-01-16T12:00:00.120000Z',
       case when n % 2 = 0 then '{"big": 12345678901234567890.123456789, "text": "=1,\\"2\\"\\n"}'::jsonb end
     from generate_series(1, $1) n
     cross join lateral (
       select timestamptz '2026-01-15T00:00:00.000001Z' + (n - 1) * interval '1 minute'
         + case when n > 9 then interval '14 days' else interval '0' end as at
     ) times`,
    [ODD_TEXTS.length],
  );
  await pool.query(
    `insert into meraki_store.networks (organization_id, network_key, network_id, name, tags, first_seen_at,
       last_seen_at)
     select '1', n, 'N_' || n, nullif(name, ''), case when n % 2 = 0 then array[name, 'a,b', 'NULL', null] end,
       '2026-01-15T01:02:03.456789Z', '2026-01-16Z'
     from unnest($1::text[]) with ordinality as given(name, n)`,
    [ODD_TEXTS],
  );
  await pool.query(`
    insert into meraki_store.organizations (organization_id, name, first_seen_at, last_seen_at)
      select n::text, 'Organization ' || n, '2026-01-15Z', '2026-01-15Z' from generate_series(1, 3) n;
    insert into meraki_ingest.streams (organization_id, stream, series, wanted_from, lookback_seconds,
        expected_lag_seconds, created_at)
      select n::text, stream, 'all', '2026-01-15Z', 86400, 0, '2026-01-15Z'
      from generate_series(1, 3) n, unnest(array['webhook_logs', 'api_responses']) stream;
    insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, final, counted, updated_at)
      select n::text, 'api_responses', 'all', 120, '{[2026-01-15Z,2026-01-16Z)}', '{[2026-01-15Z,2026-01-16Z)}', now()
      from generate_series(1, 3) n;
    insert into meraki_store.api_response_counts (organization_id, series, interval_seconds, bucket_start,
        response_code, request_count, updated_at)
      select n::text, 'all', 120, timestamptz '2026-01-15Z' + (3 - n) * interval '2 minutes', 200,
        (array[9007199254740993, 9223372036854775807, 1])[n], '2026-01-15T00:00:00.000001Z'
      from generate_series(1, 3) n;
    insert into meraki_ingest.sync_runs (organization_id, run_id, stream, series, lane, started_at, rows_new, error)
      values ('1', 'r', 'webhook_logs', 'all', 'live', '2026-01-15T00:00:00.999999Z', 9223372036854775807, '=1+1')`);
}

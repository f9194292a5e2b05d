/*
 * The archive against the truth, told by the public views alone and as the role that readers have. It shares no
 * code with `src/commands/compare-with-truth.ts`, so that the two check each other.
 */
import pg from 'pg';
import { expect } from 'vitest';
import type { RequestFilters, Simulator } from '../../src/simulator/simulator.ts';
import type { TestDatabase } from './test-database.ts';

const MICROSECONDS = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;
const SECONDS = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

export interface Stretch {
  readonly from: string;
  readonly to: string;
}

/** Runs `ask` with a connection that may do what meraki_reader may. */
export async function asReader<T>(
  { readerUrl, url }: Pick<TestDatabase, 'readerUrl' | 'url'>,
  ask: (reader: pg.Client) => Promise<T>,
): Promise<T> {
  const reader = new pg.Client({ connectionString: readerUrl ?? url, options: '-c timezone=UTC' });
  await reader.connect();
  try {
    await reader.query('set role meraki_reader');
    return await ask(reader);
  } finally {
    await reader.end();
  }
}

/** Final time of a stream, whatever the bucket width. */
export async function finalStretches(
  reader: pg.Client,
  organizationId: string,
  stream: string,
  series = 'all',
): Promise<readonly Stretch[]> {
  const found = await reader.query<Stretch>(
    `select to_char(lower(r), ${MICROSECONDS}) as from, to_char(upper(r), ${MICROSECONDS}) as to
     from (
       select unnest(range_agg(tstzrange(covered_from, covered_to))) as r from meraki.coverage
       where organization_id = $1 and stream = $2 and series = $3 and state = 'final'
     ) stretches order by lower(r)`,
    [organizationId, stream, series],
  );
  return found.rows;
}

/** All stored deliveries of an organization, each as one line of its eight values, sorted. */
export async function storedDeliveries(
  reader: pg.Client,
  organizationId: string,
  stretch: Stretch = { from: '-infinity', to: 'infinity' },
): Promise<readonly string[]> {
  const found = await reader.query<Record<string, string | number | null>>(
    `select organization_id, network_id, alert_type, url, to_char(sent_at, ${MICROSECONDS}) as sent_at,
       to_char(logged_at, ${MICROSECONDS}) as logged_at, coalesce(response_code, -1) as response_code,
       response_duration_ms::integer as response_duration_ms
     from meraki.webhook_deliveries where organization_id = $1 and sent_at >= $2 and sent_at < $3`,
    [organizationId, stretch.from, stretch.to],
  );
  return found.rows.map((row) => JSON.stringify(Object.values(row))).sort();
}

/** The same of what really happened and has appeared by now. */
export function trueDeliveries(
  simulator: Simulator,
  organizationId: string,
  range: Partial<Stretch> = {},
): readonly string[] {
  return simulator
    .truthDeliveries(organizationId, range)
    .map((row) =>
      JSON.stringify([
        row.organizationId,
        row.networkId,
        row.alertType,
        row.url,
        row.sentAt,
        row.loggedAt,
        row.responseCode,
        row.responseDuration,
      ]),
    )
    .sort();
}

/** Expects every delivery of the final time to be stored once with all its values. @returns how many there are */
export async function expectTrueDeliveries(
  reader: pg.Client,
  simulator: Simulator,
  organizationId: string,
): Promise<number> {
  let compared = 0;
  for (const { from, to } of await finalStretches(reader, organizationId, 'webhook_logs')) {
    const truth = trueDeliveries(simulator, organizationId, { from, to });
    expect(differences(await storedDeliveries(reader, organizationId, { from, to }), truth)).toEqual([]);
    compared += truth.length;
  }
  return compared;
}

/**
 * Expects every final count of a series to be true, and every request in final time to be counted once, whatever
 * widths are stored. @returns how many requests there are
 */
export async function expectTrueBuckets(
  reader: pg.Client,
  simulator: Simulator,
  organizationId: string,
  series = 'all',
  filters: RequestFilters = {},
): Promise<number> {
  const found = await reader.query<{ interval: number; start: string; code: number; count: number }>(
    `select interval_seconds as interval, to_char(bucket_start, ${SECONDS}) as start, response_code as code,
       request_count::integer as count
     from meraki.api_responses where organization_id = $1 and series = $2 and is_final`,
    [organizationId, series],
  );
  let requests = 0;
  const truth: string[] = [];
  for (const { from, to } of await finalStretches(reader, organizationId, 'api_responses', series)) {
    for (const { counts } of simulator.truthBuckets(organizationId, { from, to, filters })) {
      requests += counts.reduce((sum, { count }) => sum + count, 0);
    }
    for (const interval of new Set(found.rows.map((row) => row.interval))) {
      const shown = new Set(found.rows.filter((row) => row.interval === interval).map((row) => row.start));
      for (const bucket of simulator.truthBuckets(organizationId, { from, to, interval, filters })) {
        if (!shown.has(bucket.startTs)) continue;
        for (const { code, count } of bucket.counts) {
          truth.push(`${interval} ${bucket.startTs} ${code}: ${count}`);
        }
      }
    }
  }
  const stored = found.rows.map((row) => `${row.interval} ${row.start} ${row.code}: ${row.count}`);
  expect(differences(stored, truth)).toEqual([]);
  expect(found.rows.reduce((sum, { count }) => sum + count, 0)).toBe(requests);
  return requests;
}

/** What one multiset has and the other has not, at most a few: a diff of thousands of lines tells nobody more. */
export function differences(stored: readonly string[], truth: readonly string[]): readonly string[] {
  const balance = new Map<string, number>();
  for (const line of stored) balance.set(line, (balance.get(line) ?? 0) + 1);
  for (const line of truth) balance.set(line, (balance.get(line) ?? 0) - 1);
  return [...balance]
    .filter(([, difference]) => difference !== 0)
    .map(([line, difference]) => (difference > 0 ? `only stored: ${line}` : `only true: ${line}`))
    .slice(0, 10);
}

/** Expects no gap, no row in quarantine, and no run that failed. */
export async function expectNothingOpen(reader: pg.Client): Promise<void> {
  const gaps = await reader.query('select * from meraki.gaps');
  expect(gaps.rows).toEqual([]);
  const quarantined = await reader.query(
    `select coalesce(sum(rows_quarantined), 0)::integer as rows from meraki.sync_runs`,
  );
  expect(quarantined.rows).toEqual([{ rows: 0 }]);
}

/**
 * Expects hourly and daily figures to be what the rows say. A figure that is only in a view and one that is only in the
 * rows both count; each view is read once, since that takes longest.
 */
export async function expectSumsAgree(reader: pg.Client): Promise<void> {
  for (const width of ['hour', 'day']) {
    const rollup = width === 'hour' ? 'hourly' : 'daily';
    const deliveries = await reader.query(
      `with shown as materialized (
         select organization_id, endpoint_id, network_id, alert_type, status_class, bucket_start,
           deliveries, successes, duration_ms_sum::numeric, duration_ms_max
         from meraki.webhook_deliveries_${rollup}
       ), counted as materialized (
         select organization_id, endpoint_id, network_id, alert_type, status_class,
           date_trunc('${width}', sent_at, 'UTC'), count(*), count(*) filter (where is_success),
           sum(response_duration_ms), max(response_duration_ms)
         from meraki.webhook_deliveries group by 1, 2, 3, 4, 5, 6
       )
       (select 'only shown' as side, * from (table shown except all table counted) s)
       union all
       (select 'only counted' as side, * from (table counted except all table shown) c)
       limit 5`,
    );
    expect(deliveries.rows).toEqual([]);
    const requests = await reader.query(
      `select * from meraki.api_responses_${rollup} r
       full join (
         select organization_id, series, date_trunc('${width}', bucket_start, 'UTC') as bucket_start,
           sum(request_count) as requests,
           sum(request_count) filter (where response_code between 200 and 299) as successes_2xx,
           sum(request_count) filter (where response_code between 400 and 499) as client_errors_4xx,
           sum(request_count) filter (where response_code = 429) as rate_limited_429,
           sum(request_count) filter (where response_code >= 500) as server_errors_5xx
         from meraki.api_responses group by 1, 2, 3
       ) c using (organization_id, series, bucket_start)
       where case
         -- Nothing is known yet of a day or an hour that has just begun.
         when r.coverage_ratio = 0 then r.requests is not null or c.requests is not null
         else (r.requests, r.successes_2xx, r.client_errors_4xx, r.rate_limited_429, r.server_errors_5xx)
           is distinct from (coalesce(c.requests, 0), coalesce(c.successes_2xx, 0),
             coalesce(c.client_errors_4xx, 0), coalesce(c.rate_limited_429, 0), coalesce(c.server_errors_5xx, 0))
       end
       limit 5`,
    );
    expect(requests.rows).toEqual([]);
  }
}

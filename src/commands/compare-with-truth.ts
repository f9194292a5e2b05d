import { sql } from 'drizzle-orm';
import { readCoverage } from '../db/coverage.ts';
import { type Database, translated } from '../db/database.ts';
import { parseDatabaseInstant } from '../db/multirange.ts';
import { formatInstant, type Instant, instantOfSeconds, parseInstant } from '../instant.ts';
import { contains, containsInstant, type Ranges } from '../ranges.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { UNFILTERED } from '../stream-key.ts';

/** How the report views compare with what the simulator knows to be true, over all final time. */
export interface Comparison {
  readonly deliveries: number;
  /** Deliveries that the views lack, or show more often than they happened. */
  readonly deliveriesWrong: number;
  readonly buckets: number;
  /** Pairs of bucket and response code whose counts differ. */
  readonly bucketsWrong: number;
}

/** Compares every delivery with all its values, and every final count, of one organization. */
export async function compareWithTruth(
  database: Database,
  simulator: Simulator,
  organizationId: string,
  intervalSeconds: number,
): Promise<Comparison> {
  return {
    ...(await compareDeliveries(database, simulator, organizationId)),
    ...(await compareBuckets(database, simulator, organizationId, intervalSeconds)),
  };
}

interface DeliveryRow extends Record<string, unknown> {
  network_id: string;
  alert_type: string;
  url: string;
  sent_at: string;
  logged_at: string;
  response_code: number | null;
  response_duration_ms: string;
}

async function compareDeliveries(database: Database, simulator: Simulator, organizationId: string) {
  const final = await finalTime(database, organizationId, 'webhook_logs', 0);
  const range = outer(final);
  const found = await translated(
    database.query.execute<DeliveryRow>(sql`
      select network_id, alert_type, url, sent_at::text as sent_at, logged_at::text as logged_at,
        response_code, response_duration_ms::text as response_duration_ms
      from meraki.webhook_deliveries
      where organization_id = ${organizationId} and sent_at >= ${formatInstant(range.from)}::timestamptz
        and sent_at < ${formatInstant(range.to)}::timestamptz`),
  );
  const balance = new Map<string, number>();
  for (const row of found.rows) {
    const sentAt = parseDatabaseInstant(row.sent_at);
    if (!containsInstant(final, sentAt)) continue;
    const code = row.response_code ?? -1;
    const values = [sentAt, parseDatabaseInstant(row.logged_at), code, Number(row.response_duration_ms)];
    add(balance, JSON.stringify([row.network_id, row.alert_type, row.url, ...values]), 1);
  }
  let deliveries = 0;
  for (const truth of simulator.truthDeliveries(organizationId, {
    from: formatInstant(range.from),
    to: formatInstant(range.to),
  })) {
    const sentAt = instantOf(truth.sentAt);
    if (!containsInstant(final, sentAt)) continue;
    deliveries += 1;
    const values = [sentAt, instantOf(truth.loggedAt), truth.responseCode, truth.responseDuration];
    add(balance, JSON.stringify([truth.networkId, truth.alertType, truth.url, ...values]), -1);
  }
  return { deliveries, deliveriesWrong: wrong(balance) };
}

interface CountRow extends Record<string, unknown> {
  bucket_start: string;
  response_code: number;
  request_count: string;
}

async function compareBuckets(
  database: Database,
  simulator: Simulator,
  organizationId: string,
  intervalSeconds: number,
) {
  const final = await finalTime(database, organizationId, 'api_responses', intervalSeconds);
  const range = outer(final);
  const width = instantOfSeconds(intervalSeconds);
  const found = await translated(
    database.query.execute<CountRow>(sql`
      select bucket_start::text as bucket_start, response_code, request_count::text as request_count
      from meraki.api_responses
      where organization_id = ${organizationId} and series = ${UNFILTERED} and is_final
        and interval_seconds = ${intervalSeconds}`),
  );
  const balance = new Map<string, number>();
  for (const row of found.rows) {
    const start = parseDatabaseInstant(row.bucket_start);
    add(balance, `${start} ${row.response_code}`, Number(row.request_count));
  }
  for (const truth of simulator.truthBuckets(organizationId, {
    from: formatInstant(range.from),
    to: formatInstant(range.to),
    interval: intervalSeconds,
  })) {
    const start = instantOf(truth.startTs);
    if (!contains(final, { from: start, to: start + width })) continue;
    for (const { code, count } of truth.counts) add(balance, `${start} ${code}`, -count);
  }
  const buckets = Math.round(final.reduce((sum, part) => sum + (part.to - part.from), 0) / width);
  return { buckets, bucketsWrong: [...balance.values()].filter((difference) => difference !== 0).length };
}

async function finalTime(
  database: Database,
  organizationId: string,
  stream: 'webhook_logs' | 'api_responses',
  width: number,
): Promise<Ranges> {
  const coverage = await readCoverage(database.query, { organizationId, stream, series: UNFILTERED });
  return coverage.get(width)?.final ?? [];
}

function outer(ranges: Ranges): { readonly from: Instant; readonly to: Instant } {
  return { from: ranges[0]?.from ?? 0, to: ranges.at(-1)?.to ?? 0 };
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`the simulator told a time that is none: ${text}`);
  return instant;
}

function add(balance: Map<string, number>, key: string, amount: number): void {
  balance.set(key, (balance.get(key) ?? 0) + amount);
}

function wrong(balance: ReadonlyMap<string, number>): number {
  return [...balance.values()].reduce((sum, difference) => sum + Math.abs(difference), 0);
}

import pg from 'pg';
import { parseDatabaseInstant, parseMultirange } from '../../../src/db/multirange.ts';
import { formatInstant, type Instant, instantOfSeconds } from '../../../src/instant.ts';
import type { Ranges } from '../../../src/ranges.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import { type LearnedLimits, parseLearnedLimits } from '../../../src/sync/limits.ts';
import { type OpenWindow, parseOpenWindows } from '../../../src/sync/open-window.ts';
import { lineOf, type StoredLine } from './delivery-lines.ts';
import { readGaps, type StoredGaps } from './gap-snapshot.ts';
import type { StoredCount } from './truth-model.ts';

export interface StoredCoverage {
  readonly stream: StreamName;
  readonly intervalSeconds: number;
  readonly final: Ranges;
  readonly provisional: Ranges;
  readonly counted: Ranges;
}

/** What is remembered of a stream: since when it is wanted, and what was learned. */
export interface StoredStream {
  readonly stream: StreamName;
  readonly wantedFrom: Instant;
  /** Age up to which the source is believed to have data, in microseconds. */
  readonly reachable: number;
  /** How far the newest coverage may lag behind before it counts as a gap, in microseconds. */
  readonly expectedLag: number;
  readonly gaps: StoredGaps;
  readonly learned: LearnedLimits;
  /** Windows of its lanes that are not read to their end. */
  readonly open: readonly OpenWindow[];
}

/** All that one organization's archive holds, at one moment. */
export interface ArchiveSnapshot {
  readonly streams: readonly StoredStream[];
  readonly coverage: readonly StoredCoverage[];
  readonly deliveries: readonly StoredLine[];
  /** By bucket width in seconds. */
  readonly counts: ReadonlyMap<number, readonly StoredCount[]>;
  /** Rows of the webhook log in quarantine, by their raw text, with their copies. */
  readonly quarantined: ReadonlyMap<string, number>;
  /** Buckets in quarantine. */
  readonly quarantinedBuckets: number;
}

const LOCK_NOT_AVAILABLE = '55P03';

/** `undefined` when a partition is being made just now, which locks its table. */
export async function takeSnapshot(
  observer: pg.Pool,
  organizationId: string,
  now: Instant,
): Promise<ArchiveSnapshot | undefined> {
  const client = await observer.connect();
  try {
    await client.query(
      `begin isolation level repeatable read read only; set local lock_timeout = '50ms';
       set local model.now = '${formatInstant(now)}'`,
    );
    return await read(client, organizationId, now);
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) return undefined;
    throw error;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function read(client: pg.PoolClient, organizationId: string, now: Instant): Promise<ArchiveSnapshot> {
  const coverage = await client.query<Record<'final' | 'provisional' | 'counted', string> & CoverageRow>({
    name: 'coverage',
    text: `select stream, interval_seconds as interval, final::text, provisional::text, counted::text
     from meraki_ingest.coverage where organization_id = $1`,
    values: [organizationId],
  });
  const streams = await client.query<StreamRow>({
    name: 'streams',
    text: `select stream, wanted_from::text as wanted, limits, lookback_seconds::integer as reachable,
       expected_lag_seconds::integer as lag
     from meraki_ingest.streams where organization_id = $1`,
    values: [organizationId],
  });
  const checkpoints = await client.query<{ stream: StreamName; open: unknown }>({
    name: 'checkpoints',
    text: `select stream, open_window as open from meraki_ingest.checkpoints where organization_id = $1`,
    values: [organizationId],
  });
  const deliveries = await client.query<DeliveryRow>({
    name: 'deliveries',
    text: `select n.network_id as network, a.name as alert, e.url, f.sent_at::text as sent, f.logged_at::text as logged,
       f.response_code as code, f.response_duration_ms as duration
     from meraki_store.webhook_deliveries f
     left join meraki_store.networks n using (organization_id, network_key)
     left join meraki_store.alert_types a using (organization_id, alert_type_id)
     left join meraki_store.webhook_endpoints e using (organization_id, endpoint_id)
     where f.organization_id = $1`,
    values: [organizationId],
  });
  const counts = await client.query<{ interval: number; start: string; code: number; count: string }>({
    name: 'counts',
    text: `select interval_seconds as interval, bucket_start::text as start, response_code as code,
       request_count as count
     from meraki_store.api_response_counts where organization_id = $1`,
    values: [organizationId],
  });
  const quarantine = await client.query<{ stream: StreamName; raw: string; copies: number }>({
    name: 'quarantine',
    text: `select stream, raw, coalesce(copies, 1)::integer as copies
     from meraki_ingest.quarantine where organization_id = $1`,
    values: [organizationId],
  });
  const gapsOf = await readGaps(client, organizationId);
  const widths = [...new Set(counts.rows.map(({ interval }) => interval))];
  return {
    streams: streams.rows.map(({ stream, wanted, limits, reachable, lag }) => ({
      stream,
      wantedFrom: parseDatabaseInstant(wanted),
      reachable: instantOfSeconds(reachable),
      expectedLag: instantOfSeconds(lag),
      gaps: gapsOf(stream),
      learned: parseLearnedLimits(limits, now),
      open: checkpoints.rows
        .filter((checkpoint) => checkpoint.stream === stream)
        .flatMap(({ open }) => parseOpenWindows(open)),
    })),
    coverage: coverage.rows.map((row) => ({
      stream: row.stream,
      intervalSeconds: row.interval,
      final: parseMultirange(row.final),
      provisional: parseMultirange(row.provisional),
      counted: parseMultirange(row.counted),
    })),
    deliveries: deliveries.rows.map(storedLine),
    counts: new Map(
      widths.map((width) => [
        width,
        counts.rows
          .filter(({ interval }) => interval === width)
          .map(({ start, code, count }) => ({
            start: parseDatabaseInstant(start),
            code,
            count: Number(count),
          })),
      ]),
    ),
    quarantined: new Map(
      quarantine.rows
        .filter(({ stream }) => stream === 'webhook_logs')
        .map(({ raw, copies }) => [String(JSON.stringify(JSON.parse(raw))), copies]),
    ),
    quarantinedBuckets: quarantine.rows.filter(({ stream }) => stream === 'api_responses').length,
  };
}

interface StreamRow {
  readonly stream: StreamName;
  readonly wanted: string;
  readonly limits: unknown;
  readonly reachable: number;
  readonly lag: number;
}

interface CoverageRow {
  readonly stream: StreamName;
  readonly interval: number;
}

interface DeliveryRow {
  readonly network: string;
  readonly alert: string;
  readonly url: string;
  readonly sent: string;
  readonly logged: string;
  readonly code: number;
  readonly duration: number;
}

function storedLine(row: DeliveryRow): StoredLine {
  const sentAt = parseDatabaseInstant(row.sent);
  const line = lineOf({
    networkId: row.network,
    alertType: row.alert,
    url: row.url,
    sentAt,
    loggedAt: parseDatabaseInstant(row.logged),
    responseCode: row.code,
    responseDuration: row.duration,
  });
  return { at: sentAt, line };
}

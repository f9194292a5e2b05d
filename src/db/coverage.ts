import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Ranges, subtract, union } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { formatMultirange, parseMultirange } from './multirange.ts';
import { markStale } from './rollup-stale.ts';

/** What of one stream is stored, at one bucket width. */
export interface Coverage {
  readonly final: Ranges;
  readonly provisional: Ranges;
  readonly counted: Ranges;
}

/** By bucket width in seconds; 0 for rows without buckets. */
export type CoverageByWidth = ReadonlyMap<number, Coverage>;

interface Row extends Record<string, unknown> {
  interval_seconds: number;
  final: string;
  provisional: string;
  counted: string;
}

export async function readCoverage(query: Queryable, key: StreamKey): Promise<CoverageByWidth> {
  const found = await translated(query.execute<Row>(select(key)));
  return byWidth(found.rows);
}

/**
 * Reads a stream's coverage and holds its rows until the transaction ends, so that both lanes of the stream add
 * to it one after the other. Widths not stored yet are added, empty.
 */
export async function lockCoverage(
  tx: Transaction,
  key: StreamKey,
  widths: readonly number[],
  now: Instant,
): Promise<CoverageByWidth> {
  const lock = sql`${select(key)} order by interval_seconds for update`;
  const found = byWidth((await tx.execute<Row>(lock)).rows);
  const missing = widths.filter((width) => !found.has(width)).sort((a, b) => a - b);
  if (missing.length === 0) return found;
  for (const width of missing) {
    await tx.execute(sql`
      insert into meraki_ingest.coverage (organization_id, stream, series, interval_seconds, updated_at)
      values (${key.organizationId}, ${key.stream}, ${key.series}, ${width}, ${formatInstant(now)}::timestamptz)
      on conflict (organization_id, stream, series, interval_seconds) do nothing`);
  }
  return byWidth((await tx.execute<Row>(lock)).rows);
}

/** `lockCoverage` comes before it. Buckets that begin or cease to count make rollups stale, as new figures do. */
export async function saveCoverage(
  tx: Transaction,
  key: StreamKey,
  width: number,
  coverage: Coverage,
  now: Instant,
): Promise<void> {
  if (width !== 0) {
    const counted = (await readCoverage(tx, key)).get(width)?.counted ?? [];
    const recounted = union(subtract(coverage.counted, counted), subtract(counted, coverage.counted));
    await markStale(tx, key, recounted, now);
  }
  await tx.execute(sql`
    update meraki_ingest.coverage set
      final = ${formatMultirange(coverage.final)}::tstzmultirange,
      provisional = ${formatMultirange(coverage.provisional)}::tstzmultirange,
      counted = ${formatMultirange(coverage.counted)}::tstzmultirange,
      updated_at = ${formatInstant(now)}::timestamptz
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
      and interval_seconds = ${width}`);
}

function select(key: StreamKey) {
  return sql`
    select interval_seconds, final::text as final, provisional::text as provisional, counted::text as counted
    from meraki_ingest.coverage
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`;
}

function byWidth(rows: readonly Row[]): CoverageByWidth {
  return new Map(
    rows.map((row) => [
      row.interval_seconds,
      {
        final: parseMultirange(row.final),
        provisional: parseMultirange(row.provisional),
        counted: parseMultirange(row.counted),
      },
    ]),
  );
}

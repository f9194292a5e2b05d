import { sql } from 'drizzle-orm';
import type { Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { isoTime } from './iso-time.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { SET_ASIDE } from './quarantine.ts';

/** A row in quarantine. Times as ISO 8601 where they are only shown. */
export interface QuarantinedRow {
  readonly digest: string;
  /** Its JSON text; empty where it was not asked for. */
  readonly raw: string;
  readonly reason: string;
  readonly copies: number;
  readonly sentAt: string | null;
  /** The window it was asked in; `null` for rows kept before that was noted. */
  readonly asked: Range | null;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

interface Row extends Record<string, unknown> {
  digest: string;
  raw: string;
  reason: string;
  copies: number;
  sent_at: string | null;
  asked_from: string | null;
  asked_to: string | null;
  first_seen_at: string;
  last_seen_at: string;
}

export interface QuarantineFilter {
  readonly organizationId: string | undefined;
  readonly stream: StreamName | undefined;
}

/** Rows, and characters of their texts, that are held in memory at a time; a single row may be longer. */
const BATCH_ROWS = 500;
const BATCH_LENGTH = 16 * 1024 * 1024;

/** The streams that have rows in quarantine. */
export async function quarantinedStreams(
  query: Queryable,
  filter: QuarantineFilter,
): Promise<readonly StreamKey[]> {
  const found = await translated(
    query.execute<{ organization_id: string; stream: StreamName; series: string }>(sql`
      select distinct organization_id, stream, series from meraki_ingest.quarantine
      where organization_id = coalesce(${filter.organizationId ?? null}::text, organization_id)
        and stream = coalesce(${filter.stream ?? null}::text, stream)
      order by organization_id, stream desc, series`),
  );
  return found.rows.map(({ organization_id, stream, series }) => ({
    organizationId: organization_id,
    stream,
    series,
  }));
}

/**
 * All rows of a stream's quarantine in batches, the newest first. Rows that are added meanwhile, or leave, do not
 * disturb it.
 *
 * @param toReplay leaves out what an audit has set aside: those rows did validate
 */
export async function* readQuarantine(
  query: Queryable,
  key: StreamKey,
  { withRaw, toReplay = false }: { readonly withRaw: boolean; readonly toReplay?: boolean },
): AsyncGenerator<readonly QuarantinedRow[], void> {
  let after: QuarantinedRow | undefined;
  for (;;) {
    const beyond =
      after === undefined
        ? sql`true`
        : sql`(q.first_seen_at < ${after.firstSeenAt}::timestamptz
            or q.first_seen_at = ${after.firstSeenAt}::timestamptz and q.digest > ${after.digest})`;
    const found = await translated(
      query.execute<Row>(sql`
        select ${columns(withRaw)} from (
          select *, sum(octet_length(raw)) over (order by first_seen_at desc, digest) - octet_length(raw) as before
          from (
            select * from meraki_ingest.quarantine q where ${isStream(key)} and ${beyond} and (not ${toReplay} or q.reason <> ${SET_ASIDE})
            order by first_seen_at desc, digest limit ${BATCH_ROWS}
          ) q
        ) q
        where not ${withRaw} or before = 0 or before + octet_length(raw) <= ${BATCH_LENGTH}
        order by q.first_seen_at desc, q.digest`),
    );
    const rows = found.rows.map(rowOf);
    after = rows.at(-1);
    if (after === undefined) return;
    yield rows;
  }
}

/** Those of the rows that are still there, held until the transaction ends. */
export async function lockQuarantined(
  tx: Transaction,
  key: StreamKey,
  rows: readonly QuarantinedRow[],
): Promise<readonly QuarantinedRow[]> {
  const found = await tx.execute<Row>(sql`
    select ${columns(true)} from meraki_ingest.quarantine q where ${isStream(key)} and ${isOneOf(rows)}
    order by q.digest for update`);
  return found.rows.map(rowOf);
}

export async function removeQuarantined(
  tx: Transaction,
  key: StreamKey,
  rows: readonly QuarantinedRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await tx.execute(sql`delete from meraki_ingest.quarantine q where ${isStream(key)} and ${isOneOf(rows)}`);
}

/** The row's value; `undefined` when its text is no JSON, which no version of this program has stored. */
export function valueInQuarantine(row: QuarantinedRow): unknown {
  try {
    return JSON.parse(row.raw);
  } catch {
    return undefined;
  }
}

/** When the row was first received. */
export function receivedAt(row: QuarantinedRow): Instant {
  return parseDatabaseInstant(row.firstSeenAt);
}

function columns(withRaw: boolean) {
  return sql`q.digest, ${withRaw ? sql`q.raw` : sql`''`} as raw, q.reason, coalesce(q.copies, 1) as copies,
    ${isoTime('q.sent_at')} as sent_at, q.asked_from::text as asked_from, q.asked_to::text as asked_to,
    ${isoTime('q.first_seen_at')} as first_seen_at, ${isoTime('q.last_seen_at')} as last_seen_at`;
}

function rowOf(row: Row): QuarantinedRow {
  const { asked_from: from, asked_to: to } = row;
  return {
    digest: row.digest,
    raw: row.raw,
    reason: row.reason,
    copies: row.copies,
    sentAt: row.sent_at,
    asked:
      from === null || to === null
        ? null
        : { from: parseDatabaseInstant(from), to: parseDatabaseInstant(to) },
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
  };
}

function isOneOf(rows: readonly QuarantinedRow[]) {
  return sql`q.digest in (select value from json_array_elements_text(${JSON.stringify(
    rows.map((row) => row.digest),
  )}::json))`;
}

function isStream(key: StreamKey) {
  return sql`q.organization_id = ${key.organizationId} and q.stream = ${key.stream} and q.series = ${key.series}`;
}

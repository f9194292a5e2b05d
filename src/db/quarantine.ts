import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { QuarantineFullError } from '../errors.ts';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import { describeStream, type StreamKey } from '../stream-key.ts';
import type { Transaction } from './database.ts';

/** A row that did not validate: its JSON text as received, and why. */
export interface RefusedRow {
  readonly raw: string;
  readonly reason: string;
  /** Time of the row or of its bucket, where it can be read. */
  readonly sentAt: Instant | null;
  /** How many wholly identical rows its read has shown up to this one. */
  readonly copies: number;
}

/** The reason given for a delivery that an audit took out of the facts: it would pass, and is not to be replayed. */
export const SET_ASIDE = 'audit: stored, but not in the source';

export interface QuarantineTerms {
  /** The window the rows were asked in. */
  readonly asked: Range;
  /** Rows of one stream in quarantine, copies counted, beyond which no page is committed. */
  readonly limit: number;
}

/** Characters of rows in one statement; a single row may be longer. */
const STATEMENT_LENGTH = 16 * 1024 * 1024;

/**
 * Keeps refused rows (invariant I7). Wholly identical rows are one row here and a number of copies, which only a
 * read that shows more of them raises: a crash, an overlap or a second read does not.
 *
 * @returns how many rows are new, copies counted
 * @throws {QuarantineFullError} when they would bring the stream's quarantine beyond the limit; the transaction
 * must be rolled back
 */
export async function quarantineRows(
  tx: Transaction,
  key: StreamKey,
  rows: readonly RefusedRow[],
  { asked, limit }: QuarantineTerms,
  now: Instant,
): Promise<number> {
  if (rows.length === 0) return 0;
  const at = sql`${formatInstant(now)}::timestamptz`;
  let added = 0;
  for (const batch of batchesOf(distinctRows(rows))) {
    const kept = await tx.execute<{ added: number }>(sql`
      with r as (
        select * from json_to_recordset(${JSON.stringify(batch)}::json)
          as r(g text, w text, y text, c integer, s timestamptz)
      ), known as (
        select q.digest, coalesce(q.copies, 1) as copies from meraki_ingest.quarantine q join r on r.g = q.digest
        where q.organization_id = ${key.organizationId} and q.stream = ${key.stream}
          and q.series = ${key.series}
      ), kept as (
        insert into meraki_ingest.quarantine as q (organization_id, stream, series, digest, raw, reason, copies,
          sent_at, asked_from, asked_to, first_seen_at, last_seen_at)
        select ${key.organizationId}, ${key.stream}, ${key.series}, g, w, y, c, s,
          ${formatInstant(asked.from)}::timestamptz, ${formatInstant(asked.to)}::timestamptz, ${at}, ${at}
        from r
        order by g
        on conflict (organization_id, stream, series, digest) do update set
          copies = greatest(coalesce(q.copies, 1), excluded.copies),
          last_seen_at = greatest(q.last_seen_at, excluded.last_seen_at)
        where excluded.copies > coalesce(q.copies, 1)
          or excluded.last_seen_at > q.last_seen_at + interval '1 hour'
      )
      select coalesce(sum(greatest(r.c - coalesce(known.copies, 0), 0)), 0)::integer as added
      from r left join known on known.digest = r.g`);
    added += kept.rows[0]?.added ?? 0;
  }
  if (added > 0) await refuseBeyond(tx, key, limit);
  return added;
}

async function refuseBeyond(tx: Transaction, key: StreamKey, limit: number): Promise<void> {
  const found = await tx.execute<{ rows: number }>(sql`
    select coalesce(sum(coalesce(copies, 1)), 0)::double precision as rows from meraki_ingest.quarantine
    where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`);
  const rows = found.rows[0]?.rows ?? 0;
  if (rows <= limit) return;
  throw new QuarantineFullError(
    `The next page would bring the rows in quarantine of ${describeStream(key)} to ${rows}, and QUARANTINE_LIMIT is ` +
      `${limit}. Nothing of the page was stored. Look at "meraki-historian quarantine list"; then update the program ` +
      'and run "meraki-historian quarantine replay", or raise QUARANTINE_LIMIT.',
    { ...key, rows, limit },
  );
}

function distinctRows(rows: readonly RefusedRow[]) {
  const distinct = new Map<string, { g: string; w: string; y: string; c: number; s: string | null }>();
  for (const { raw, reason, sentAt, copies } of rows) {
    const digest = quarantineDigest(raw);
    const before = distinct.get(digest);
    if (before !== undefined) before.c = Math.max(before.c, copies);
    else {
      const s = sentAt === null ? null : formatInstant(sentAt);
      distinct.set(digest, { g: digest, w: asciiJson(raw), y: asciiJson(reason), c: copies, s });
    }
  }
  return [...distinct.values()].sort((a, b) => (a.g < b.g ? -1 : 1));
}

function batchesOf<Row extends { readonly w: string }>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const batches: Row[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    if (length + row.w.length > STATEMENT_LENGTH) {
      batches.push([]);
      length = 0;
    }
    batches.at(-1)?.push(row);
    length += row.w.length;
  }
  return batches;
}

/** Names a row in its stream's quarantine. */
export function quarantineDigest(raw: string): string {
  return createHash('sha256').update(asciiJson(raw)).digest('hex');
}

/**
 * Escapes what is not ASCII, so that unpaired surrogates, which a Postgres text cannot hold, survive. The result
 * is the same JSON value; spaces and line ends between its parts stay as they are.
 */
export function asciiJson(json: string): string {
  return json.replace(
    /[^\t\n\r\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

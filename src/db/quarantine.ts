import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import type { Transaction } from './database.ts';

/** A row that did not validate: its raw text as JSON, and why. */
export interface RefusedRow {
  readonly raw: string;
  readonly reason: string;
}

/**
 * Keeps refused rows (invariant I7). The raw text is ASCII JSON, so that NUL and unpaired surrogates, which a
 * Postgres text cannot hold, survive as escapes.
 *
 * @returns how many of them are new
 */
export async function quarantineRows(
  tx: Transaction,
  key: StreamKey,
  rows: readonly RefusedRow[],
  now: Instant,
): Promise<number> {
  if (rows.length === 0) return 0;
  const distinct = new Map(
    rows.map((row) => {
      const raw = asciiJson(row.raw);
      const reason = asciiJson(row.reason);
      const digest = createHash('sha256').update(raw).digest('hex');
      return [digest, { g: digest, w: raw, y: reason }];
    }),
  );
  const at = sql`${formatInstant(now)}::timestamptz`;
  const kept = await tx.execute<{ is_new: boolean }>(sql`
    insert into meraki_ingest.quarantine as q
      (organization_id, stream, series, digest, raw, reason, first_seen_at, last_seen_at)
    select ${key.organizationId}, ${key.stream}, ${key.series}, g, w, y, ${at}, ${at}
    from json_to_recordset(${JSON.stringify([...distinct.values()])}::json) as r(g text, w text, y text)
    order by g
    on conflict (organization_id, stream, series, digest) do update set last_seen_at = excluded.last_seen_at
    where excluded.last_seen_at > q.last_seen_at + interval '1 hour'
    returning q.first_seen_at = q.last_seen_at as is_new`);
  return kept.rows.filter((row) => row.is_new).length;
}

/** Escapes everything outside printable ASCII; the result is the same JSON value. */
function asciiJson(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey } from '../stream-key.ts';
import type { Transaction } from './database.ts';
import { asciiJson } from './quarantine.ts';

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'array' | 'object';

/** A field that is not as documented: not known, missing, or of another type. */
export interface FieldDrift {
  readonly field: string;
  readonly kind: 'unknown' | 'missing' | 'type';
  /** `null` where the field is missing. */
  readonly sampleType: JsonType | null;
}

/** A btree holds keys of 2,700 bytes. */
const LONGEST_FIELD = 200;
/** Names of fields can be ids without end. */
const MOST_OF_A_STREAM = 500;

/**
 * Notes fields that are not as documented. One that is known already costs a write once an hour.
 *
 * @returns those that were not known
 */
export async function recordDrift(
  tx: Transaction,
  key: StreamKey,
  drift: readonly FieldDrift[],
  now: Instant,
): Promise<readonly FieldDrift[]> {
  if (drift.length === 0) return [];
  const notes = new Map(
    drift.map(({ field, kind, sampleType }) => {
      const name = fieldName(field);
      return [`${kind} ${name}`, { f: name, k: kind, t: sampleType }];
    }),
  );
  const at = sql`${formatInstant(now)}::timestamptz`;
  const kept = await tx.execute<{ field: string; kind: FieldDrift['kind']; type: JsonType | null }>(sql`
    with kept as (
      insert into meraki_ingest.schema_drift as d
        (organization_id, stream, field, kind, sample_type, first_seen_at, last_seen_at)
      select ${key.organizationId}, ${key.stream}, f, k, t, ${at}, ${at}
      from json_to_recordset(${JSON.stringify([...notes.values()])}::json) as r(f text, k text, t text)
      where (
        select count(*) from meraki_ingest.schema_drift
        where organization_id = ${key.organizationId} and stream = ${key.stream}
      ) < ${MOST_OF_A_STREAM}
      order by f, k
      on conflict (organization_id, stream, field, kind) do update set last_seen_at = excluded.last_seen_at
      where excluded.last_seen_at > d.last_seen_at + interval '1 hour'
      returning field, kind, sample_type as type, first_seen_at = last_seen_at as is_new
    )
    select field, kind, type from kept where is_new order by field, kind`);
  return kept.rows.map(({ field, kind, type }) => ({ field, kind, sampleType: type }));
}

/** As it can be stored: without characters that a database text cannot hold, and not too long for a key. */
function fieldName(field: string): string {
  const cut = field.length > LONGEST_FIELD ? `${field.slice(0, LONGEST_FIELD)}…` : field;
  return cut.includes('\0') || !cut.isWellFormed() ? asciiJson(cut) : cut;
}

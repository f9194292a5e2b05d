import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

/** Rows in quarantine that may belong to a moment. */
export interface QuarantinedNearby {
  /** Of a time that can be read, and lies near. */
  readonly near: number;
  /** Of a time that cannot be read; the window they came in held the moment. */
  readonly timeUnknown: number;
}

export async function countQuarantinedNearby(
  query: Queryable,
  key: StreamKey,
  moment: Instant,
  near: Range,
): Promise<QuarantinedNearby> {
  const at = sql`${formatInstant(moment)}::timestamptz`;
  const found = await translated(
    query.execute<{ near: number; time_unknown: number }>(sql`
      select (count(*) filter (where sent_at >= ${formatInstant(near.from)}::timestamptz
          and sent_at < ${formatInstant(near.to)}::timestamptz))::integer as near,
        (count(*) filter (where sent_at is null and asked_from <= ${at} and asked_to > ${at}))::integer
          as time_unknown
      from meraki_ingest.quarantine
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`),
  );
  const row = found.rows[0];
  return { near: row?.near ?? 0, timeUnknown: row?.time_unknown ?? 0 };
}

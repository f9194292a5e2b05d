import { sql } from 'drizzle-orm';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

/** A stream with pending gaps that will soon be lost. */
export interface NearDeadline {
  readonly key: StreamKey;
  /** How many of its gaps are that near. */
  readonly gaps: number;
  readonly secondsLeft: number;
  /** As Postgres writes it. */
  readonly deadline: string;
}

interface Row extends Record<string, unknown> {
  organization_id: string;
  stream: StreamName;
  series: string;
  gaps: number;
  seconds_left: number;
  deadline: string;
}

/**
 * Whether a gap's deadline is near, for queries over `meraki.gaps` joined with `meraki_ingest.streams s`. A source
 * that keeps little would else be near its deadlines always, and the first reading of a new stream is no alarm.
 */
export function isNear(warningSeconds: number) {
  return sql`(g.state = 'pending' and s.created_at < now() - interval '1 hour'
    and g.seconds_left < least(${warningSeconds}::double precision, s.lookback_seconds / 4.0))`;
}

/** The streams with gaps near their deadline, the most pressing first. */
export async function readNearDeadlines(
  query: Queryable,
  warningSeconds: number,
): Promise<readonly NearDeadline[]> {
  const found = await translated(
    query.execute<Row>(sql`
      select organization_id, stream, series, count(*)::integer as gaps,
        min(g.seconds_left) as seconds_left, min(g.deadline)::text as deadline
      from meraki.gaps g join meraki_ingest.streams s using (organization_id, stream, series)
      where ${isNear(warningSeconds)}
      group by organization_id, stream, series order by min(g.seconds_left)`),
  );
  return found.rows.map((row) => ({
    key: { organizationId: row.organization_id, stream: row.stream, series: row.series },
    gaps: row.gaps,
    secondsLeft: row.seconds_left,
    deadline: row.deadline,
  }));
}

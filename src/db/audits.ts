import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Range, type Ranges, rangesOf } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/**
 * - `equal`: nothing differed;
 * - `repaired`: a second reading said the same, and the store was made equal;
 * - `unconfirmed`: a second reading said something else, or was not to be had; nothing was changed;
 * - `doubtful`: the source lacks more than half of what is stored; nothing was changed;
 * - `unreadable`: nothing of the window could be read whole.
 */
export type AuditOutcome = 'equal' | 'repaired' | 'unconfirmed' | 'doubtful' | 'unreadable';

export interface AuditFigures {
  readonly rowsCompared: number;
  readonly rowsMissing: number;
  readonly rowsSurplus: number;
  readonly figuresChanged: number;
  readonly repaired: number;
}

export const noFigures: AuditFigures = {
  rowsCompared: 0,
  rowsMissing: 0,
  rowsSurplus: 0,
  figuresChanged: 0,
  repaired: 0,
};

/** One window that was read again. */
export interface AuditRecord extends AuditFigures {
  readonly auditId: string;
  readonly key: StreamKey;
  readonly intervalSeconds: number;
  readonly auditedAt: Instant;
  readonly audited: Range;
  readonly requests: number;
  readonly outcome: AuditOutcome;
  readonly error: string | null;
}

export async function saveAudit(query: Queryable, audit: AuditRecord): Promise<void> {
  const { key, audited } = audit;
  await translated(
    query.execute(sql`
      insert into meraki_ingest.audits (organization_id, audit_id, stream, series, interval_seconds, audited_at,
        audited_from, audited_to, rows_compared, rows_missing, rows_surplus, figures_changed, repaired, requests,
        outcome, error)
      values (${key.organizationId}, ${audit.auditId}, ${key.stream}, ${key.series}, ${audit.intervalSeconds},
        ${formatInstant(audit.auditedAt)}::timestamptz, ${formatInstant(audited.from)}::timestamptz,
        ${formatInstant(audited.to)}::timestamptz, ${audit.rowsCompared}, ${audit.rowsMissing},
        ${audit.rowsSurplus}, ${audit.figuresChanged}, ${audit.repaired}, ${audit.requests}, ${audit.outcome},
        ${audit.error})`),
  );
}

export interface PastAudit {
  readonly intervalSeconds: number;
  readonly audited: Range;
  readonly requests: number;
  readonly outcome: AuditOutcome;
}

const LAST = 8;

/** The stream's last audits of each bucket width, the newest first. */
export async function readLastAudits(query: Queryable, key: StreamKey): Promise<readonly PastAudit[]> {
  const found = await translated(
    query.execute<{
      interval_seconds: number;
      audited_from: string;
      audited_to: string;
      requests: string;
      outcome: AuditOutcome;
    }>(sql`
      select interval_seconds, audited_from::text as audited_from, audited_to::text as audited_to,
        requests::text as requests, outcome
      from (
        select *, row_number() over (partition by interval_seconds order by audited_at desc, audit_id) as place
        from meraki_ingest.audits
        where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
      ) ranked
      where place <= ${LAST} order by interval_seconds, place`),
  );
  return found.rows.map((row) => ({
    intervalSeconds: row.interval_seconds,
    audited: { from: parseDatabaseInstant(row.audited_from), to: parseDatabaseInstant(row.audited_to) },
    requests: Number(row.requests),
    outcome: row.outcome,
  }));
}

/** Time that was audited in vain since `since`: unreadable, unconfirmed or doubtful. */
export async function readAuditedInVain(query: Queryable, key: StreamKey, since: Instant): Promise<Ranges> {
  const found = await translated(
    query.execute<{ audited_from: string; audited_to: string }>(sql`
      select audited_from::text as audited_from, audited_to::text as audited_to
      from meraki_ingest.audits
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}
        and audited_at >= ${formatInstant(since)}::timestamptz
        and outcome in ('unreadable', 'unconfirmed', 'doubtful')`),
  );
  return rangesOf(
    ...found.rows.map((row) => ({
      from: parseDatabaseInstant(row.audited_from),
      to: parseDatabaseInstant(row.audited_to),
    })),
  );
}

/** Forgets audits before `before`, but for those that found a difference. */
export async function deleteOldAudits(query: Queryable, before: Instant): Promise<void> {
  await translated(
    query.execute(sql`
      delete from meraki_ingest.audits
      where audited_at < ${formatInstant(before)}::timestamptz and outcome in ('equal', 'unreadable')`),
  );
}

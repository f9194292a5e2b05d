import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';

/** What the ledger knows of one moment of one stream. */
export interface LedgerMoment {
  readonly key: StreamKey;
  readonly createdAt: Instant;
  readonly wantedFrom: Instant;
  readonly lookbackSeconds: number;
  readonly expectedLagSeconds: number;
  readonly limits: unknown;
  readonly retiredAt: Instant | null;
  /** Rows older than this were dropped by RETENTION. */
  readonly droppedBefore: Instant | null;
  /** The moment lies between a retirement and a return of the stream. */
  readonly isUnwanted: boolean;
  readonly state: 'final' | 'provisional' | 'uncovered';
  readonly lost: {
    readonly lostAt: Instant;
    readonly reason: string;
    readonly detail: string;
  } | null;
  readonly error: { readonly code: string; readonly message: string; readonly at: Instant } | null;
}

interface Row extends Record<string, unknown> {
  stream: StreamName;
  series: string;
  created_at: string;
  wanted_from: string;
  lookback_seconds: number;
  expected_lag_seconds: number;
  limits: unknown;
  retired_at: string | null;
  dropped_before: string | null;
  is_unwanted: boolean;
  state: LedgerMoment['state'];
  lost_at: string | null;
  reason: string | null;
  detail: string | null;
  last_error_code: string | null;
  last_error: string | null;
  last_error_at: string | null;
}

/** What the ledger knows of a moment, for every stream of an organization that was ever read. */
export async function readLedgerMoments(
  query: Queryable,
  organizationId: string,
  moment: Instant,
): Promise<readonly LedgerMoment[]> {
  const at = sql`${formatInstant(moment)}::timestamptz`;
  const found = await translated(
    query.execute<Row>(sql`
      select s.stream, s.series, s.created_at::text as created_at, s.wanted_from::text as wanted_from,
        s.lookback_seconds::double precision as lookback_seconds,
        s.expected_lag_seconds::double precision as expected_lag_seconds, s.limits,
        s.retired_at::text as retired_at, s.dropped_before::text as dropped_before,
        coalesce(s.unwanted @> ${at}, false) as is_unwanted,
        case when c.is_final then 'final' when c.is_covered then 'provisional' else 'uncovered' end as state,
        l.lost_at::text as lost_at, l.reason, l.detail,
        s.last_error_code, s.last_error, s.last_error_at::text as last_error_at
      from meraki_ingest.streams s
      left join (
        select stream, series, bool_or(final @> ${at} and (interval_seconds = 0 or counted @> ${at})) as is_final,
          bool_or(final @> ${at} or provisional @> ${at}) as is_covered
        from meraki_ingest.coverage where organization_id = ${organizationId} group by stream, series
      ) c on c.stream = s.stream and c.series = s.series
      left join meraki_ingest.lost_time l on l.organization_id = ${organizationId} and l.stream = s.stream
        and l.series = s.series and l.lost_from <= ${at} and l.lost_to > ${at}
      where s.organization_id = ${organizationId}
      order by s.stream desc, s.series`),
  );
  return found.rows.map((row) => ledgerMoment(organizationId, row));
}

function ledgerMoment(organizationId: string, row: Row): LedgerMoment {
  const { lost_at, last_error_code, last_error_at } = row;
  return {
    key: { organizationId, stream: row.stream, series: row.series },
    createdAt: parseDatabaseInstant(row.created_at),
    wantedFrom: parseDatabaseInstant(row.wanted_from),
    lookbackSeconds: row.lookback_seconds,
    expectedLagSeconds: row.expected_lag_seconds,
    limits: row.limits,
    retiredAt: instantOrNull(row.retired_at),
    droppedBefore: instantOrNull(row.dropped_before),
    isUnwanted: row.is_unwanted,
    state: row.state,
    lost:
      lost_at === null
        ? null
        : { lostAt: parseDatabaseInstant(lost_at), reason: row.reason ?? '', detail: row.detail ?? '' },
    error:
      last_error_code === null || last_error_at === null
        ? null
        : {
            code: last_error_code,
            message: row.last_error ?? '',
            at: parseDatabaseInstant(last_error_at),
          },
  };
}

function instantOrNull(text: string | null): Instant | null {
  return text === null ? null : parseDatabaseInstant(text);
}

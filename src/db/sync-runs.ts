import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Lane, StreamKey } from '../stream-key.ts';
import { type Queryable, translated } from './database.ts';

export interface RunCounts {
  readonly pages: number;
  readonly requests: number;
  readonly rowsNew: number;
  readonly rowsKnown: number;
  readonly rowsQuarantined: number;
  readonly waitedMs: number;
}

export const noCounts: RunCounts = {
  pages: 0,
  requests: 0,
  rowsNew: 0,
  rowsKnown: 0,
  rowsQuarantined: 0,
  waitedMs: 0,
};

export function addCounts(a: RunCounts, b: RunCounts): RunCounts {
  return {
    pages: a.pages + b.pages,
    requests: a.requests + b.requests,
    rowsNew: a.rowsNew + b.rowsNew,
    rowsKnown: a.rowsKnown + b.rowsKnown,
    rowsQuarantined: a.rowsQuarantined + b.rowsQuarantined,
    waitedMs: a.waitedMs + b.waitedMs,
  };
}

/**
 * How a run ended: `complete` (nothing left to do in its lane), `paused` (time was up or a stop was asked for,
 * the checkpoint stands), `superseded`, `failed`. `running` for one that goes on, or was killed.
 */
export type RunOutcome = 'running' | 'complete' | 'paused' | 'superseded' | 'failed';

export interface RunState {
  readonly runId: string;
  readonly key: StreamKey;
  readonly lane: Lane;
  readonly startedAt: Instant;
  readonly counts: RunCounts;
  readonly outcome: RunOutcome;
  readonly finishedAt: Instant | null;
  readonly error: string | null;
}

/** Writes a run's state, whether or not it was written before. */
export async function saveRun(query: Queryable, run: RunState): Promise<void> {
  const finishedAt = run.finishedAt === null ? null : formatInstant(run.finishedAt);
  await translated(
    query.execute(sql`
      insert into meraki_ingest.sync_runs (organization_id, run_id, stream, series, lane, started_at,
        finished_at, pages, requests, rows_new, rows_known, rows_quarantined, waited_ms, outcome, error)
      values (${run.key.organizationId}, ${run.runId}, ${run.key.stream}, ${run.key.series}, ${run.lane},
        ${formatInstant(run.startedAt)}::timestamptz, ${finishedAt}::timestamptz, ${run.counts.pages},
        ${run.counts.requests}, ${run.counts.rowsNew}, ${run.counts.rowsKnown}, ${run.counts.rowsQuarantined},
        ${Math.round(run.counts.waitedMs)}, ${run.outcome}, ${run.error})
      on conflict (organization_id, run_id) do update set finished_at = excluded.finished_at,
        pages = excluded.pages, requests = excluded.requests, rows_new = excluded.rows_new,
        rows_known = excluded.rows_known, rows_quarantined = excluded.rows_quarantined,
        waited_ms = excluded.waited_ms, outcome = excluded.outcome, error = excluded.error`),
  );
}

/** Forgets runs that began before `before`: their figures are of no use to anybody by then. */
export async function deleteOldRuns(query: Queryable, before: Instant): Promise<void> {
  await translated(
    query.execute(
      sql`delete from meraki_ingest.sync_runs where started_at < ${formatInstant(before)}::timestamptz`,
    ),
  );
}

/** The figures of all runs of a stream that are remembered. */
export async function sumRuns(query: Queryable, key: StreamKey): Promise<RunCounts> {
  const found = await translated(
    query.execute<Record<keyof RunCounts, number>>(sql`
      select coalesce(sum(pages), 0)::double precision as "pages",
        coalesce(sum(requests), 0)::double precision as "requests",
        coalesce(sum(rows_new), 0)::double precision as "rowsNew",
        coalesce(sum(rows_known), 0)::double precision as "rowsKnown",
        coalesce(sum(rows_quarantined), 0)::double precision as "rowsQuarantined",
        coalesce(sum(waited_ms), 0)::double precision as "waitedMs"
      from meraki_ingest.sync_runs
      where organization_id = ${key.organizationId} and stream = ${key.stream} and series = ${key.series}`),
  );
  return found.rows[0] ?? noCounts;
}

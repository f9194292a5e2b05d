import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
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

/**
 * Writes a run's state, whether or not it was written before. Its figures never go down: a commit of which the answer
 * was lost is known to the database only.
 */
export async function saveRun(query: Queryable, run: RunState): Promise<void> {
  const finishedAt = run.finishedAt === null ? null : formatInstant(run.finishedAt);
  await translated(
    query.execute(sql`
      insert into meraki_ingest.sync_runs as r (organization_id, run_id, stream, series, lane, started_at,
        finished_at, pages, requests, rows_new, rows_known, rows_quarantined, waited_ms, outcome, error)
      values (${run.key.organizationId}, ${run.runId}, ${run.key.stream}, ${run.key.series}, ${run.lane},
        ${formatInstant(run.startedAt)}::timestamptz, ${finishedAt}::timestamptz, ${run.counts.pages},
        ${run.counts.requests}, ${run.counts.rowsNew}, ${run.counts.rowsKnown}, ${run.counts.rowsQuarantined},
        ${Math.round(run.counts.waitedMs)}, ${run.outcome}, ${run.error})
      on conflict (organization_id, run_id) do update set finished_at = excluded.finished_at,
        pages = greatest(r.pages, excluded.pages), requests = greatest(r.requests, excluded.requests),
        rows_new = greatest(r.rows_new, excluded.rows_new), rows_known = greatest(r.rows_known, excluded.rows_known),
        rows_quarantined = greatest(r.rows_quarantined, excluded.rows_quarantined),
        waited_ms = greatest(r.waited_ms, excluded.waited_ms), outcome = excluded.outcome, error = excluded.error`),
  );
}

/** Reads that follow one another within this are one stretch of time in which the archive was kept up. */
const APART = '1 hour';

/**
 * Makes one row of each stretch of an organization's runs that went well and found nothing new, for each day in UTC:
 * nearly all runs are such. Sums stay as they were; a row begins with its first run and ends with its last.
 *
 * @param days whole days in UTC
 */
export async function foldIdleRuns(query: Queryable, organizationId: string, days: Range): Promise<void> {
  await translated(
    query.execute(sql`
      with idle as (
        delete from meraki_ingest.sync_runs
        where organization_id = ${organizationId} and started_at >= ${formatInstant(days.from)}::timestamptz
          and started_at < ${formatInstant(days.to)}::timestamptz
          and outcome = 'complete' and rows_new = 0 and rows_quarantined = 0 and error is null
        returning *, date_trunc('day', started_at, 'UTC') as day
      ), marked as (
        select *, started_at - lag(finished_at) over (
          partition by stream, series, lane, day order by started_at) > ${APART}::interval as is_apart
        from idle
      ), stretches as (
        select *, count(*) filter (where is_apart) over (
          partition by stream, series, lane, day order by started_at) as stretch
        from marked
      )
      insert into meraki_ingest.sync_runs (organization_id, run_id, stream, series, lane, started_at, finished_at,
        pages, requests, rows_new, rows_known, rows_quarantined, waited_ms, outcome, error)
      select ${organizationId}, min(run_id), stream, series, lane, min(started_at), max(finished_at),
        sum(pages), sum(requests), 0, sum(rows_known), 0, sum(waited_ms), 'complete', null
      from stretches group by stream, series, lane, day, stretch`),
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

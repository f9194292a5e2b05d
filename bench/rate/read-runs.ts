import type pg from 'pg';

/** What the ledger says of the runs through the webhook logs. */
export async function readRuns(
  client: pg.Client,
  perPage: number,
): Promise<{ readonly waste: number; readonly liveWaitedMs: number | null }> {
  const { rows } = await client.query<{ waste: number; waited: number | null }>(
    `with backfills as (
       select organization_id, sum(requests) as requests, ceil(sum(rows_new) / $1::numeric) as pages,
         min(started_at) as began, max(coalesce(finished_at, started_at)) as ended
       from meraki_ingest.sync_runs where stream = 'webhook_logs' and lane = 'backfill' group by 1
     )
     select (select (1 - sum(pages) / sum(requests))::float8 from backfills) as waste,
       (select max(r.waited_ms::float8 / r.requests)
        from meraki_ingest.sync_runs r join backfills b using (organization_id)
        where r.stream = 'webhook_logs' and r.lane = 'live' and r.requests > 0
          and r.started_at > b.began and r.started_at < b.ended) as waited`,
    [perPage],
  );
  return { waste: rows[0]?.waste ?? 0, liveWaitedMs: rows[0]?.waited ?? null };
}

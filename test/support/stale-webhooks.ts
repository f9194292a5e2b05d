import type { Database } from '../../src/db/database.ts';

/** Marks all deliveries as not rolled up, as the program does when it writes some: for tests that write them by SQL. */
export async function staleWebhooks(database: Database): Promise<void> {
  await database.pool.query(
    `insert into meraki_store.rollup_stale (organization_id, stream, series, stale, updated_at)
     select organization_id, 'webhook_logs', 'all', tstzmultirange(tstzrange(
       date_trunc('hour', min(sent_at)), date_trunc('hour', max(sent_at)) + interval '1 hour')), now()
     from meraki_store.webhook_deliveries group by organization_id
     on conflict (organization_id, stream, series) do update set stale = excluded.stale`,
  );
}

import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { askPostgres } from './ask-postgres.ts';

const LOOK_EVERY_MS = 500;

export interface CatchUpOptions {
  readonly url: () => Promise<string | undefined>;
  readonly organizationIds: readonly string[];
  /** When the quiet began, in milliseconds since the epoch: each stream has to succeed after it. */
  readonly since: number;
  /** Everything wanted before has to be final, in milliseconds since the epoch. */
  readonly finalUntil: number;
  readonly patienceMs: number;
}

/**
 * Waits until every stream was read after the chaos, is final up to the wanted instant, and is rolled up so far.
 *
 * @returns what was still open when the patience ended, or nothing
 */
export async function waitUntilCaughtUp(options: CatchUpOptions): Promise<readonly string[]> {
  const end = Date.now() + options.patienceMs;
  let open: readonly string[] = ['nothing was asked yet'];
  while (Date.now() < end) {
    const url = await options.url();
    if (url !== undefined) {
      open = await askPostgres(url, (client) => stillOpen(client, options)).catch((error: unknown) => [
        `the database does not answer: ${String(error)}`,
      ]);
      if (open.length === 0) return [];
    }
    await delay(LOOK_EVERY_MS);
  }
  return open;
}

async function stillOpen(
  client: pg.Client,
  { organizationIds, since, finalUntil }: CatchUpOptions,
): Promise<readonly string[]> {
  const found = await client.query<{ organization_id: string; stream: string; open: string | null }>(
    `select o.organization_id, n.stream, case
         when s.stream is null then 'never read'
         when s.last_success_at is null or s.last_success_at < to_timestamp($2)
           then 'not read since the chaos: ' || coalesce(s.last_error, 'no error')
         when not isempty(m.missing) then 'not final: ' || m.missing::text
         when not isempty(r.stale * tstzmultirange(tstzrange(null, to_timestamp($3))))
           then 'not rolled up: ' || r.stale::text
       end as open
     from unnest($1::text[]) as o (organization_id)
     cross join (values ('webhook_logs'), ('api_responses')) as n (stream)
     left join meraki_ingest.streams s on s.organization_id = o.organization_id and s.stream = n.stream
     left join lateral (
       select tstzmultirange(tstzrange(s.wanted_from, greatest(s.wanted_from, to_timestamp($3))))
         - coalesce(range_agg(c.final), '{}') as missing
       from meraki_ingest.coverage c
       where c.organization_id = s.organization_id and c.stream = s.stream and c.series = s.series
     ) m on true
     left join meraki_store.rollup_stale r
       on r.organization_id = s.organization_id and r.stream = s.stream and r.series = s.series
     order by 1, 2`,
    [organizationIds, since / 1_000, finalUntil / 1_000],
  );
  return found.rows
    .filter(({ open }) => open !== null)
    .map((row) => `${row.organization_id} ${row.stream}: ${row.open}`);
}

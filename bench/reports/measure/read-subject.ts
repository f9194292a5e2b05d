import type pg from 'pg';
import { RANGES, type Subject } from './question.ts';

/** Finds the organization with the most deliveries, its share of all, and where the archive ends. */
export async function readSubject(client: pg.Client): Promise<Subject & { readonly share: number }> {
  const largest = await client.query<{ organizationId: string; share: number }>(`
    select organization_id as "organizationId",
      (count(*) / sum(count(*)) over ())::double precision as share
    from meraki_store.webhook_deliveries group by organization_id order by count(*) desc limit 1`);
  const [{ organizationId, share } = { organizationId: '', share: 0 }] = largest.rows;
  const end = await client.query<{ to: string }>(`
    select max(upper(final + provisional))::text as to from meraki_ingest.coverage where stream = 'webhook_logs'`);
  const to = end.rows[0]?.to ?? '';
  const ranges = await client.query<{ name: string; from: string }>(
    `select name, ($1::timestamptz - days * interval '1 day')::text as from
     from unnest($2::text[], $3::integer[]) r(name, days)`,
    [to, RANGES.map(({ name }) => name), RANGES.map(({ days }) => days)],
  );
  const from = ranges.rows.map((range) => [range.name, range.from] as const);
  return { organizationId, share, to, fromOf: Object.fromEntries(from) as Subject['fromOf'] };
}

import type pg from 'pg';
import { RANGES, type Subject } from './question.ts';

/** Shares of all deliveries. */
export interface Shares {
  readonly largest: number;
  readonly average: number;
}

/** Finds the organization with the most deliveries and one of average size, their shares, and where the archive ends. */
export async function readSubject(client: pg.Client): Promise<Subject & { readonly shares: Shares }> {
  const counted = await client.query<{ organizationId: string; share: number }>(`
    select organization_id as "organizationId",
      (count(*) / sum(count(*)) over ())::double precision as share
    from meraki_store.webhook_deliveries group by organization_id order by count(*) desc, organization_id`);
  const none = { organizationId: '', share: 0 };
  const largest = counted.rows[0] ?? none;
  const mean = 1 / counted.rows.length;
  const distance = ({ share }: { share: number }) => Math.abs(share - mean);
  const average = counted.rows.reduce((a, b) => (distance(b) < distance(a) ? b : a), largest);
  const end = await client.query<{ to: string }>(`
    select max(upper(final + provisional))::text as to from meraki_ingest.coverage where stream = 'webhook_logs'`);
  const to = end.rows[0]?.to ?? '';
  const ranges = await client.query<{ name: string; from: string }>(
    `select name, ($1::timestamptz - days * interval '1 day')::text as from
     from unnest($2::text[], $3::integer[]) r(name, days)`,
    [to, RANGES.map(({ name }) => name), RANGES.map(({ days }) => days)],
  );
  const from = ranges.rows.map((range) => [range.name, range.from] as const);
  const names = await client.query<{ host: string; series: string; change: string }>(
    `select (select url_host from meraki_store.webhook_endpoints where organization_id = $1
        order by endpoint_id limit 1) as host,
      (select max(series) from meraki_ingest.streams where organization_id = $1) as series,
      ($2::timestamptz - interval '12 hours')::text as change`,
    [largest.organizationId, to],
  );
  const parameters = { ...names.rows[0], factor: '2', objective: '99.5' };
  return {
    largest: largest.organizationId,
    average: average.organizationId,
    shares: { largest: largest.share, average: average.share },
    to,
    parameters,
    fromOf: Object.fromEntries(from) as Subject['fromOf'],
  };
}

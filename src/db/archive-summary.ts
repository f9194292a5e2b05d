import { sql } from 'drizzle-orm';
import { type Queryable, translated } from './database.ts';
import { isoTime } from './iso-time.ts';

/** What the archive holds of one organization, from the report views. Times as Postgres text. */
export interface OrganizationSummary extends Record<string, unknown> {
  readonly organization_id: string;
  readonly name: string;
  readonly state: string;
  readonly deliveries: number;
  readonly first_delivery: string | null;
  readonly last_delivery: string | null;
  readonly success_ratio: number | null;
  readonly worst_receiver: string | null;
  readonly worst_failures: number | null;
  readonly requests: number;
  readonly rate_limited_ratio: number | null;
}

export async function summarize(query: Queryable): Promise<readonly OrganizationSummary[]> {
  const found = await translated(
    query.execute<OrganizationSummary>(sql`
      select o.id as organization_id, o.name, o.state,
        coalesce(d.deliveries, 0)::double precision as deliveries,
        ${isoTime('d.first_delivery')} as first_delivery, ${isoTime('d.last_delivery')} as last_delivery, d.success_ratio,
        w.url_host as worst_receiver, w.failures::double precision as worst_failures,
        coalesce(r.requests, 0)::double precision as requests, r.rate_limited_ratio
      from meraki.organizations o
      left join (
        select organization_id, count(*) as deliveries, min(sent_at) as first_delivery,
          max(sent_at) as last_delivery, avg(is_success::integer)::double precision as success_ratio
        from meraki.webhook_deliveries group by organization_id
      ) d on d.organization_id = o.id
      left join (
        select distinct on (organization_id) organization_id, url_host, count(*) as failures
        from meraki.webhook_deliveries where not is_success
        group by organization_id, endpoint_id, url_host order by organization_id, failures desc
      ) w on w.organization_id = o.id
      left join (
        select organization_id, sum(request_count) as requests,
          (sum(request_count) filter (where response_code = 429))::double precision
            / nullif(sum(request_count), 0)::double precision as rate_limited_ratio
        from meraki.api_responses where series = 'all' group by organization_id
      ) r on r.organization_id = o.id
      order by deliveries desc, o.name`),
  );
  return found.rows;
}

import { sql } from './sql.ts';

/**
 * What the variables select, in SQL. `:sqlstring` quotes values the same way in every version of Grafana, and the array
 * is right for one value, for many and for none.
 */
export const OF_ORGANIZATIONS = `organization_id = any (array[\${organization:sqlstring}]::text[])`;
export const OF_RECEIVERS = `endpoint_id = any (array[\${receiver:sqlstring}]::text[])`;
export const OF_SERIES = `series = \${series:sqlstring}`;

/** How the views of the chosen width of buckets end: hourly or daily. */
export const HOURLY_OR_DAILY = `\${interval:raw}`;

/** The width of a bucket as an interval. */
export const BUCKET_WIDTH = `case '\${interval:raw}' when 'hourly' then interval '1 hour' else interval '1 day' end`;

/**
 * The months that the time range touches, of a view `h` joined with its organization `o`: months are those of the
 * organization's time zone, which begin before or after those of UTC. The bare bounds, wider than any month, are what
 * reaches the rollups.
 */
export const MONTHS_IN_RANGE = sql`
  h.month_start >= $__timeFrom()::timestamptz - interval '32 days' and h.month_start < $__timeTo()
  and date_trunc('month', h.month_start at time zone o.time_zone)
    >= date_trunc('month', $__timeFrom()::timestamptz at time zone o.time_zone)`;

/**
 * Receivers and what to call them: the host, and where that names several, the end of the id or the organization too.
 * Names have to differ, since Grafana keeps one option of each name.
 */
export const RECEIVER_NAMES = sql`
select e.organization_id, e.id as endpoint_id, o.name as organization,
  coalesce(e.url_host, e.name)
    || case when count(*) over (partition by e.organization_id, coalesce(e.url_host, e.name)) > 1
      then ' #' || right(e.id, 4) else '' end
    || case when min(e.organization_id) over (partition by coalesce(e.url_host, e.name))
        <> max(e.organization_id) over (partition by coalesce(e.url_host, e.name))
      then ' · ' || o.name else '' end as receiver
from meraki.webhook_endpoints e
join meraki.organizations o on o.id = e.organization_id
where e.organization_id = any (array[\${organization:sqlstring}]::text[])`;

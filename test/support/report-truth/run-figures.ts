/*
 * Runs of failures and the health of receivers, from all deliveries in their order. The order of deliveries that were
 * sent at the same instant is in no view, so these read the facts themselves.
 */
import type { Comparison } from './comparison.ts';

const incidents: Comparison = {
  name: 'webhook_incidents',
  forOwner: true,
  shown: `select organization_id, endpoint_id, started_at, ended_at, failures, last_response_code, last_failure_at,
    duration_seconds from meraki.webhook_incidents`,
  right: `
    select organization_id, endpoint_id::text, started_at, ended_at, failures,
      case when last_response_code > 0 then last_response_code end, last_failure_at,
      extract(epoch from coalesce(ended_at, last_failure_at) - started_at)::double precision
    from (
      select organization_id, endpoint_id, min(sent_at) filter (where not is_success) as started_at,
        lead(min(sent_at) filter (where is_success)) over (
          partition by organization_id, endpoint_id order by successes_so_far) as ended_at,
        count(*) filter (where not is_success) as failures,
        (array_agg(response_code order by sent_at desc, fingerprint desc, occurrence desc)
          filter (where not is_success))[1] as last_response_code,
        max(sent_at) filter (where not is_success) as last_failure_at
      from (
        select organization_id, endpoint_id, sent_at, fingerprint, occurrence, response_code,
          response_code between 200 and 299 as is_success,
          count(*) filter (where response_code between 200 and 299) over (
            partition by organization_id, endpoint_id order by sent_at, fingerprint, occurrence
            rows between unbounded preceding and current row) as successes_so_far
        from meraki_store.webhook_deliveries
      ) deliveries
      group by organization_id, endpoint_id, successes_so_far
    ) groups
    where failures > 0`,
};

const HOURS = { '1h': 1, '24h': 24, '7d': 168, '30d': 720 } as const;
const PERIODS = Object.keys(HOURS);

/** Failures in a row are told of 31 days, from the first local day that begins within them. */
const health: Comparison = {
  name: 'webhook_endpoint_health',
  forOwner: true,
  shown: `select organization_id, endpoint_id, ${PERIODS.map((name) => `deliveries_${name}`).join(', ')},
    ${PERIODS.map((name) => `round(success_ratio_${name}::numeric, 9)`).join(', ')},
    last_success_at, last_failure_at, last_delivery_at, consecutive_failures, state
    from meraki.webhook_endpoint_health`,
  right: `
    select organization_id, endpoint_id::text, ${PERIODS.map((name) => `n_${name}`).join(', ')},
      ${PERIODS.map((name) => `r_${name}`).join(', ')}, last_success_at, last_failure_at,
      greatest(last_success_at, last_failure_at), in_a_row,
      case when n_30d = 0 then 'silent' when in_a_row >= 3 then 'failing' when r_24h < 0.99 then 'degraded'
        when n_24h = 0 then 'quiet' else 'healthy' end
    from meraki_store.webhook_endpoints e
    cross join lateral (
      select ${Object.entries(HOURS)
        .map(
          ([name, hours]) => `
        count(*) filter (where sent_at >= now() - interval '${hours} hours') as n_${name},
        round(avg(good) filter (where sent_at >= now() - interval '${hours} hours'), 9) as r_${name}`,
        )
        .join(', ')},
        max(sent_at) filter (where good = 1 and sent_at >= now() - interval '720 hours') as last_success_at,
        max(sent_at) filter (where good = 0 and sent_at >= now() - interval '720 hours') as last_failure_at,
        count(*) filter (where successes_after_and_here = 0) as in_a_row
      from (
        select sent_at, (response_code between 200 and 299)::integer::numeric as good,
          count(*) filter (where response_code between 200 and 299) over (
            order by sent_at desc, fingerprint desc, occurrence desc) as successes_after_and_here
        from meraki_store.webhook_deliveries f
        where f.organization_id = e.organization_id and f.endpoint_id = e.endpoint_id
          and f.sent_at >= (select min(day_start) from days d
            where d.organization_id = e.organization_id and d.day_start > now() - interval '31 days')
      ) recent
    ) h`,
};

export const runFigures: readonly Comparison[] = [incidents, health];

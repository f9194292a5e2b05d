/** Days of webhooks by response code, alert type and network, with their shares. */
import type { Comparison } from './comparison.ts';
import { GRAINS, rounded } from './report-grain.ts';

const DAY = GRAINS[1]?.join;

const reasons: Comparison = {
  name: 'webhook_failure_reasons_daily',
  shown: `select organization_id, endpoint_id, bucket_start, response_code, failures, ${rounded('failure_share')},
    ${rounded('delivery_share')}, date from meraki.webhook_failure_reasons_daily`,
  right: `
    select organization_id, endpoint_id, day_start, response_code, failures,
      ${rounded('failures / all_failures')}, ${rounded('failures / all_deliveries')}, date
    from (
      select w.organization_id, w.endpoint_id, t.day_start, t.date, w.response_code,
        count(*) filter (where not w.is_success) as failures,
        sum(count(*) filter (where not w.is_success)) over day::float8 as all_failures,
        sum(count(*)) over day::float8 as all_deliveries
      from meraki.webhook_deliveries w ${DAY}
      group by 1, 2, 3, 4, 5
      window day as (partition by w.organization_id, w.endpoint_id, t.day_start)
    ) codes where failures > 0`,
};

function mix(view: string, member: string): Comparison {
  return {
    name: view,
    shown: `select organization_id, bucket_start, ${member}, deliveries, failures, ${rounded('delivery_share')}, date
      from meraki.${view}`,
    right: `
      select w.organization_id, t.day_start, w.${member}, count(*), count(*) filter (where not w.is_success),
        ${rounded('count(*) / sum(count(*)) over (partition by w.organization_id, t.day_start)::float8')}, t.date
      from meraki.webhook_deliveries w ${DAY} group by 1, 2, 3, 7`,
  };
}

export const shareFigures: readonly Comparison[] = [
  reasons,
  mix('webhook_alert_mix_daily', 'alert_type'),
  mix('webhook_network_mix_daily', 'network_id'),
];

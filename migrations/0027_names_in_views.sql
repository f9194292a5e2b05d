-- Every view that has an organization's id has its name, as the last column: ids say nothing to people.

do $$
declare
  found record;
begin
  for found in
    select c.oid::regclass as view, rtrim(pg_get_viewdef(c.oid), ';') as definition
    from pg_class c
    where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
      and c.relname in (
        'alert_types', 'api_busiest_hours', 'api_codes_daily', 'api_error_budget_daily', 'api_error_budget_hourly',
        'api_heat_map', 'api_own_share_daily', 'api_responses', 'api_series_daily', 'api_week_over_week', 'audits',
        'coverage', 'freshness', 'gaps', 'lateness', 'lost_time', 'network_names', 'networks', 'organization_names',
        'organization_states', 'quarantine', 'schema_drift', 'sync_runs', 'verified', 'webhook_alert_mix_daily',
        'webhook_endpoints', 'webhook_failure_reasons_daily', 'webhook_heat_map', 'webhook_incidents',
        'webhook_latency_histogram', 'webhook_network_mix_daily', 'webhook_receiver_alerts',
        'webhook_week_over_week'
      )
  loop
    execute format(
      'create or replace view %s with (security_barrier) as
       select v.*, o.name as organization_name from (%s) v
       left join meraki_store.organizations_seen o on o.organization_id = v.organization_id',
      found.view, found.definition);
    execute format('comment on column %s.organization_name is %L', found.view, 'Name of the organization in the dashboard when it was last listed.');
  end loop;
end $$;

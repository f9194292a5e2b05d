-- Names, and what the ledger says of organizations, are read through functions.
--
-- A plan tells how many rows a scan found, also of rows that a security barrier keeps back: with conditions on a name and
-- EXPLAIN ANALYZE, a reader of one organization could spell the names of others. What a function reads, no plan shows.
-- These tables are small. Those that are not hold no names: of them, plans can tell how many rows there are.

do $$
declare
  seen record;
begin
  for seen in
    select c.relname as name,
      replace(rtrim(pg_get_viewdef(c.oid), ';'), 'CURRENT_USER', 'reader') as definition,
      (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as columns
    from pg_class c
    where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
      and c.relname in ('organizations', 'organization_names', 'organization_states', 'networks', 'network_names',
        'webhook_endpoints', 'alert_types', 'audits', 'coverage', 'freshness', 'gaps', 'lateness', 'lost_time',
        'quarantine', 'schema_drift', 'verified')
  loop
    execute format(
      'create function meraki_store.%I(reader name) returns table (%s) '
      'language sql stable parallel safe security definer rows 100 set search_path = pg_catalog as %L',
      seen.name || '_seen_by', seen.columns, seen.definition);
    execute format('comment on function meraki_store.%I is %L', seen.name || '_seen_by',
      'Rows of the view ' || seen.name || ' that a role may see.');
    execute format(
      'create or replace view meraki.%I with (security_barrier) as select * from meraki_store.%I(current_user)',
      seen.name, seen.name || '_seen_by');
  end loop;
end
$$;

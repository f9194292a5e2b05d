-- Every view that has an organization's id has its name, as the last column: ids say nothing to people.

do $$
declare
  found record;
begin
  for found in
    select c.oid::regclass as view, rtrim(pg_get_viewdef(c.oid), ';') as definition
    from pg_class c
    where c.relnamespace = 'meraki'::regnamespace and c.relkind = 'v'
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
      and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_name')
    order by c.relname
  loop
    execute format(
      'create or replace view %s with (security_barrier) as
       select v.*, o.name as organization_name from (%s) v
       left join meraki_store.organizations_seen o on o.organization_id = v.organization_id',
      found.view, found.definition);
    execute format('comment on column %s.organization_name is %L', found.view, 'Name of the organization in the dashboard when it was last listed.');
  end loop;
end $$;

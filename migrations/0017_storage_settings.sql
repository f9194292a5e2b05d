-- Storage parameters of partitions that exist already; the program makes new ones with the same. Each statement takes a
-- lock that lets rows be read and written meanwhile, and changes nothing but the catalog: rows stay where they are.

do $$
declare
  partition record;
  insert_vacuum constant text :=
    'autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_insert_threshold = 10000, '
    'autovacuum_analyze_scale_factor = 0.05';
begin
  for partition in
    select p.relname as parent, c.oid::regclass as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid and c.relkind = 'r'
    join pg_class p on p.oid = i.inhparent and p.relkind = 'p'
    where p.relnamespace = 'meraki_store'::regnamespace
    order by c.relname
  loop
    case partition.parent
      when 'webhook_deliveries' then
        execute format('alter table %s set (%s, autovacuum_freeze_min_age = 0)', partition.name, insert_vacuum);
      when 'api_response_counts' then
        execute format('alter table %s set (%s)', partition.name, insert_vacuum);
      when 'webhook_hours', 'webhook_endpoint_hours', 'api_response_hours' then
        execute format('alter table %s set (fillfactor = 90, %s)', partition.name, insert_vacuum);
      else
        null;
    end case;
  end loop;
end
$$;

-- Small tables whose rows are written again with every page, and get longer meanwhile: room on the page keeps their
-- updates out of the indexes.
alter table meraki_ingest.checkpoints set (fillfactor = 50);
alter table meraki_ingest.coverage set (fillfactor = 50);
alter table meraki_ingest.streams set (fillfactor = 50);
alter table meraki_store.rollup_stale set (fillfactor = 50);
-- Written twice or a few times, soon after each other.
alter table meraki_ingest.sync_runs set (fillfactor = 90);

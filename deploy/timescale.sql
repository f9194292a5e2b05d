-- Turns the facts of a running archive into hypertables of TimescaleDB, and has what no longer changes compressed. Read
-- docs/scaling.md first: this file has not been run on TimescaleDB by this version. A test runs it against stand-ins
-- for TimescaleDB's functions, up to compression.
--
--   1. Stop all workers, and make a backup.
--   2. create extension timescaledb;                    2.21 or newer, for attach_chunk; the Community edition
--   3. psql --set ON_ERROR_STOP=1 --file deploy/timescale.sql "$DATABASE_URL"
--   4. Start the workers again. The program is the same; months are made by TimescaleDB from now on.
--
-- It is one transaction: what fails leaves the archive as it was. No row is copied: each monthly partition becomes a chunk
-- as it is. TimescaleDB may read every partition once, to check that its rows are of that month.

begin;

-- Bounds of partitions and definitions of views are written with the session's time zone and search path.
set local timezone = 'UTC';

do $$
begin
  if to_regproc('create_hypertable') is null then
    raise exception 'this database has no TimescaleDB: create extension timescaledb';
  end if;
  perform set_config('search_path', 'pg_catalog', true);
end
$$;

-- A partitioned table cannot become a hypertable, so a new table takes its name. Views are bound to the old one; they
-- are defined anew by the text they have, which keeps their grants, comments and whatever reads them.
create temporary table bound_views on commit drop as
select distinct format('%I.%I', n.nspname, v.relname) as name,
  coalesce(' with (' || array_to_string(v.reloptions, ', ') || ')', '') as options,
  pg_get_viewdef(v.oid) as definition
from pg_depend d
join pg_rewrite r on r.oid = d.objid
join pg_class v on v.oid = r.ev_class and v.relkind = 'v'
join pg_namespace n on n.oid = v.relnamespace
where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
  and d.refobjid in ('meraki_store.webhook_deliveries'::regclass, 'meraki_store.api_response_counts'::regclass);

reset search_path;

create procedure pg_temp.make_hypertable(facts text, time_column text)
language plpgsql as $procedure$
declare
  partition record;
  hypertable constant text := format('meraki_store.%I', facts);
  partitioned constant text := format('meraki_store.%I', facts || '_partitioned');
  remark constant text := obj_description(hypertable::regclass, 'pg_class');
begin
  execute format('alter table %s rename to %I', hypertable, facts || '_partitioned');
  execute format('alter table %s rename constraint %I to %I',
    partitioned, facts || '_pkey', facts || '_partitioned_pkey');
  execute format('create table %s (like %s including all excluding indexes)', hypertable, partitioned);
  execute format('alter table %s add constraint %I %s', hypertable, facts || '_pkey', (
    select pg_get_constraintdef(c.oid) from pg_constraint c
    where c.conrelid = partitioned::regclass and c.contype = 'p'));
  execute format('comment on table %s is %L', hypertable, remark);
  -- Chunks that TimescaleDB makes take these over; those that were partitions have them.
  execute format('alter table %s set (autovacuum_vacuum_insert_scale_factor = 0.05, '
    'autovacuum_vacuum_insert_threshold = 10000, autovacuum_analyze_scale_factor = 0.05)', hypertable);
  perform create_hypertable(hypertable::regclass, by_range(time_column::name, interval '1 month'),
    create_default_indexes => false);
  for partition in
    select c.oid::regclass::text as name,
      regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \('([^']+)'\) TO \('([^']+)'\)$$) as bounds
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = partitioned::regclass
    order by c.relname
  loop
    execute format('alter table %s detach partition %s', partitioned, partition.name);
    execute format('call attach_chunk(%L::regclass, %L::regclass, %L::jsonb)', hypertable, partition.name,
      jsonb_build_object(time_column, to_jsonb(partition.bounds)));
  end loop;
end
$procedure$;

call pg_temp.make_hypertable('webhook_deliveries', 'sent_at');
call pg_temp.make_hypertable('api_response_counts', 'bucket_start');

do $$
declare
  bound record;
begin
  for bound in select * from bound_views loop
    execute format('create or replace view %s%s as %s', bound.name, bound.options, bound.definition);
  end loop;
end
$$;

drop table meraki_store.webhook_deliveries_partitioned;
drop table meraki_store.api_response_counts_partitioned;

-- Compression. Rows of one organization lie together, in the order in which they are read. After 120 days nothing of a
-- chunk changes any more, but for an audit's repair or a replay of quarantined rows, which TimescaleDB lets through.
do $$
begin
  if not exists (select from pg_extension where extname = 'timescaledb') then
    return;
  end if;
  execute $sql$alter table meraki_store.webhook_deliveries set (timescaledb.enable_columnstore = true,
    timescaledb.segmentby = 'organization_id', timescaledb.orderby = 'sent_at, fingerprint, occurrence')$sql$;
  execute $sql$alter table meraki_store.api_response_counts set (timescaledb.enable_columnstore = true,
    timescaledb.segmentby = 'organization_id, series, interval_seconds',
    timescaledb.orderby = 'bucket_start, response_code')$sql$;
  execute $sql$call add_columnstore_policy('meraki_store.webhook_deliveries', after => interval '120 days')$sql$;
  execute $sql$call add_columnstore_policy('meraki_store.api_response_counts', after => interval '120 days')$sql$;
end
$$;

commit;

-- Rollups and the ledger stay as they are. RETENTION drops chunks by drop_chunks.

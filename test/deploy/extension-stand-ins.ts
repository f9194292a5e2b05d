/*
 * Stand-ins for the functions of Citus and TimescaleDB that deploy/ calls, where the extensions are not: they take the
 * same arguments and do the least that lets the files run. They show that names, columns and order are right, and
 * nothing about the extensions.
 */

/** Notes what is to be distributed; refuses what Citus refuses by its documentation. */
export const CITUS_STAND_INS = `
  create table public.placed (name text not null, placement text not null);
  create function public.create_distributed_table(table_name regclass, distribution_column text,
    colocate_with text default 'default') returns void language plpgsql as $$
  begin
    if exists (select from pg_constraint c where c.conrelid = table_name and c.contype in ('p', 'u')
        and not exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey)
          and a.attname = distribution_column)) then
      raise exception 'a key of % lacks %', table_name, distribution_column;
    end if;
    if exists (select from pg_constraint c where c.conrelid = table_name and c.contype = 'f') then
      raise exception '% has a foreign key', table_name;
    end if;
    if exists (select from pg_trigger t where t.tgrelid = table_name and not t.tgisinternal) then
      raise exception '% has a trigger', table_name;
    end if;
    if colocate_with <> 'default' and not exists (
        select from public.placed p where p.name = colocate_with and p.placement = 'distributed') then
      raise exception '% is not distributed', colocate_with;
    end if;
    insert into public.placed values (table_name::text, 'distributed');
  end $$;
  create function public.create_reference_table(table_name regclass) returns void language sql as $$
    insert into public.placed values (table_name::text, 'reference')
  $$;`;

/** A hypertable is a table that chunks inherit from, and a catalog of these. */
export const TIMESCALE_STAND_INS = `
  create schema timescaledb_information;
  create table timescaledb_information.chunks (hypertable_schema name, hypertable_name name, chunk_schema name,
    chunk_name name, range_start timestamptz, range_end timestamptz);
  create table public.hypertables (name text not null, time_column name not null);
  create type public.dimension_info as (column_name name, width interval);
  create function public.by_range(column_name name, partition_interval interval)
    returns public.dimension_info language sql as $$
    select row(column_name, partition_interval)::public.dimension_info
  $$;
  create function public.create_hypertable(relation regclass, dimension public.dimension_info,
    create_default_indexes boolean) returns void language plpgsql as $$
  begin
    if (select relkind from pg_class where oid = relation) <> 'r' then
      raise exception '% is not an ordinary table', relation;
    end if;
    insert into public.hypertables values (relation::text, dimension.column_name);
  end $$;
  create procedure public.attach_chunk(hypertable regclass, chunk regclass, slices jsonb) language plpgsql as $$
  declare
    slice record;
  begin
    select key, (value ->> 0)::timestamptz as since, (value ->> 1)::timestamptz as until into strict slice
    from jsonb_each(slices);
    if not exists (select from public.hypertables h where h.name = hypertable::text and h.time_column = slice.key) then
      raise exception '% has no dimension %', hypertable, slice.key;
    end if;
    execute format('alter table %s inherit %s', chunk, hypertable);
    insert into timescaledb_information.chunks
    select 'meraki_store', h.relname, n.nspname, c.relname, slice.since, slice.until
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_class h
    where c.oid = chunk and h.oid = hypertable;
  end $$;
  create function public.drop_chunks(relation regclass, older_than timestamptz) returns setof text
  language plpgsql as $$
  declare
    old record;
  begin
    for old in
      delete from timescaledb_information.chunks c using pg_class h
      where h.oid = relation and c.hypertable_name = h.relname and c.range_end <= older_than
      returning format('%I.%I', c.chunk_schema, c.chunk_name) as name
    loop
      execute 'drop table ' || old.name;
      return next old.name;
    end loop;
  end $$;`;

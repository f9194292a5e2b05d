import type pg from 'pg';

export interface DescribedColumn {
  readonly name: string;
  /** As Postgres writes it, but `timestamptz` for short. */
  readonly type: string;
  /** Empty where there is none. */
  readonly comment: string;
}

export interface DescribedView {
  /** With its schema unless that is `meraki`: `coverage`, `meraki_v2.coverage`. */
  readonly name: string;
  readonly comment: string;
  /** In the order of `select *`. */
  readonly columns: readonly DescribedColumn[];
}

const VIEWS = `
  select case when n.nspname = 'meraki' then '' else n.nspname || '.' end || c.relname as name,
    coalesce(trim(obj_description(c.oid, 'pg_class')), '') as comment,
    (select json_agg(json_build_object('name', a.attname,
        'type', replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'timestamptz'),
        'comment', coalesce(trim(col_description(c.oid, a.attnum)), '')) order by a.attnum)
      from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  where n.nspname ~ '^meraki(_v[0-9]+)?$' and c.relkind in ('r', 'p', 'v', 'm', 'f')
  order by n.nspname collate "C", c.relname collate "C"`;

/** Everything that can be read in `meraki`, and in `meraki_v2` and so on once they exist, in order of the names. */
export async function describeViews(pool: pg.Pool | pg.ClientBase): Promise<readonly DescribedView[]> {
  const found = await pool.query<DescribedView>(VIEWS);
  return found.rows;
}

import pg from 'pg';

/** A table with all its partitions and indexes. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly partitions: number;
  readonly bytes: number;
  readonly indexBytes: number;
}

/** What the largest tables take, the largest first. Rows are what statistics say, so vacuum first. */
export async function readTableSizes(databaseUrl: string): Promise<readonly TableSize[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const found = await client.query<TableSize>(`
      select n.nspname || '.' || coalesce(p.relname, c.relname) as name,
        sum(greatest(c.reltuples, 0))::double precision as rows, count(p.oid)::integer as partitions,
        sum(pg_total_relation_size(c.oid))::double precision as bytes,
        sum(pg_indexes_size(c.oid))::double precision as "indexBytes"
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_inherits i on i.inhrelid = c.oid
      left join pg_class p on p.oid = i.inhparent
      where n.nspname in ('meraki_store', 'meraki_ingest') and c.relkind = 'r'
      group by 1 having sum(pg_total_relation_size(c.oid)) > 1e6 order by bytes desc`);
    return found.rows;
  } finally {
    await client.end();
  }
}

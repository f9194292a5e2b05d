import pg from 'pg';

/** What a table takes, with all its partitions. */
export interface MeasuredTable {
  readonly name: string;
  readonly rows: number;
  readonly partitions: number;
  readonly heapBytes: number;
  readonly indexBytes: number;
}

/** What rows look like, on average or counted, as the sizing formula asks for it. */
export interface MeasuredShapes {
  /** Share of each length of an organization's id, by table and length. */
  readonly lengths: ReadonlyMap<string, readonly { readonly length: number; readonly share: number }[]>;
  readonly series: number;
  readonly latencyBuckets: number;
}

/** Tables with rows, the largest first. Rows are counted. */
export async function measureSizes(databaseUrl: string): Promise<readonly MeasuredTable[]> {
  return await onDatabase(databaseUrl, async (client) => {
    const found = await client.query<MeasuredTable>(`
      select n.nspname || '.' || coalesce(p.relname, c.relname) as name, count(p.oid)::integer as partitions,
        sum(pg_table_size(c.oid))::double precision as "heapBytes",
        sum(pg_indexes_size(c.oid))::double precision as "indexBytes", 0 as rows
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_inherits i on i.inhrelid = c.oid
      left join pg_class p on p.oid = i.inhparent
      where n.nspname in ('meraki_store', 'meraki_ingest') and c.relkind = 'r'
      group by 1 order by sum(pg_total_relation_size(c.oid)) desc`);
    const tables: MeasuredTable[] = [];
    for (const table of found.rows) {
      const counted = await client.query<{ rows: string }>(`select count(*) as rows from ${table.name}`);
      tables.push({ ...table, rows: Number(counted.rows[0]?.rows) });
    }
    return tables.filter(({ rows }) => rows > 0);
  });
}

export async function measureShapes(databaseUrl: string, tables: readonly string[]): Promise<MeasuredShapes> {
  return await onDatabase(databaseUrl, async (client) => {
    const lengths = new Map<string, readonly { length: number; share: number }[]>();
    for (const table of tables) {
      const found = await client.query<{ length: number; share: number }>(`
        select length(organization_id) as length, count(*)::double precision / sum(count(*)) over () as share
        from meraki_store.${table} group by 1 order by 1`);
      lengths.set(table, found.rows);
    }
    const others = await client.query<{ series: number; latency_buckets: number }>(`
      select
        (select avg(length(series)) from meraki_store.api_response_counts)::double precision as series,
        (select avg(cardinality(latency_buckets)) from meraki_store.webhook_endpoint_hours)::double precision
          as latency_buckets`);
    const { series, latency_buckets } = others.rows[0] ?? { series: 3, latency_buckets: 1 };
    return { lengths, series, latencyBuckets: latency_buckets };
  });
}

async function onDatabase<T>(databaseUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

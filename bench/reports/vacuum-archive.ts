import pg from 'pg';

/**
 * Vacuums and analyzes table by table, as autovacuum does in time: partitions, never the tables they are partitions of,
 * which it leaves alone as well.
 *
 * @returns seconds it took
 */
export async function vacuumArchive(databaseUrl: string): Promise<number> {
  const began = Date.now();
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(`
      select format('%I.%I', n.nspname, c.relname) as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('meraki_store', 'meraki_ingest') and c.relkind = 'r' order by 1`);
    for (const { name } of tables.rows) await client.query(`vacuum (analyze) ${name}`);
    return (Date.now() - began) / 1_000;
  } finally {
    await client.end();
  }
}

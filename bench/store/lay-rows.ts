import pg from 'pg';

/** How rows of a table come in: hour by hour, in each one organization after the other, and by time within. */
const ORDER: Readonly<Record<string, string>> = {
  webhook_deliveries: `date_trunc('hour', sent_at), organization_id, sent_at, fingerprint, occurrence`,
  api_response_counts: `date_trunc('hour', bucket_start), organization_id, series, bucket_start, response_code`,
};

/**
 * Writes the facts of a filled archive once more, in the order in which the program writes them, with its form of INSERT.
 * The generator draws the rows of an hour in any order, which leaves indexes with more room than the program's pages do.
 *
 * @returns WAL bytes of these writes, by table
 */
export async function layRows(databaseUrl: string): Promise<ReadonlyMap<string, number>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const written = new Map<string, number>();
  try {
    for (const [table, order] of Object.entries(ORDER)) {
      let bytes = 0;
      for (const partition of await partitionsOf(client, table)) {
        await client.query(`create unlogged table store_bench_rows as table ${partition}`);
        await client.query(`truncate ${partition}`);
        await client.query('checkpoint').catch(() => undefined);
        const before = await walPosition(client);
        await client.query(
          `insert into ${partition} select * from store_bench_rows order by ${order} on conflict do nothing`,
        );
        bytes += (await walPosition(client)) - before;
        await client.query('drop table store_bench_rows');
      }
      written.set(table, bytes);
    }
    return written;
  } finally {
    await client.end();
  }
}

async function partitionsOf(client: pg.Client, table: string): Promise<readonly string[]> {
  const found = await client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1`,
    [`meraki_store.${table}`],
  );
  return found.rows.map(({ name }) => name);
}

/** Bytes of WAL that the server has written so far. */
export async function walPosition(client: pg.Client): Promise<number> {
  const found = await client.query<{ bytes: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as bytes`,
  );
  return Number(found.rows[0]?.bytes);
}

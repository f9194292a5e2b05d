/*
 * What a table is cut into by time: partitions of Postgres, or chunks where it was turned into a hypertable of
 * TimescaleDB (deploy/timescale.sql). Chunks are dropped by TimescaleDB, which keeps a catalog of them.
 */
import { sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import { type Database, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import type { PartitionedTable } from './partition-settings.ts';

export interface StoredMonth {
  readonly name: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly kind: 'partition' | 'chunk';
}

/** The partitions or chunks of a table; a chunk need not be a month. */
export async function storedMonths(
  database: Database,
  table: PartitionedTable,
): Promise<readonly StoredMonth[]> {
  const name = `meraki_store.${table}`;
  const found = await translated(
    database.query.execute<{ relkind: string; name: string | null; bounds: string | null }>(sql`
      select p.relkind, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
      from pg_class p
      left join pg_inherits i on i.inhparent = p.oid
      left join pg_class c on c.oid = i.inhrelid
      where p.oid = ${name}::regclass`),
  );
  if (found.rows.some(({ relkind }) => relkind !== 'p')) return await chunksOf(database, table);
  return found.rows.flatMap((row) => {
    const [, from, to] = /FROM \('([^']+)'\) TO \('([^']+)'\)/.exec(row.bounds ?? '') ?? [];
    if (row.name === null || from === undefined || to === undefined) return [];
    const kind = 'partition' as const;
    return [{ name: row.name, from: parseDatabaseInstant(from), to: parseDatabaseInstant(to), kind }];
  });
}

/** Drops what `storedMonths` gave, in the order of time from the oldest, without a hole. */
export async function dropMonths(
  tx: Transaction,
  table: PartitionedTable,
  months: readonly StoredMonth[],
): Promise<void> {
  for (const { name, kind } of months) {
    if (kind === 'partition') await tx.execute(sql.raw(`drop table if exists meraki_store."${name}"`));
  }
  const chunks = months.filter(({ kind }) => kind === 'chunk');
  if (chunks.length === 0) return;
  const end = formatInstant(Math.max(...chunks.map(({ to }) => to)));
  await tx.execute(
    sql`select drop_chunks(${`meraki_store.${table}`}::regclass, older_than => ${end}::timestamptz)`,
  );
}

async function chunksOf(database: Database, table: PartitionedTable): Promise<readonly StoredMonth[]> {
  const found = await translated(
    database.query.execute<{ name: string; range_start: string; range_end: string }>(sql`
      select chunk_name::text as name, range_start::text as range_start, range_end::text as range_end
      from timescaledb_information.chunks
      where hypertable_schema = 'meraki_store' and hypertable_name = ${table}`),
  );
  return found.rows.map((row) => ({
    name: row.name,
    from: parseDatabaseInstant(row.range_start),
    to: parseDatabaseInstant(row.range_end),
    kind: 'chunk',
  }));
}

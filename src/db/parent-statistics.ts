/*
 * Autovacuum analyzes partitions and never the tables they are partitions of. Without statistics of the whole, Postgres
 * guesses 200 organizations in every archive when it joins.
 */
import { sql } from 'drizzle-orm';
import { type Database, type Queryable, translated } from './database.ts';
import { PARTITIONED_TABLES, type PartitionedTable } from './partition-settings.ts';

/** What Postgres knows of a partitioned table. */
export interface ParentStatistics {
  readonly table: PartitionedTable;
  /** Rows when the whole was analyzed last; -1 when it never was. */
  readonly analyzedRows: number;
  /** Rows of its partitions, as autovacuum keeps count. */
  readonly rows: number;
}

/** Below this many rows, any plan will do. */
const WORTHWHILE_ROWS = 10_000;
const CHANGED_SHARE = 0.2;
/** From this version on, Postgres can leave out the partitions, which autovacuum sees to. */
const ANALYZES_ONLY_PARENT = 180_000;

/** Whether a partitioned table has changed enough since it was analyzed, or never was. */
export function isAnalyzeDue({ analyzedRows, rows }: ParentStatistics): boolean {
  if (rows < WORTHWHILE_ROWS) return false;
  return analyzedRows < 0 || Math.abs(rows - analyzedRows) > CHANGED_SHARE * analyzedRows;
}

/** The partitioned tables; those that are hypertables are not among them. */
export async function readParentStatistics(query: Queryable): Promise<readonly ParentStatistics[]> {
  const found = await translated(
    query.execute<{ table: PartitionedTable; analyzed_rows: number; rows: number }>(sql`
      select p.relname as table, p.reltuples::double precision as analyzed_rows,
        coalesce(sum(greatest(c.reltuples, 0)), 0)::double precision as rows
      from pg_class p
      left join pg_inherits i on i.inhparent = p.oid
      left join pg_class c on c.oid = i.inhrelid
      where p.relnamespace = 'meraki_store'::regnamespace and p.relkind = 'p'
      group by p.oid, p.relname, p.reltuples order by p.relname`),
  );
  return found.rows
    .filter(({ table }) => PARTITIONED_TABLES.includes(table))
    .map(({ table, analyzed_rows, rows }) => ({ table, analyzedRows: analyzed_rows, rows }));
}

/**
 * Analyzes the partitioned tables for which it is due.
 *
 * Outside of a transaction: each relation is locked only while its own sample is taken, and new partitions wait no
 * longer than that.
 *
 * @returns their names
 */
export async function analyzeParents(database: Database): Promise<readonly PartitionedTable[]> {
  const due = (await readParentStatistics(database.query)).filter(isAnalyzeDue);
  if (due.length === 0) return [];
  const version = await translated(
    database.query.execute<{ number: string }>(sql`select current_setting('server_version_num') as number`),
  );
  const only = Number(version.rows[0]?.number) >= ANALYZES_ONLY_PARENT ? 'only ' : '';
  for (const { table } of due) {
    await translated(database.query.execute(sql.raw(`analyze ${only}meraki_store.${table}`)));
  }
  return due.map(({ table }) => table);
}

import { sql } from 'drizzle-orm';
import {
  formatInstant,
  type Instant,
  instantOfMilliseconds,
  MICROSECONDS_PER_MILLISECOND,
} from '../instant.ts';
import type { Range } from '../ranges.ts';
import { type Database, type Queryable, type Transaction, translated } from './database.ts';
import { PARTITIONED_TABLES, type PartitionedTable, partitionSettings } from './partition-settings.ts';

/** How many months beyond the present one are made before they begin. */
const MONTHS_AHEAD = 2;
/** To make what is not needed yet, nobody shall wait behind a long query for longer than this. */
const AHEAD_LOCK_TIMEOUT = '1s';

interface Month {
  readonly name: string;
  readonly from: Instant;
  readonly to: Instant;
}

/**
 * Makes the monthly partitions that rows of `range` go to, before those rows are written.
 *
 * Runs in a transaction of its own: making a partition locks the parent table, and a page's transaction must
 * not hold that lock. A table that is not partitioned by range (a hypertable) is left alone.
 */
export class Partitions {
  readonly #database: Database;
  readonly #known = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  async ensure(table: PartitionedTable, range: Range): Promise<void> {
    const missing = monthsOf(range).filter((month) => !this.#known.has(`${table}_${month.name}`));
    if (missing.length === 0) return;
    await translated(this.#database.transaction((tx) => makeMonths(tx, table, missing)));
    for (const month of missing) this.#known.add(`${table}_${month.name}`);
  }

  /**
   * Makes the months of every table up to two after the present one, so that no page has to.
   *
   * @returns the names of the partitions made
   * @throws {DatabaseBusyError} when a table was in use for too long; nothing waits for these months yet
   */
  async ensureAhead(now: Instant): Promise<readonly string[]> {
    const made: string[] = [];
    for (const { table, months } of await missingAhead(this.#database.query, now)) {
      await translated(
        this.#database.transaction(async (tx) => {
          await tx.execute(sql`select set_config('lock_timeout', ${AHEAD_LOCK_TIMEOUT}, true)`);
          await makeMonths(tx, table, months);
        }),
      );
      made.push(...months.map(({ name }) => `${table}_${name}`));
    }
    return made;
  }
}

/** The names of the partitions that should exist by now, and do not. */
export async function missingPartitions(query: Queryable, now: Instant): Promise<readonly string[]> {
  const missing = await missingAhead(query, now);
  return missing.flatMap(({ table, months }) => months.map(({ name }) => `${table}_${name}`));
}

async function missingAhead(
  query: Queryable,
  now: Instant,
): Promise<readonly { readonly table: PartitionedTable; readonly months: readonly Month[] }[]> {
  const found = await translated(
    query.execute<{ parent: PartitionedTable; child: string | null }>(sql`
      select p.relname as parent, c.relname as child
      from pg_class p
      left join pg_inherits i on i.inhparent = p.oid
      left join pg_class c on c.oid = i.inhrelid
      where p.relnamespace = 'meraki_store'::regnamespace and p.relkind = 'p'`),
  );
  const made = new Set(found.rows.map(({ child }) => child));
  const partitioned = new Set(found.rows.map(({ parent }) => parent));
  const months = monthsOf({ from: now, to: monthsLater(now, MONTHS_AHEAD) + 1 });
  return PARTITIONED_TABLES.filter((table) => partitioned.has(table))
    .map((table) => ({ table, months: months.filter(({ name }) => !made.has(`${table}_${name}`)) }))
    .filter(({ months: missing }) => missing.length > 0);
}

async function makeMonths(tx: Transaction, table: PartitionedTable, months: readonly Month[]): Promise<void> {
  await tx.execute(sql`select set_config('citus.multi_shard_modify_mode', 'sequential', true)`);
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('meraki-historian partitions'))`);
  const kind = await tx.execute<{ relkind: string }>(
    sql`select relkind from pg_class where oid = ${`meraki_store.${table}`}::regclass`,
  );
  if (kind.rows[0]?.relkind !== 'p') return;
  for (const { name, from, to } of months) {
    await tx.execute(
      sql.raw(
        `create table if not exists meraki_store.${table}_${name} partition of meraki_store.${table} ` +
          `for values from ('${formatInstant(from)}') to ('${formatInstant(to)}') with (${partitionSettings(table)})`,
      ),
    );
  }
}

/** The beginning of the month in UTC that comes so many months after the one of `now`. */
function monthsLater(now: Instant, months: number): Instant {
  const date = new Date(now / MICROSECONDS_PER_MILLISECOND);
  return instantOfMilliseconds(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1));
}

/** The calendar months in UTC that `range` touches. */
export function monthsOf(range: Range): readonly Month[] {
  const months: Month[] = [];
  const first = new Date(range.from / MICROSECONDS_PER_MILLISECOND);
  for (let year = first.getUTCFullYear(), index = first.getUTCMonth(); ; index += 1) {
    const from = instantOfMilliseconds(Date.UTC(year, index, 1));
    if (from >= range.to) return months;
    const day = new Date(from / MICROSECONDS_PER_MILLISECOND).toISOString();
    const to = instantOfMilliseconds(Date.UTC(year, index + 1, 1));
    months.push({ name: `${day.slice(0, 4)}_${day.slice(5, 7)}`, from, to });
    if (index === 11) {
      year += 1;
      index = -1;
    }
  }
}

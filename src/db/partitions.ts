import { sql } from 'drizzle-orm';
import {
  formatInstant,
  type Instant,
  instantOfMilliseconds,
  MICROSECONDS_PER_MILLISECOND,
} from '../instant.ts';
import type { Range } from '../ranges.ts';
import { type Database, translated } from './database.ts';

export type PartitionedTable =
  | 'webhook_deliveries'
  | 'api_response_counts'
  | 'webhook_hours'
  | 'webhook_endpoint_hours'
  | 'api_response_hours';

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
    await translated(
      this.#database.transaction(async (tx) => {
        await tx.execute(sql`select set_config('citus.multi_shard_modify_mode', 'sequential', true)`);
        await tx.execute(sql`select pg_advisory_xact_lock(hashtext('meraki-historian partitions'))`);
        const kind = await tx.execute<{ relkind: string }>(
          sql`select relkind from pg_class where oid = ${`meraki_store.${table}`}::regclass`,
        );
        if (kind.rows[0]?.relkind !== 'p') return;
        for (const month of missing) {
          await tx.execute(
            sql.raw(
              `create table if not exists meraki_store.${table}_${month.name} partition of meraki_store.${table} ` +
                `for values from ('${formatInstant(month.from)}') to ('${formatInstant(month.to)}')`,
            ),
          );
        }
      }),
    );
    for (const month of missing) this.#known.add(`${table}_${month.name}`);
  }
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

/* Rollups are stored so that what is equal costs nothing and keeps its updated_at. */
import { type SQL, sql } from 'drizzle-orm';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { daysTouched } from './calendar.ts';
import type { Transaction } from './database.ts';
import {
  columnList,
  definitionOf,
  isWithin,
  ROLLUPS,
  type Rollup,
  streamColumns,
  streamValues,
  tableOf,
} from './rollup-tables.ts';

/**
 * Makes the rollups of `hours` anew from the facts, and those of the days that these hours touch.
 *
 * @param hours begins and ends with an hour
 */
export async function makeRollups(
  tx: Transaction,
  key: StreamKey,
  hours: Range,
  now: Instant,
): Promise<void> {
  const days = await daysTouched(tx, key.organizationId, hours);
  if (days === undefined) throw new Error(`the calendar lacks ${formatInstant(hours.from)}`);
  await tx.execute(GROUP_BY_HASHING);
  for (const rollup of ROLLUPS[key.stream]) {
    const within = rollup.by === 'hour' ? hours : days;
    const known = await tx.execute<{ known: boolean }>(
      sql`select exists (select from ${tableOf(rollup)} t where ${isWithin(key, within)}) as known`,
    );
    await tx.execute(
      known.rows[0]?.known === false ? add(rollup, key, within, now) : store(rollup, key, within, now),
    );
  }
}

/**
 * A partition that is being filled has no statistics. Postgres takes it for nearly empty, and would sort all of its rows
 * to group them, which takes twice as long. Groups of a month of a busy organization fit the memory; what does not goes
 * to disk, and takes several times as long.
 */
const GROUP_BY_HASHING = sql`
  select set_config('work_mem', '64MB', true), set_config('enable_sort', 'off', true), set_config('jit', 'off', true)`;

/**
 * Writes rollups of time that has none yet: what a backfill needs, at half the price of {@link store}. Rows of one bucket
 * are neighbours in the index, and cost less to insert one after the other.
 */
function add(of: Rollup, key: StreamKey, within: Range, now: Instant): SQL {
  const columns = columnList(['bucket_start', ...of.keys, ...of.figures]);
  return sql`
    insert into ${tableOf(of)} (${columnList(streamColumns(key))}, ${columns}, updated_at)
    select ${streamValues(key)}, ${columns}, ${formatInstant(now)}::timestamptz
    from ${made(of, key, within)} fresh order by bucket_start`;
}

function store(of: Rollup, key: StreamKey, within: Range, now: Instant): SQL {
  const columns = ['bucket_start', ...of.keys];
  const stream = streamColumns(key);
  return sql`
    with fresh as materialized (
      select * from ${made(of, key, within)} fresh
    ), gone as (
      delete from ${tableOf(of)} t where ${isWithin(key, within)}
        and not exists (select from fresh f where (${columnList(columns, 'f.')}) = (${columnList(columns, 't.')}))
    )
    insert into ${tableOf(of)} as t (${columnList(stream)}, ${columnList(columns)}, ${columnList(of.figures)}, updated_at)
    select ${streamValues(key)}, ${columnList(columns)}, ${columnList(of.figures)}, ${formatInstant(now)}::timestamptz
    from fresh
    on conflict (${columnList([...stream, ...columns])}) do update
    set ${sql.raw([...of.figures, 'updated_at'].map((name) => `${name} = excluded.${name}`).join(', '))}
    where (${columnList(of.figures, 't.')}) is distinct from (${columnList(of.figures, 'excluded.')})`;
}

/** Rows as the definition makes them, by the shortest way. */
function made(of: Rollup, key: StreamKey, within: Range): SQL {
  if (!of.fromDays) return definitionOf(of, key, within);
  const columns = columnList(['bucket_start', ...of.keys, 'bucket_end']);
  return sql`(
    select ${columns}, sum(deliveries)::bigint as deliveries,
      coalesce(sum(deliveries) filter (where status_class <> '2xx'), 0)::bigint as failures
    from meraki_store.webhook_days t where ${isWithin(key, within)} group by ${columns})`;
}

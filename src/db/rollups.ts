/*
 * Every rollup is defined by a function of the database, `<table>_of(organization, [series,] since, until)`, which
 * makes its rows from the facts. Here they are stored and compared: what differs is written, what is equal costs
 * nothing and keeps its updated_at.
 */
import { type SQL, sql } from 'drizzle-orm';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import { formatInstant, type Instant } from '../instant.ts';
import type { Range } from '../ranges.ts';
import type { StreamKey, StreamName } from '../stream-key.ts';
import { type Queryable, type Transaction, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import type { PartitionedTable } from './partitions.ts';
import * as tables from './rollup-schema.ts';

interface Rollup {
  readonly table: string;
  readonly by: 'hour' | 'day';
  /** Columns that tell rows of one bucket apart. */
  readonly keys: readonly string[];
  readonly figures: readonly string[];
}

const ROLLUPS: Readonly<Record<StreamName, readonly Rollup[]>> = {
  webhook_logs: [
    rollup(tables.webhookHours, 'hour'),
    rollup(tables.webhookEndpointHours, 'hour'),
    rollup(tables.webhookDays, 'day'),
    rollup(tables.webhookEndpointDays, 'day'),
    rollup(tables.webhookCodeDays, 'day'),
    rollup(tables.webhookFailureRuns, 'day'),
  ],
  api_responses: [
    rollup(tables.apiResponseHours, 'hour'),
    rollup(tables.apiResponseDays, 'day'),
    rollup(tables.apiCodeDays, 'day'),
  ],
};

function rollup(table: PgTable, by: Rollup['by']): Rollup {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const key = primaryKeys.flatMap((primary) => primary.columns.map((column) => column.name));
  const known = ['organization_id', 'series', 'bucket_start'];
  return {
    table: name,
    by,
    keys: key.filter((column) => !known.includes(column)),
    figures: columns
      .map((column) => column.name)
      .filter((column) => ![...key, 'updated_at'].includes(column)),
  };
}

/** The rollups of a stream that are partitioned by month. */
export const PARTITIONED_ROLLUPS: Readonly<Record<StreamName, readonly PartitionedTable[]>> = {
  webhook_logs: ['webhook_hours', 'webhook_endpoint_hours'],
  api_responses: ['api_response_hours'],
};

/** The rollups of a stream that are not. */
export function rollupsByDay(stream: StreamName): readonly string[] {
  return ROLLUPS[stream].filter(({ by }) => by === 'day').map(({ table: name }) => name);
}

/** What a rollup differs in from the facts. */
export interface RollupDifference {
  readonly table: string;
  /** Rows that are stored and should not be, or should be and are not; a wrong row counts as both. */
  readonly rows: number;
}

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
  const days = await daysOf(tx, key.organizationId, hours);
  for (const made of ROLLUPS[key.stream]) {
    await tx.execute(store(made, key, made.by === 'hour' ? hours : days, now));
  }
}

/**
 * Compares rollups with what the facts make of the same time.
 *
 * @param hours begins and ends with an hour, and none of it is stale
 * @param days whole days in the organization's time zone, none of which is stale in part
 */
export async function compareRollups(
  query: Queryable,
  key: StreamKey,
  hours: Range,
  days: Range,
): Promise<readonly RollupDifference[]> {
  const differences: RollupDifference[] = [];
  for (const compared of ROLLUPS[key.stream]) {
    const within = compared.by === 'hour' ? hours : days;
    const found = await translated(query.execute<{ rows: number }>(difference(compared, key, within)));
    const rows = found.rows[0]?.rows ?? 0;
    if (rows > 0) differences.push({ table: compared.table, rows });
  }
  return differences;
}

/** From the beginning of the first to the end of the last day, in the organization's time zone, that `hours` touch. */
export async function daysOf(query: Queryable, organizationId: string, hours: Range): Promise<Range> {
  const found = await translated(
    query.execute<{ day_start: string | null; day_end: string | null }>(sql`
      select min(day_start)::text as day_start, max(day_end)::text as day_end
      from meraki_store.organization_days(${organizationId}, ${formatInstant(hours.from)}::timestamptz,
        ${formatInstant(hours.to)}::timestamptz)`),
  );
  const { day_start: from, day_end: to } = found.rows[0] ?? { day_start: null, day_end: null };
  if (from === null || to === null) throw new Error(`the calendar lacks ${formatInstant(hours.from)}`);
  return { from: parseDatabaseInstant(from), to: parseDatabaseInstant(to) };
}

function store(of: Rollup, key: StreamKey, within: Range, now: Instant): SQL {
  const columns = ['bucket_start', ...of.keys];
  const stream = streamColumns(key);
  const list = (names: readonly string[], prefix = '') =>
    sql.raw(names.map((name) => prefix + name).join(', '));
  return sql`
    with fresh as materialized (
      select * from ${definition(of, key, within)}
    ), gone as (
      delete from ${table(of)} t where ${stored(key, within)}
        and not exists (select from fresh f where (${list(columns, 'f.')}) = (${list(columns, 't.')}))
    )
    insert into ${table(of)} as t (${list(stream)}, ${list(columns)}, ${list(of.figures)}, updated_at)
    select ${streamValues(key)}, ${list(columns)}, ${list(of.figures)}, ${formatInstant(now)}::timestamptz
    from fresh
    on conflict (${list([...stream, ...columns])}) do update
    set ${sql.raw([...of.figures, 'updated_at'].map((name) => `${name} = excluded.${name}`).join(', '))}
    where (${list(of.figures, 't.')}) is distinct from (${list(of.figures, 'excluded.')})`;
}

function difference(of: Rollup, key: StreamKey, within: Range): SQL {
  const columns = sql.raw(['bucket_start', ...of.keys, ...of.figures].join(', '));
  const kept = sql`select ${columns} from ${table(of)} t where ${stored(key, within)}`;
  const right = sql`select ${columns} from ${definition(of, key, within)}`;
  return sql`
    select count(*)::integer as rows
    from ((${kept} except all ${right}) union all (${right} except all ${kept})) differing`;
}

function table({ table: name }: Rollup): SQL {
  return sql.raw(`meraki_store.${name}`);
}

function definition(of: Rollup, key: StreamKey, { from, to }: Range): SQL {
  return sql`${sql.raw(`meraki_store.${of.table}_of`)}(${streamValues(key)},
    ${formatInstant(from)}::timestamptz, ${formatInstant(to)}::timestamptz)`;
}

function stored(key: StreamKey, { from, to }: Range): SQL {
  const series = key.stream === 'api_responses' ? sql`and t.series = ${key.series}` : sql``;
  return sql`t.organization_id = ${key.organizationId} ${series}
    and t.bucket_start >= ${formatInstant(from)}::timestamptz and t.bucket_start < ${formatInstant(to)}::timestamptz`;
}

function streamColumns({ stream }: StreamKey): readonly string[] {
  return stream === 'api_responses' ? ['organization_id', 'series'] : ['organization_id'];
}

function streamValues({ organizationId, stream, series }: StreamKey): SQL {
  return stream === 'api_responses' ? sql`${organizationId}, ${series}` : sql`${organizationId}`;
}

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
import { hoursOf } from './rollup-stale.ts';

/** Hours are UTC's, days those of the organization's time zone. */
export type RollupGrain = 'hour' | 'day';

interface Rollup {
  readonly table: string;
  readonly by: RollupGrain;
  /** Columns that tell rows of one bucket apart. */
  readonly keys: readonly string[];
  readonly figures: readonly string[];
  /** Whether it is added up from `webhook_days`, which is made before it: that is the same and has far fewer rows. */
  readonly fromDays: boolean;
}

const ROLLUPS: Readonly<Record<StreamName, readonly Rollup[]>> = {
  webhook_logs: [
    rollupOf(tables.webhookHours, 'hour'),
    rollupOf(tables.webhookEndpointHours, 'hour'),
    rollupOf(tables.webhookDays, 'day'),
    rollupOf(tables.webhookEndpointDays, 'day'),
    rollupOf(tables.webhookCodeDays, 'day'),
    { ...rollupOf(tables.webhookAlertDays, 'day'), fromDays: true },
    { ...rollupOf(tables.webhookNetworkDays, 'day'), fromDays: true },
    rollupOf(tables.webhookFailureRuns, 'day'),
  ],
  api_responses: [
    rollupOf(tables.apiResponseHours, 'hour'),
    rollupOf(tables.apiResponseDays, 'day'),
    rollupOf(tables.apiCodeDays, 'day'),
  ],
};

function rollupOf(table: PgTable, by: RollupGrain): Rollup {
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
    fromDays: false,
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
  if (days === undefined) throw new Error(`the calendar lacks ${formatInstant(hours.from)}`);
  await tx.execute(ROOM_TO_SORT);
  for (const rollup of ROLLUPS[key.stream]) {
    const within = rollup.by === 'hour' ? hours : days;
    const known = await tx.execute<{ known: boolean }>(
      sql`select exists (select from ${table(rollup)} t where ${stored(key, within)}) as known`,
    );
    await tx.execute(
      known.rows[0]?.known === false ? add(rollup, key, within, now) : store(rollup, key, within, now),
    );
  }
}

/** Groups of a month of a busy organization fit this; what does not goes to disk, and takes several times as long. */
const ROOM_TO_SORT = sql`select set_config('work_mem', '64MB', true), set_config('jit', 'off', true)`;

/**
 * Compares rollups with what the facts make of the same time.
 *
 * @param within whole hours, or whole days in the organization's time zone, none of which is stale
 */
export async function compareRollups(
  query: Queryable,
  key: StreamKey,
  grain: RollupGrain,
  within: Range,
): Promise<readonly RollupDifference[]> {
  const differences: RollupDifference[] = [];
  for (const compared of ROLLUPS[key.stream].filter(({ by }) => by === grain)) {
    const found = await translated(query.execute<{ rows: number }>(difference(compared, key, within)));
    const rows = found.rows[0]?.rows ?? 0;
    if (rows > 0) differences.push({ table: compared.table, rows });
  }
  return differences;
}

/**
 * The whole hours from the first to the last day, in the organization's time zone, of a stream that has facts or
 * rollups; `undefined` when there are none.
 */
export async function rollupSpan(query: Queryable, key: StreamKey): Promise<Range | undefined> {
  const stream = sql`organization_id = ${key.organizationId}`;
  const series = key.stream === 'api_responses' ? sql`and series = ${key.series}` : sql``;
  const facts =
    key.stream === 'api_responses'
      ? sql`select min(bucket_start) as first, max(bucket_start + interval_seconds * interval '1 second') as last
          from meraki_store.api_response_counts where ${stream} ${series}`
      : sql`select min(sent_at), max(sent_at) from meraki_store.webhook_deliveries where ${stream}`;
  const kept = ROLLUPS[key.stream].map(
    (of) => sql`select min(bucket_start), max(bucket_start) from ${table(of)} where ${stream} ${series}`,
  );
  const found = await translated(
    query.execute<{ first: string | null; last: string | null }>(sql`
      select min(first)::text as first, max(last)::text as last
      from (${sql.join([facts, ...kept], sql` union all `)}) as spans(first, last)`),
  );
  const { first, last } = found.rows[0] ?? { first: null, last: null };
  if (first === null || last === null) return undefined;
  const span = { from: parseDatabaseInstant(first), to: parseDatabaseInstant(last) + 1 };
  const days = await daysOf(query, key.organizationId, span);
  return hoursOf(days === undefined ? [span] : [span, days])[0];
}

/** The days in the organization's time zone that lie wholly in a stretch of time. */
export async function wholeDays(
  query: Queryable,
  organizationId: string,
  { from, to }: Range,
): Promise<readonly Range[]> {
  const [since, until] = [sql`${formatInstant(from)}::timestamptz`, sql`${formatInstant(to)}::timestamptz`];
  const found = await translated(
    query.execute<{ day_start: string; day_end: string }>(sql`
      select day_start::text as day_start, day_end::text as day_end
      from meraki_store.organization_days(${organizationId}, ${since}, ${until})
      where day_start >= ${since} and day_end <= ${until} order by 1`),
  );
  return found.rows.map((row) => ({
    from: parseDatabaseInstant(row.day_start),
    to: parseDatabaseInstant(row.day_end),
  }));
}

/** From the beginning of the first to the end of the last day, in the organization's time zone, that `range` touches. */
async function daysOf(query: Queryable, organizationId: string, range: Range): Promise<Range | undefined> {
  const found = await query.execute<{ day_start: string | null; day_end: string | null }>(sql`
    select min(day_start)::text as day_start, max(day_end)::text as day_end
    from meraki_store.organization_days(${organizationId}, ${formatInstant(range.from)}::timestamptz,
      ${formatInstant(range.to)}::timestamptz)`);
  const { day_start: from, day_end: to } = found.rows[0] ?? { day_start: null, day_end: null };
  if (from === null || to === null) return undefined;
  return { from: parseDatabaseInstant(from), to: parseDatabaseInstant(to) };
}

/** Writes rollups of time that has none yet: what a backfill needs, at half the price of {@link store}. */
function add(of: Rollup, key: StreamKey, within: Range, now: Instant): SQL {
  const columns = list(['bucket_start', ...of.keys, ...of.figures]);
  return sql`
    insert into ${table(of)} (${list(streamColumns(key))}, ${columns}, updated_at)
    select ${streamValues(key)}, ${columns}, ${formatInstant(now)}::timestamptz
    from ${made(of, key, within)} fresh`;
}

function store(of: Rollup, key: StreamKey, within: Range, now: Instant): SQL {
  const columns = ['bucket_start', ...of.keys];
  const stream = streamColumns(key);
  return sql`
    with fresh as materialized (
      select * from ${made(of, key, within)} fresh
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
  return sql`
    with kept as materialized (select ${columns} from ${table(of)} t where ${stored(key, within)}),
      made as materialized (select ${columns} from ${definition(of, key, within)})
    select count(*)::integer as rows
    from (
      (select * from kept except all select * from made) union all (select * from made except all select * from kept)
    ) differing`;
}

function list(names: readonly string[], prefix = ''): SQL {
  return sql.raw(names.map((name) => prefix + name).join(', '));
}

/** Rows as the definition makes them, by the shortest way. */
function made(of: Rollup, key: StreamKey, within: Range): SQL {
  if (!of.fromDays) return definition(of, key, within);
  const columns = list(['bucket_start', ...of.keys, 'bucket_end']);
  return sql`(
    select ${columns}, sum(deliveries)::bigint as deliveries,
      coalesce(sum(deliveries) filter (where status_class <> '2xx'), 0)::bigint as failures
    from meraki_store.webhook_days t where ${stored(key, within)} group by ${columns})`;
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

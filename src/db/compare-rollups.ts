import { type SQL, sql } from 'drizzle-orm';
import type { Range } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import { daysTouched } from './calendar.ts';
import { type Queryable, translated } from './database.ts';
import { parseDatabaseInstant } from './multirange.ts';
import { hoursOf } from './rollup-stale.ts';
import { definitionOf, isWithin, ROLLUPS, type Rollup, type RollupGrain, tableOf } from './rollup-tables.ts';

/** What a rollup differs in from the facts. */
export interface RollupDifference {
  readonly table: string;
  /** Rows that are stored and should not be, or should be and are not; a wrong row counts as both. */
  readonly rows: number;
}

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
    (of) => sql`select min(bucket_start), max(bucket_start) from ${tableOf(of)} where ${stream} ${series}`,
  );
  const found = await translated(
    query.execute<{ first: string | null; last: string | null }>(sql`
      select min(first)::text as first, max(last)::text as last
      from (${sql.join([facts, ...kept], sql` union all `)}) as spans(first, last)`),
  );
  const { first, last } = found.rows[0] ?? { first: null, last: null };
  if (first === null || last === null) return undefined;
  const span = { from: parseDatabaseInstant(first), to: parseDatabaseInstant(last) + 1 };
  const days = await daysTouched(query, key.organizationId, span);
  return hoursOf(days === undefined ? [span] : [span, days])[0];
}

function difference(of: Rollup, key: StreamKey, within: Range): SQL {
  const columns = sql.raw(['bucket_start', ...of.keys, ...of.figures].join(', '));
  return sql`
    with kept as materialized (select ${columns} from ${tableOf(of)} t where ${isWithin(key, within)}),
      made as materialized (select ${columns} from ${definitionOf(of, key, within)})
    select count(*)::integer as rows
    from (
      (select * from kept except all select * from made) union all (select * from made except all select * from kept)
    ) differing`;
}

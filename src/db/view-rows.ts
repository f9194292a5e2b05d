import pg from 'pg';
import { formatInstant, type Instant, MICROSECONDS_PER_SECOND } from '../instant.ts';
import type { ReportColumn } from './report-views.ts';
import type { Snapshot, TextRow } from './snapshot.ts';

/** What to read of a view. */
export interface ViewSelection {
  readonly view: string;
  readonly columns: readonly ReportColumn[];
  /** What ranges apply to and rows are sorted by first. */
  readonly timeColumn: ReportColumn | undefined;
  readonly organizations: { readonly column: string; readonly ids: readonly string[] } | undefined;
}

/** Half-open; an end that is left out is not bounded. */
export interface TimeRange {
  readonly from: Instant | undefined;
  readonly to: Instant | undefined;
}

const ROWS_OF_A_BATCH = 1_000;
const DAY = 86_400 * MICROSECONDS_PER_SECOND;

/** Rows of a view in a range, sorted by time and then by all columns, so that the order is always the same. */
export function readViewRows(
  snapshot: Snapshot,
  selection: ViewSelection,
  range: TimeRange,
): AsyncGenerator<readonly TextRow[]> {
  const { text, values } = viewQuery(selection, range);
  return snapshot.read(text, values, ROWS_OF_A_BATCH);
}

/** Predicates stand on the bare columns, so that they reach indexes and leave out partitions. */
export function viewQuery(
  { view, columns, timeColumn, organizations }: ViewSelection,
  range: TimeRange,
): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const given = (value: unknown): string => `$${values.push(value)}`;
  if (organizations !== undefined) {
    const { ids } = organizations;
    const column = pg.escapeIdentifier(organizations.column);
    conditions.push(
      ids.length === 1 ? `${column} = ${given(ids[0])}` : `${column} = any(${given(ids)}::text[])`,
    );
  }
  if (timeColumn !== undefined) {
    const column = pg.escapeIdentifier(timeColumn.name);
    const bound = timeColumn.kind === 'date' ? dayAtOrAfter : formatInstant;
    if (range.from !== undefined) conditions.push(`${column} >= ${given(bound(range.from))}`);
    if (range.to !== undefined) conditions.push(`${column} < ${given(bound(range.to))}`);
  }
  const sorted = [timeColumn, ...columns].filter((column) => column?.isSortable === true);
  const order = [...new Set(sorted.map((column) => pg.escapeIdentifier(column?.name ?? '')))];
  const text = [
    `select ${columns.map(selected).join(', ')} from meraki.${pg.escapeIdentifier(view)}`,
    conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`,
    order.length === 0 ? '' : `order by ${order.join(', ')}`,
  ];
  return { text: text.filter((part) => part !== '').join(' '), values };
}

/** When coverage begins, which is about when rows do; `undefined` where nothing is covered. */
export async function readCoverageBegin(
  snapshot: Snapshot,
  organizationIds: readonly string[] | undefined,
): Promise<{ readonly begin: Instant | undefined; readonly now: Instant }> {
  const micros = (time: string) => `(extract(epoch from ${time}) * 1000000)::bigint`;
  const rows = snapshot.read(
    `select ${micros('min(covered_from)')}, ${micros('now()')} from meraki.coverage
     where $1::text[] is null or organization_id = any($1)`,
    [organizationIds ?? null],
    ROWS_OF_A_BATCH,
  );
  let found: TextRow = [];
  for await (const [row] of rows) found = row ?? [];
  const [begin, now] = found;
  return { begin: begin == null ? undefined : Number(begin), now: Number(now) };
}

function selected(column: ReportColumn): string {
  const name = pg.escapeIdentifier(column.name);
  return column.isArray ? `to_json(${name})` : name;
}

/** The first day that does not begin before an instant: where a day is compared, it stands for its beginning in UTC. */
function dayAtOrAfter(instant: Instant): string {
  return formatInstant(Math.ceil(instant / DAY) * DAY).slice(0, 10);
}

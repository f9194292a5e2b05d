import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import pg from 'pg';
import type { ExportFormat } from '../../src/export/export-format.ts';
import { formatInstant, type Instant } from '../../src/instant.ts';
import type { TestDatabase } from './test-database.ts';

/** Rows as texts that Postgres made of the values, so that two are equal when all their values are, to the last digit. */
export type PlainRow = Readonly<Record<string, string | null>>;

interface Column {
  readonly name: string;
  readonly type: string;
}

/** Rows of a view, in the order that an export has. @param timeColumn what the range is of, and what is sorted by first */
export async function storedRows(
  { database }: TestDatabase,
  view: string,
  timeColumn: string | null,
  range: { readonly from?: Instant | undefined; readonly to?: Instant | undefined } = {},
): Promise<readonly PlainRow[]> {
  const columns = await columnsOf(database.pool, view);
  const names = columns.map(({ name }) => pg.escapeIdentifier(name));
  const order = timeColumn === null ? names : [pg.escapeIdentifier(timeColumn), ...names];
  const time = timeColumn === null ? 'null::timestamptz' : pg.escapeIdentifier(timeColumn);
  const found = await database.pool.query<PlainRow>(
    `select ${plain(columns, 'v')} from meraki.${view} v
     where ($1::timestamptz is null or ${time} >= $1) and ($2::timestamptz is null or ${time} < $2)
     order by ${order.map((name) => `v.${name}`).join(', ')}`,
    [range.from, range.to].map((end) => (end === undefined ? null : formatInstant(end))),
  );
  return found.rows;
}

/** Rows of an export, read by other programs than the one that wrote them: csv-parse, hyparquet and Postgres itself. */
export async function exportedRows(
  { database }: TestDatabase,
  view: string,
  format: ExportFormat,
  bytes: Buffer,
): Promise<readonly PlainRow[]> {
  const columns = await columnsOf(database.pool, view);
  const lines = await LINES[format](bytes, new Map(columns.map(({ name, type }) => [name, type])));
  const found = await database.pool.query<PlainRow>(
    `select ${plain(columns, 'r')} from json_populate_recordset(null::meraki.${view}, $1::json)
       with ordinality as r order by r.ordinality`,
    [`[${lines.join(',')}]`],
  );
  return found.rows;
}

/** The cells of a CSV file; null is an empty cell without quotes. */
export function csvCells(bytes: Buffer): readonly Readonly<Record<string, string | null>>[] {
  return parse(bytes, {
    columns: true,
    bom: true,
    cast: (value, { quoting, header }) => (value === '' && !quoting && !header ? null : value),
  }) as Readonly<Record<string, string | null>>[];
}

/** Times as ISO 8601 with microseconds, which a `Date` would drop. */
export async function parquetRows(bytes: Buffer): Promise<readonly Record<string, unknown>[]> {
  const file = new Uint8Array(bytes).buffer;
  return await parquetReadObjects({
    file,
    parsers: {
      timestampFromMicroseconds: (micros: bigint) => {
        const seconds = new Date(Number(micros / 1_000_000n) * 1_000).toISOString().slice(0, 19);
        return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
      },
      dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10),
    } as never,
  });
}

/** Each row as the text of a JSON object: parsing numbers here would drop digits. */
const LINES: Readonly<
  Record<
    ExportFormat,
    (bytes: Buffer, types: ReadonlyMap<string, string>) => readonly string[] | Promise<readonly string[]>
  >
> = {
  csv: (bytes, types) => csvCells(bytes).map((cells) => objectOf(cells, types)),
  json: (bytes) => {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.pop() !== '') throw new Error('the last line has no end');
    for (const line of lines) JSON.parse(line);
    return lines;
  },
  parquet: async (bytes, types) => (await parquetRows(bytes)).map((row) => objectOf(row, types)),
};

function objectOf(values: Readonly<Record<string, unknown>>, types: ReadonlyMap<string, string>): string {
  const members = Object.entries(values).map(([name, value]) => {
    const isJson = /json|\[\]$/.test(types.get(name) ?? '');
    const text =
      typeof value === 'bigint' || (isJson && value !== null) ? String(value) : JSON.stringify(value ?? null);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(',')}}`;
}

async function columnsOf(pool: pg.Pool, view: string): Promise<readonly Column[]> {
  const found = await pool.query<Column>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 order by attnum`,
    [`meraki.${view}`],
  );
  return found.rows;
}

function plain(columns: readonly Column[], row: string): string {
  return columns
    .map(({ name, type }) => {
      const column = `${row}.${pg.escapeIdentifier(name)}`;
      const text =
        type === 'timestamp with time zone'
          ? `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
          : `${column}::text`;
      return `${text} as ${pg.escapeIdentifier(name)}`;
    })
    .join(', ');
}

import { sql } from 'drizzle-orm';
import type { ListedOrganization } from '../choose-organizations.ts';
import { type Queryable, translated } from './database.ts';

/** What a column's values are, however Postgres names the type. */
export type ColumnKind =
  | 'text'
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'decimal'
  | 'timestamp'
  | 'date'
  | 'json';

export interface ReportColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Whether it is read through `to_json`: an array, which Postgres writes in a form of its own. */
  readonly isArray: boolean;
  readonly isSortable: boolean;
}

export interface ReportView {
  readonly name: string;
  readonly columns: readonly ReportColumn[];
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'bigint',
  float4: 'double',
  float8: 'double',
  numeric: 'decimal',
  timestamptz: 'timestamp',
  date: 'date',
  json: 'json',
  jsonb: 'json',
};

interface ColumnRow extends Record<string, unknown> {
  readonly view: string;
  readonly name: string;
  readonly type: string;
  readonly is_array: boolean;
}

/** The views of schema `meraki` that the role may read, by name, with their columns in order. */
export async function readReportViews(query: Queryable): Promise<readonly ReportView[]> {
  const found = await translated(
    query.execute<ColumnRow>(sql`
      select c.relname as view, a.attname as name, t.typname as type, t.typcategory = 'A' as is_array
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      join pg_type t on t.oid = a.atttypid
      where n.nspname = 'meraki' and c.relkind = 'v' and has_table_privilege(c.oid, 'select')
      order by c.relname collate "C", a.attnum`),
  );
  const views = new Map<string, ReportColumn[]>();
  for (const { view, name, type, is_array: isArray } of found.rows) {
    const column: ReportColumn = {
      name,
      kind: isArray ? 'json' : (KINDS[type] ?? 'text'),
      isArray,
      isSortable: type !== 'json',
    };
    const columns = views.get(view);
    if (columns === undefined) views.set(view, [column]);
    else columns.push(column);
  }
  return [...views].map(([name, columns]) => ({ name, columns }));
}

/** Organizations that the role may see, by name. */
export async function readVisibleOrganizations(query: Queryable): Promise<readonly ListedOrganization[]> {
  const found = await translated(
    query.execute<{ id: string; name: string }>(
      sql`select id, coalesce(name, id) as name from meraki.organizations order by name, id`,
    ),
  );
  return found.rows.map(({ id, name }) => ({ organizationId: id, name }));
}

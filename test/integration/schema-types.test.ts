import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { expect, test } from 'vitest';
import * as apiRollups from '../../src/db/api-rollup-schema.ts';
import * as ledger from '../../src/db/ledger-schema.ts';
import * as rollups from '../../src/db/rollup-schema.ts';
import * as store from '../../src/db/schema.ts';
import * as sharedWork from '../../src/db/shared-work-schema.ts';
import * as webhookRollups from '../../src/db/webhook-rollup-schema.ts';
import { createTestDatabase } from '../support/test-database.ts';

interface Column {
  readonly type: string;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
}

interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  readonly primaryKey: readonly string[];
}

type Tables = Readonly<Record<string, Table>>;

/** What the program's queries are typed by. */
function tablesOfSchemaFile(): Tables {
  const exported: readonly unknown[] = Object.values({
    ...store,
    ...rollups,
    ...apiRollups,
    ...webhookRollups,
    ...ledger,
    ...sharedWork,
  });
  const tables = exported.filter((value): value is PgTable => value instanceof PgTable);
  return Object.fromEntries(
    tables.map((table) => {
      const { name, schema: folder, columns, primaryKeys } = getTableConfig(table);
      const single = columns.filter((column) => column.primary).map((column) => column.name);
      const several = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
      return [
        `${folder}.${name}`,
        {
          columns: Object.fromEntries(
            columns.map((column) => [
              column.name,
              { type: column.getSQLType(), isNullable: !column.notNull, hasDefault: column.hasDefault },
            ]),
          ),
          primaryKey: several.length > 0 ? several : single,
        },
      ];
    }),
  );
}

async function tablesOfDatabase(): Promise<Tables> {
  const { database } = await createTestDatabase();
  const found = await database.pool.query<{
    table: string;
    column: string;
    type: string;
    nullable: boolean;
    default: boolean;
    key: number | null;
  }>(`
    select n.nspname || '.' || c.relname as table, a.attname as column,
      format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable, a.atthasdef as default,
      array_position(k.conkey, a.attnum) as key
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('meraki_store', 'meraki_ingest')
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
    where c.relkind in ('r', 'p') and not c.relispartition
      and (n.nspname, c.relname) <> ('meraki_ingest', 'migrations')
    order by a.attnum`);
  const tables: Record<string, { columns: Record<string, Column>; primaryKey: string[] }> = {};
  for (const row of found.rows) {
    tables[row.table] ??= { columns: {}, primaryKey: [] };
    const table = tables[row.table];
    if (table === undefined) continue;
    table.columns[row.column] = { type: row.type, isNullable: row.nullable, hasDefault: row.default };
    if (row.key !== null) table.primaryKey[row.key - 1] = row.column;
  }
  return tables;
}

test('the schema files say what the migrations make, no less and no more', async () => {
  const inDatabase = await tablesOfDatabase();
  expect(Object.keys(inDatabase).length).toBeGreaterThan(10);
  expect(tablesOfSchemaFile()).toEqual(inDatabase);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeViews } from '../dictionary/described-views.ts';
import type { OpenArchive } from '../known-archive/open-archive.ts';
import { dbtSources, FRESHNESS, GRAINS } from './dbt-sources.ts';

const KIT = join(import.meta.dirname, '..', '..', 'kits', 'dbt');
const SOURCES = join(KIT, 'models', 'sources.yml');
const STALE = 'kits/dbt/models/sources.yml differs from the views in the database: run `npm run docs:update`';

interface Table {
  readonly name: string;
  readonly config?: { readonly loaded_at_field: string; readonly freshness: { readonly filter: string } };
  readonly data_tests?: readonly {
    readonly unique_combination: { readonly arguments: { readonly columns: readonly string[] } };
  }[];
  readonly columns: readonly { readonly name: string; readonly data_tests?: readonly string[] }[];
}

/** The dbt kit is what the database says of itself, and what dbt will ask of it holds. */
export function dbtTests(open: OpenArchive): void {
  const views = () => describeViews(open().database.pool);
  const tables = async (): Promise<readonly Table[]> => parse(dbtSources(await views())).sources[0].tables;

  describe('the dbt sources', () => {
    test('are what the views say of themselves', async () => {
      await expect(dbtSources(await views()), STALE).toMatchFileSnapshot(SOURCES);
    });

    test('know of every view what tells its rows apart', async () => {
      const names = (await views()).map(({ name }) => name);
      expect(names.filter((name) => !Object.hasOwn(GRAINS, name))).toEqual([]);
      const known = [...Object.keys(GRAINS), ...Object.keys(FRESHNESS)];
      expect(known.filter((name) => !names.includes(name))).toEqual([]);
    });

    test('hold nothing that dbt would take for a template', async () => {
      expect(dbtSources(await views())).not.toMatch(/\{[{%#]/);
    });

    test('name tests that find no row', async () => {
      const statements = (await tables()).flatMap(statementsOf);
      expect(statements.length).toBeGreaterThan(100);
      for (const statement of statements) {
        expect((await open().reader.query(statement)).rowCount, statement).toBe(0);
      }
    }, 120_000);

    test('ask for freshness what the last hours answer', async () => {
      const fresh = (await tables()).filter(({ config }) => config !== undefined);
      expect(fresh.map(({ name }) => name).sort()).toEqual(Object.keys(FRESHNESS).sort());
      for (const { name, config } of fresh) {
        const found = await open().reader.query(
          `select max(${config?.loaded_at_field}) >= now() - interval '3 hours' as is_fresh
           from meraki.${name} where ${config?.freshness.filter}`,
        );
        expect(found.rows, name).toEqual([{ is_fresh: true }]);
      }
    });
  });
}

function statementsOf({ name, data_tests: combinations = [], columns }: Table): readonly string[] {
  const statements = combinations.map((c) => rendered(name, c.unique_combination.arguments.columns));
  for (const { name: column, data_tests: tests = [] } of columns) {
    if (tests.includes('not_null')) statements.push(`select from meraki.${name} where ${column} is null`);
    if (tests.includes('unique')) {
      statements.push(`select from meraki.${name} group by ${column} having count(*) > 1`);
    }
  }
  return statements;
}

/** The kit's own test as dbt would send it. */
function rendered(view: string, columns: readonly string[]): string {
  const text = readFileSync(join(KIT, 'tests', 'generic', 'unique_combination.sql'), 'utf8');
  const statement = text
    .replaceAll(/\{% .* %\}/g, '')
    .replaceAll("{{ columns | join(', ') }}", columns.join(', '))
    .replaceAll('{{ model }}', `meraki.${view}`);
  expect(statement).not.toMatch(/[{}]/);
  return statement;
}

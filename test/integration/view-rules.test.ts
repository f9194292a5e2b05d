import { beforeAll, describe, expect, test } from 'vitest';
import { type DescribedView, describeViews } from '../dictionary/described-views.ts';
import { isTarget, relationsOf } from '../dictionary/relations.ts';
import { faultsForTools } from '../dictionary/rules-for-tools.ts';
import { createTestDatabase } from '../support/test-database.ts';

let views: readonly DescribedView[];

beforeAll(async () => {
  const { database } = await createTestDatabase();
  views = await describeViews(database.pool);
});

describe('all promised views', () => {
  test('have comments, and the types that their names tell', () => {
    expect(views.length).toBeGreaterThan(20);
    expect(faultsForTools(views)).toEqual([]);
  });

  test('name the organization whose id they have', () => {
    const named = (view: DescribedView, column: string) => view.columns.some(({ name }) => name === column);
    const nameless = views.filter(
      (view) => named(view, 'organization_id') && !named(view, 'organization_name'),
    );
    expect(nameless.map(({ name }) => name)).toEqual([]);
  });

  test('point with every key to a dimension', () => {
    const related = new Set(relationsOf(views).map(({ view, column }) => `${view}.${column}`));
    const keys = views.flatMap(({ name, columns }) =>
      columns
        .filter((column) => column.name.endsWith('_key') && !isTarget(name, column.name))
        .map((column) => `${name}.${column.name}`),
    );
    expect(keys.filter((key) => !related.has(key))).toEqual([]);
  });

  test('have the type of the column they point to', () => {
    const typeOf = new Map(
      views.flatMap(({ name, columns }) => columns.map((column) => [`${name}.${column.name}`, column.type])),
    );
    const pairs = relationsOf(views).map((relation) => ({
      ...relation,
      type: typeOf.get(`${relation.view}.${relation.column}`),
      targetType: typeOf.get(`${relation.target}.${relation.targetColumn}`),
    }));
    expect(pairs.length).toBeGreaterThan(20);
    expect(pairs.filter(({ type, targetType }) => type !== targetType)).toEqual([]);
  });
});

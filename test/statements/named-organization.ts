import { fieldOf, namesIn, nodesOf, relationName, type SyntaxNode } from './syntax-tree.ts';

/** How a statement says which organization's rows it is about. */
export type NamedOrganization =
  /** Place of the parameter, from 1 on. */
  | { readonly by: 'parameter'; readonly number: number }
  | { readonly by: 'constant'; readonly value: string }
  /** By the rows that are copied, in their first field. */
  | { readonly by: 'rows' }
  /** Named, by an expression whose value cannot be told. */
  | { readonly by: 'expression' };

const COLUMN = 'organization_id';

/** The organization that an INSERT puts rows under; `undefined` when its columns do not have it. */
export function insertedOrganization(insert: SyntaxNode): NamedOrganization | undefined {
  const place = nodesOf(insert.fields['cols']).findIndex(({ fields }) => fields['name'] === COLUMN);
  if (place < 0) return undefined;
  const select = fieldOf(insert, 'selectStmt', 'SelectStmt');
  if (select === undefined) return undefined;
  const lists = nodesOf(select.fields['valuesLists']);
  if (lists.length > 1) return { by: 'expression' };
  const items =
    lists.length === 1 ? nodesOf(lists[0]?.fields['items']) : nodesOf(select.fields['targetList']);
  const item = items[place];
  const value = item?.kind === 'ResTarget' ? nodesOf(item.fields['val'])[0] : item;
  return organizationIn(value) ?? selectedOrganization(select, value);
}

/** The organization of the rows of a COPY; `undefined` when it does not come first, or they are not binary. */
export function copiedOrganization(copy: SyntaxNode): NamedOrganization | undefined {
  const isBinary = nodesOf(copy.fields['options']).some(
    ({ fields }) => fields['defname'] === 'format' && JSON.stringify(fields['arg']).includes('"binary"'),
  );
  return isBinary && namesIn(copy.fields['attlist'])[0] === COLUMN ? { by: 'rows' } : undefined;
}

/** Of a column that is selected: the organization that its table is kept to. */
function selectedOrganization(
  select: SyntaxNode,
  value: SyntaxNode | undefined,
): NamedOrganization | undefined {
  if (value?.kind !== 'ColumnRef') return undefined;
  const names = namesIn(value.fields['fields']);
  if (names.at(-1) !== COLUMN) return undefined;
  const where = nodesOf(select.fields['whereClause'])[0];
  return keptOrganization(where, names.at(-2) ?? '');
}

/**
 * The one organization that a condition keeps a table to, by `organization_id = …` beside other conditions, where the
 * other side does not come from a row. `undefined` when there is none: `in`, `any` or a join may mean several.
 *
 * @param alias name of the table in the statement; a column without a name counts as its own
 */
export function keptOrganization(
  where: SyntaxNode | undefined,
  alias: string,
): NamedOrganization | undefined {
  if (where === undefined) return undefined;
  if (where.kind === 'BoolExpr' && where.fields['boolop'] === 'AND_EXPR') {
    for (const part of nodesOf(where.fields['args'])) {
      const found = keptOrganization(part, alias);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (where.kind !== 'A_Expr' || where.fields['kind'] !== 'AEXPR_OP') return undefined;
  if (namesIn(where.fields['name'])[0] !== '=') return undefined;
  const left = nodesOf(where.fields['lexpr'])[0];
  const right = nodesOf(where.fields['rexpr'])[0];
  if (isColumn(left, alias)) return organizationIn(right);
  if (isColumn(right, alias)) return organizationIn(left);
  return undefined;
}

/** Name by which the rest of a statement calls a relation. */
export function aliasOf(relation: SyntaxNode | undefined): string {
  const alias = relation === undefined ? undefined : fieldOf(relation, 'alias', 'Alias');
  const name = alias?.fields['aliasname'];
  return typeof name === 'string' ? name : (relationName(relation).split('.').at(-1) ?? '');
}

function isColumn(node: SyntaxNode | undefined, alias: string): boolean {
  if (node?.kind !== 'ColumnRef') return false;
  const names = namesIn(node.fields['fields']);
  if (names.at(-1) !== COLUMN) return false;
  return names.length === 1 || names.at(-2) === alias;
}

function organizationIn(node: SyntaxNode | undefined): NamedOrganization | undefined {
  if (node === undefined) return undefined;
  if (node.kind === 'TypeCast') return organizationIn(nodesOf(node.fields['arg'])[0]);
  if (node.kind === 'ParamRef') return { by: 'parameter', number: Number(node.fields['number']) };
  if (node.kind === 'A_Const') {
    const text = node.fields['sval'] as { readonly sval?: string } | undefined;
    return { by: 'constant', value: text?.sval ?? '' };
  }
  return undefined;
}

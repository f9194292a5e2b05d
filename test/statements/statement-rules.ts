/*
 * The rules of the schema, as far as a single statement can break them: what Citus and hypertables do not take, or take
 * only for one organization at a time.
 */
import {
  aliasOf,
  copiedOrganization,
  insertedOrganization,
  keptOrganization,
  type NamedOrganization,
} from './named-organization.ts';
import { everyNode, fieldOf, namesIn, nodesOf, relationName, type SyntaxNode } from './syntax-tree.ts';

/** A write to a table, and the organization it names. */
export interface Write {
  readonly table: string;
  readonly organization: NamedOrganization | undefined;
}

const CLOCKS = ['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday'];
/** Never updated: a row would have to move to another shard or chunk. */
const FIXED = ['organization_id', 'sent_at', 'bucket_start'];

/**
 * What of a statement breaks a rule; none when all is well.
 *
 * @param isDistributed whether a table, as `schema.name`, is spread over several machines by organization
 */
export function brokenRules(
  statement: SyntaxNode,
  isDistributed: (table: string) => boolean,
): readonly string[] {
  const broken: string[] = [];
  for (const node of everyNode(statement)) {
    broken.push(...formsOf(node));
    if (node.kind === 'SelectStmt') broken.push(...lockedBeyondOne(node, isDistributed));
  }
  for (const { table, organization } of writesOf(statement)) {
    if (isDistributed(table) && organization === undefined)
      broken.push(`write to ${table} without organization_id`);
  }
  return [...new Set(broken)];
}

/** Every write in a statement, those in WITH clauses too. */
export function writesOf(statement: SyntaxNode): readonly Write[] {
  return [...everyNode(statement)].flatMap((node) => {
    const relation = fieldOf(node, 'relation', 'RangeVar');
    const table = relationName(relation);
    if (node.kind === 'InsertStmt') return [{ table, organization: insertedOrganization(node) }];
    if (node.kind === 'CopyStmt' && node.fields['is_from'] === true) {
      return [{ table, organization: copiedOrganization(node) }];
    }
    if (node.kind !== 'UpdateStmt' && node.kind !== 'DeleteStmt') return [];
    const where = nodesOf(node.fields['whereClause'])[0];
    return [{ table, organization: keptOrganization(where, aliasOf(relation)) }];
  });
}

function formsOf(node: SyntaxNode): readonly string[] {
  const { kind, fields } = node;
  if (kind === 'MergeStmt') return ['MERGE'];
  if (kind === 'CreateTrigStmt') return ['trigger'];
  if (kind === 'GroupingSet') return ['grouping sets'];
  if (kind === 'WithClause' && fields['recursive'] === true) return ['recursive query'];
  if (kind === 'IndexStmt' && fields['concurrent'] === true) return ['index made concurrently'];
  if (kind === 'Constraint' && fields['contype'] === 'CONSTR_FOREIGN') return ['foreign key'];
  if (kind === 'PartitionBoundSpec' && fields['is_default'] === true) return ['default partition'];
  if (kind === 'SelectStmt' && holds(fields['valuesLists'], 'SubLink')) return ['subquery in VALUES'];
  if (kind === 'OnConflictClause') {
    return [...(readsClock(fields) ? ['clock in DO UPDATE'] : []), ...movedBy(fields)];
  }
  if (kind === 'UpdateStmt') return movedBy(fields);
  return kind === 'ReturningClause' && readsClock(fields) ? ['clock in RETURNING'] : [];
}

function movedBy(fields: SyntaxNode['fields']): readonly string[] {
  const set = nodesOf(fields['targetList']).map(({ fields: { name } }) => String(name));
  return set.filter((column) => FIXED.includes(column)).map((column) => `${column} is updated`);
}

function readsClock(fields: SyntaxNode['fields']): boolean {
  return [...everyNode({ kind: '', fields })].some(
    (node) =>
      node.kind === 'SQLValueFunction' ||
      (node.kind === 'FuncCall' && CLOCKS.includes(namesIn(node.fields['funcname']).at(-1) ?? '')),
  );
}

function holds(value: unknown, kind: string): boolean {
  return nodesOf(value).some((node) => [...everyNode(node)].some((inner) => inner.kind === kind));
}

function lockedBeyondOne(select: SyntaxNode, isDistributed: (table: string) => boolean): readonly string[] {
  if (nodesOf(select.fields['lockingClause']).length === 0) return [];
  const where = nodesOf(select.fields['whereClause'])[0];
  return nodesOf(select.fields['fromClause'])
    .flatMap((from) => [...everyNode(from)])
    .filter((node) => node.kind === 'RangeVar' && isDistributed(relationName(node)))
    .filter((relation) => keptOrganization(where, aliasOf(relation)) === undefined)
    .map((relation) => `rows of ${relationName(relation)} locked without one organization_id`);
}

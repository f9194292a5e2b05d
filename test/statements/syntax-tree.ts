import { loadModule, parseSync } from 'libpg-query';

/** A node of Postgres' own syntax tree: its kind, as Postgres names it, and its fields. */
export interface SyntaxNode {
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

await loadModule();

const parsed = new Map<string, readonly SyntaxNode[]>();

/** The statements of a text. @throws {Error} when Postgres' grammar refuses it */
export function parseStatements(sql: string): readonly SyntaxNode[] {
  let statements = parsed.get(sql);
  if (statements === undefined) {
    statements = (parseSync(sql).stmts ?? []).flatMap(({ stmt }) => nodesOf(stmt));
    parsed.set(sql, statements);
  }
  return statements;
}

/** The value of a field as nodes: of a list its members, of one node that node, of anything else none. */
export function nodesOf(value: unknown): readonly SyntaxNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([kind, fields]) => /^[A-Z]/.test(kind) && typeof fields === 'object' && fields !== null)
    .map(([kind, fields]) => ({ kind, fields: fields as Record<string, unknown> }));
}

/** A node and everything in it. Fields whose kind is known hold their node's fields without its name. */
export function* everyNode(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const [name, value] of Object.entries(node.fields)) yield* within(name, value);
}

const NAMED_FIELDS: Readonly<Record<string, string>> = {
  relation: 'RangeVar',
  onConflictClause: 'OnConflictClause',
  withClause: 'WithClause',
  returningClause: 'ReturningClause',
  larg: 'SelectStmt',
  rarg: 'SelectStmt',
  bound: 'PartitionBoundSpec',
  partbound: 'PartitionBoundSpec',
};

function* within(name: string, value: unknown): Generator<SyntaxNode> {
  const kind = NAMED_FIELDS[name];
  if (kind !== undefined && !Array.isArray(value) && nodesOf(value).length === 0) {
    if (typeof value === 'object' && value !== null) yield* everyNode({ kind, fields: value as never });
    return;
  }
  for (const node of nodesOf(value)) yield* everyNode(node);
}

/** The field of a node as a node of this kind; `undefined` where there is none. */
export function fieldOf(node: SyntaxNode, name: string, kind: string): SyntaxNode | undefined {
  const value = node.fields[name];
  if (typeof value !== 'object' || value === null) return undefined;
  const named = nodesOf(value)[0];
  return named?.kind === kind ? named : { kind, fields: value as Record<string, unknown> };
}

/** `schema.name` of a relation, without the schema where none is given. */
export function relationName(range: SyntaxNode | undefined): string {
  if (range === undefined) return '';
  const { schemaname, relname } = range.fields;
  return typeof schemaname === 'string' ? `${schemaname}.${String(relname)}` : String(relname);
}

/** Names that a reference to a column or function is made of. */
export function namesIn(value: unknown): readonly string[] {
  return nodesOf(value).map(({ fields }) => String(fields['sval'] ?? ''));
}

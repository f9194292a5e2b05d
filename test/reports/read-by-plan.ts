import type { Database } from '../../src/db/database.ts';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Function Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}

/** What a query read, by running it. */
export interface ReadByPlan {
  /** Rows that came out of each table or partition; those that were not looked into are not here. */
  readonly rows: ReadonlyMap<string, number>;
  /** Functions that were called; those that make rollups from facts are among them. */
  readonly functions: ReadonlySet<string>;
}

export async function readByPlan(database: Database, statement: string): Promise<ReadByPlan> {
  const found = await database.pool.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    `explain (analyze, timing off, format json) ${statement}`,
  );
  const rows = new Map<string, number>();
  const functions = new Set<string>();
  const visit = (node: PlanNode): void => {
    if (node['Actual Loops'] > 0) {
      const relation = node['Relation Name'];
      const read = node['Actual Rows'] * node['Actual Loops'];
      if (relation !== undefined) rows.set(relation, (rows.get(relation) ?? 0) + read);
      if (node['Function Name'] !== undefined) functions.add(node['Function Name']);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  for (const { Plan: plan } of found.rows[0]?.['QUERY PLAN'] ?? []) visit(plan);
  return { rows, functions };
}

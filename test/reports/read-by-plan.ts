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
  /** How often the rows of each of these were gone through. */
  readonly loops: ReadonlyMap<string, number>;
}

type Explained = { readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] };

/** @param settings of the server, by name, that the plan is made with */
export async function readByPlan(
  database: Database,
  statement: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ReadByPlan> {
  const client = await database.pool.connect();
  const rows = new Map<string, number>();
  const functions = new Set<string>();
  const loops = new Map<string, number>();
  const visit = (node: PlanNode): void => {
    if (node['Actual Loops'] > 0) {
      const relation = node['Relation Name'];
      const read = node['Actual Rows'] * node['Actual Loops'];
      if (relation !== undefined) rows.set(relation, (rows.get(relation) ?? 0) + read);
      const called = node['Function Name'];
      if (called !== undefined) {
        functions.add(called);
        loops.set(called, (loops.get(called) ?? 0) + node['Actual Loops']);
      }
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  try {
    await client.query('begin');
    for (const [name, value] of Object.entries(settings)) {
      await client.query('select set_config($1, $2, true)', [name, value]);
    }
    const found = await client.query<Explained>(`explain (analyze, timing off, format json) ${statement}`);
    for (const { Plan: plan } of found.rows[0]?.['QUERY PLAN'] ?? []) visit(plan);
  } finally {
    await client.query('rollback');
    client.release();
  }
  return { rows, functions, loops };
}

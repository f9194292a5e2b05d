import type pg from 'pg';

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops'?: number;
  readonly 'Actual Rows'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Runs a statement and tells how many rows of each table it looked at; partitions by their own names. */
export async function rowsRead(reader: pg.Client, statement: string): Promise<ReadonlyMap<string, number>> {
  const found = await reader.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    `explain (analyze, costs off, timing off, format json) ${statement}`,
  );
  const read = new Map<string, number>();
  const visit = (node: PlanNode) => {
    const name = node['Relation Name'];
    const rows =
      (node['Actual Rows'] ?? 0) +
      (node['Rows Removed by Filter'] ?? 0) +
      (node['Rows Removed by Index Recheck'] ?? 0);
    if (name !== undefined) read.set(name, (read.get(name) ?? 0) + rows * (node['Actual Loops'] ?? 0));
    node.Plans?.forEach(visit);
  };
  const plan = found.rows[0]?.['QUERY PLAN'][0].Plan;
  if (plan !== undefined) visit(plan);
  return read;
}

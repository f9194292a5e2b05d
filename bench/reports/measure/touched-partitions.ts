import type pg from 'pg';

/** How many monthly partitions a query read, of facts and of rollups. */
export interface Touched {
  readonly facts: number;
  readonly rollups: number;
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops'?: number;
  readonly Plans?: readonly PlanNode[];
}

const MONTHLY = /^(.+)_\d{4}_\d{2}$/;
const FACTS = new Set(['webhook_deliveries', 'api_response_counts']);

/**
 * Runs a query once and counts the partitions that it really read: those of its plan that were executed, and those
 * that the transaction's own statistics name, since the plan does not show what functions read.
 */
export async function touchedPartitions(client: pg.Client, sql: string): Promise<Touched> {
  await client.query('begin');
  try {
    const before = await scansOf(client);
    const plan = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
      `explain (analyze, timing off, format json) ${sql}`,
    );
    const after = await scansOf(client);
    const names = new Set(
      [...after].filter(([name, scans]) => scans !== before.get(name)).map(([name]) => name),
    );
    for (const { Plan } of plan.rows[0]?.['QUERY PLAN'] ?? []) addExecuted(Plan, names);
    const parents = [...names].flatMap((name) => MONTHLY.exec(name)?.[1] ?? []);
    const facts = parents.filter((parent) => FACTS.has(parent)).length;
    return { facts, rollups: parents.length - facts };
  } finally {
    await client.query('rollback');
  }
}

/** How often each table was scanned; what earlier transactions did and have not reported yet is in it. */
async function scansOf(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const found = await client.query<{ relname: string; scans: string }>(`
    select relname, seq_scan + coalesce(idx_scan, 0) as scans
    from pg_stat_xact_user_tables where schemaname = 'meraki_store'`);
  return new Map(found.rows.map(({ relname, scans }) => [relname, scans]));
}

function addExecuted(node: PlanNode, names: Set<string>): void {
  const name = node['Relation Name'];
  if (name !== undefined && (node['Actual Loops'] ?? 0) > 0) names.add(name);
  for (const child of node.Plans ?? []) addExecuted(child, names);
}

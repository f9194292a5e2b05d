import type { Database } from '../../src/db/database.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Rows of a query as JSON has them: times as texts, all numbers as numbers; sorted, and numbers without their noise. */
export async function viewRows(database: Database, statement: string): Promise<readonly Row[]> {
  const found = await database.pool.query<{ row: Row }>(`select to_jsonb(r) as row from (${statement}) r`);
  return comparable(found.rows.map(({ row }) => row));
}

/** Rows in an order and with numbers that do not depend on how they were computed. */
export function comparable(rows: readonly Row[]): readonly Row[] {
  const texts = rows.map((row) =>
    JSON.stringify(
      Object.fromEntries(
        Object.entries(row)
          .map(([name, value]) => [name, rounded(value)])
          .sort(),
      ),
    ),
  );
  return texts.sort().map((text) => JSON.parse(text) as Row);
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(9)) : value;
}

/** A moment as JSON has it, in UTC. */
export function time(moment: number): string {
  return new Date(moment).toISOString().replace('.000Z', '+00:00');
}

/** A share of something, null where there is nothing to divide by. */
export function ratio(part: number | null | undefined, whole: number | null | undefined): number | null {
  return part === null || part === undefined || whole === null || whole === undefined || whole === 0
    ? null
    : part / whole;
}

/** Rows in groups by a text. */
export function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

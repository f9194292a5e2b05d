import { performance } from 'node:perf_hooks';
import type pg from 'pg';

export interface Timing {
  readonly rows: number;
  readonly runs: number;
  /** Milliseconds; `null` where the query was given up. */
  readonly p50: number | null;
  readonly p95: number | null;
}

const SLOW = 2_000;
const VERY_SLOW = 20_000;
const GIVEN_UP = '57014';

/**
 * Runs a query until it is warm and then a few times more, fewer where it is slow. The time is from sending it until the
 * last row is here, as text. COPY is used for that: Node would spend longer on making objects of many rows than Postgres
 * on finding them, which says nothing about the database.
 */
export async function timeQuery(client: pg.Client, sql: string, runs: number): Promise<Timing> {
  try {
    const warm = await once(client, sql);
    const wanted = warm.milliseconds > VERY_SLOW ? 1 : warm.milliseconds > SLOW ? Math.min(3, runs) : runs;
    const times: number[] = [];
    for (let run = 0; run < wanted; run += 1) times.push((await once(client, sql)).milliseconds);
    times.sort((a, b) => a - b);
    return { rows: warm.rows, runs: wanted, p50: quantile(times, 0.5), p95: quantile(times, 0.95) };
  } catch (error) {
    if (isGivenUp(error)) return { rows: 0, runs: 0, p50: null, p95: null };
    throw error;
  }
}

async function once(client: pg.Client, sql: string): Promise<{ rows: number; milliseconds: number }> {
  const began = performance.now();
  const copied = await client.query(`copy (${sql}) to stdout`);
  return { rows: copied.rowCount ?? 0, milliseconds: performance.now() - began };
}

/** The nearest rank: always a time that was measured. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Whether the server gave a query up because it took too long. */
export function isGivenUp(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === GIVEN_UP;
}

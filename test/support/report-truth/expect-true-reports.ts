import { expect } from 'vitest';
import type { TestDatabase } from '../test-database.ts';
import { compareReports } from './compare-reports.ts';

/** Expects every report view that is made of rollups, or of those whose names begin with `only`, to say what the facts say at one moment. */
export async function expectTrueReports(
  { database }: Pick<TestDatabase, 'database'>,
  only?: string,
): Promise<void> {
  const client = await database.pool.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    expect(await compareReports(client, only)).toEqual([]);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

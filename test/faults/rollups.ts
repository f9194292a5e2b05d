/*
 * Reports read rollups, which have to be what the facts make at every moment: as readers see them, whether or not time
 * is stale, and table by table where it is not.
 */
import { drizzle } from 'drizzle-orm/node-postgres';
import type pg from 'pg';
import type { Queryable } from '../../src/db/database.ts';
import { readStreamKeys } from '../../src/db/streams.ts';
import { describeStream } from '../../src/stream-key.ts';
import { checkRollupsAsSeen } from '../../src/sync/check-rollups.ts';
import { compareReports } from '../support/report-truth/compare-reports.ts';

/** @param client has the owner's rights, and is in a transaction that sees one moment */
export async function judgeRollups(client: pg.Client): Promise<readonly string[]> {
  const faults = [...(await compareReports(client))];
  const query = drizzle({ client }) as unknown as Queryable;
  for (const key of await readStreamKeys(query)) {
    const { differences } = await checkRollupsAsSeen(query, key);
    for (const { table, rows } of differences) {
      faults.push(`${describeStream(key)}: ${rows} rows of ${table} are not what the facts make`);
    }
  }
  return faults;
}

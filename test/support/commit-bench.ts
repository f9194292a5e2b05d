import { beforeEach } from 'vitest';
import type { Committed } from '../../src/sync/commit-pages.ts';
import { type CommitOptions, commitReading, LOGS, readLogs } from './stream-reads.ts';
import { emptyTestDatabase, type TestDatabase } from './test-database.ts';

/** An empty archive for each test, to commit bodies to and to look at. */
export interface CommitBench {
  readonly owned: TestDatabase;
  commit(body: string | Buffer, terms?: CommitOptions): Promise<Committed>;
  rows<Row extends object>(query: string): Promise<Row[]>;
  /** The quarantine, by text. */
  quarantined(): Promise<{ raw: string; reason: string; copies: number }[]>;
  /** How many deliveries the views show. */
  stored(): Promise<number | undefined>;
}

/** Call it once, at the top of a test file. */
export function commitBench(): CommitBench {
  let owned: TestDatabase | undefined;
  beforeEach(async () => {
    owned = await emptyTestDatabase();
  });
  const current = (): TestDatabase => {
    if (owned === undefined) throw new Error('asked outside a test');
    return owned;
  };
  const rows = async <Row extends object>(query: string): Promise<Row[]> =>
    (await current().database.pool.query<Row>(query)).rows;
  return {
    get owned() {
      return current();
    },
    commit: async (body, terms = {}) =>
      await commitReading(current().database, LOGS, await readLogs(body), terms),
    rows,
    quarantined: () =>
      rows('select raw, reason, copies from meraki_ingest.quarantine order by raw collate "C"'),
    stored: async () =>
      (await rows<{ n: number }>('select count(*)::integer as n from meraki.webhook_deliveries'))[0]?.n,
  };
}

import { openDatabase } from '../../src/db/database.ts';
import { Partitions } from '../../src/db/partitions.ts';
import { markStale, staleStreams } from '../../src/db/rollup-stale.ts';
import { createLog } from '../../src/log.ts';
import { rollUp } from '../../src/sync/roll-up.ts';
import type { PlannedArchive } from './archive/archive-options.ts';
import type { Customer } from './archive/customer.ts';
import { streamsOf } from './archive/streams.ts';

/**
 * Marks all time of an archive as stale and lets the worker's own function roll it up, stream after stream as one worker
 * does.
 *
 * @returns seconds it took
 */
export async function rollUpArchive(
  databaseUrl: string,
  { from, now }: PlannedArchive,
  customers: readonly Customer[],
): Promise<number> {
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const database = openDatabase(databaseUrl, log, 2);
  try {
    for (const { key } of customers.flatMap(streamsOf)) {
      await database.transaction((tx) => markStale(tx, key, [{ from, to: now }], now));
    }
    const began = Date.now();
    const context = { database, partitions: new Partitions(database), signal: new AbortController().signal };
    for (const key of await staleStreams(database.query)) await rollUp(context, key, now);
    return (Date.now() - began) / 1_000;
  } finally {
    await database.close();
  }
}

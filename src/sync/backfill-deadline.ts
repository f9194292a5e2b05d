import { readCoverage } from '../db/coverage.ts';
import type { Database } from '../db/database.ts';
import { readStream } from '../db/streams.ts';
import type { Instant } from '../instant.ts';
import { parseLearnedLimits } from './limits.ts';
import { backfillGaps } from './plan.ts';
import type { Stream } from './stream.ts';

/** When Meraki forgets the oldest that a stream lacks, by what is stored; `undefined` where nothing is known to lack. */
export async function backfillDeadline(database: Database, stream: Stream): Promise<Instant | undefined> {
  const record = await readStream(database.query, stream.key);
  if (record === undefined) return undefined;
  const coverage = await readCoverage(database.query, stream.key);
  const learned = parseLearnedLimits(record.limits, stream.now());
  const situation = stream.situation(coverage, record.wantedFrom, learned);
  const [oldest] = backfillGaps(situation);
  return oldest && oldest.from + situation.lookback;
}

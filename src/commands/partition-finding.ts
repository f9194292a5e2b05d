import type { Database } from '../db/database.ts';
import { missingPartitions } from '../db/partitions.ts';
import type { Instant } from '../instant.ts';
import type { Finding } from './finding.ts';

/** Whether the months up to two after the present one have their partitions; a worker makes them once a day. */
export async function partitionFinding(database: Database, now: Instant): Promise<Finding> {
  const missing = await missingPartitions(database.query, now);
  if (missing.length === 0) {
    return { check: 'partitions', state: 'ok', said: 'made up to two months ahead', exitCode: 0 };
  }
  const [first = '', ...others] = missing;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return {
    check: 'partitions',
    state: 'warning',
    said: `${first}${more} not made yet: a running worker makes them once a day, and pages make what they need`,
    exitCode: 0,
  };
}

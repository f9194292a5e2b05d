import { rollupSpan } from '../db/compare-rollups.ts';
import type { Database } from '../db/database.ts';
import { readStreamKeys } from '../db/streams.ts';
import { instantOfSeconds } from '../instant.ts';
import { type Ranges, rangesOf } from '../ranges.ts';
import { describeStream } from '../stream-key.ts';
import { checkRollups } from '../sync/check-rollups.ts';
import type { Finding } from './finding.ts';

const HOUR = instantOfSeconds(3_600);
const DAYS = 3 * 24 * HOUR;

/**
 * Compares the newest three days of each stream's rollups, and three days somewhere before, with what the facts make.
 * The command "rollups check" compares all.
 *
 * @param random a number from 0 up to but not including 1
 */
export async function rollupFinding(database: Database, random: () => number): Promise<Finding> {
  const wrong: string[] = [];
  const keys = await readStreamKeys(database.query);
  for (const key of keys) {
    const span = await rollupSpan(database.query, key);
    if (span === undefined) continue;
    const { differences } = await checkRollups(database, key, sample(span.from, span.to, random()));
    for (const { table, rows } of differences) wrong.push(`${describeStream(key)}: ${rows} rows of ${table}`);
  }
  if (wrong.length === 0) {
    const said = `equal to the facts in six days of each of ${keys.length} streams ("rollups check" compares all)`;
    return { check: 'rollups', state: 'ok', said, exitCode: 0 };
  }
  return {
    check: 'rollups',
    state: 'failed',
    said: `${wrong.join('\n')}\ndiffer from the facts, so reports are wrong: "meraki-historian rollups rebuild" makes them anew`,
    exitCode: 7,
  };
}

function sample(from: number, to: number, random: number): Ranges {
  const elsewhere = from + Math.floor((random * Math.max(0, to - DAYS - from)) / HOUR) * HOUR;
  return rangesOf({ from: Math.max(from, to - DAYS), to }, { from: elsewhere, to: elsewhere + DAYS });
}

import { wholeDays } from '../db/calendar.ts';
import { compareRollups, type RollupDifference, rollupSpan } from '../db/compare-rollups.ts';
import type { Database, Queryable } from '../db/database.ts';
import { readStale } from '../db/rollup-stale.ts';
import type { RollupGrain } from '../db/rollup-tables.ts';
import { sameMoment } from '../db/same-moment.ts';
import { instantOfSeconds } from '../instant.ts';
import { intersect, type Range, type Ranges, subtract } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';

export interface RollupCheck {
  /** Time whose rollups were compared; what is stale is left out, since views leave it out too. */
  readonly checked: Ranges;
  readonly differences: readonly RollupDifference[];
}

/** Days or hours that are compared by one statement: what differs is found by sorting both sides. */
const LONGEST = { day: 31, hour: 31 * 24 };
const HOUR = instantOfSeconds(3_600);

/**
 * Compares the rollups of a stream with what its facts make, as of one moment.
 *
 * @param within what to compare, in whole hours; by default all that is stored
 */
export async function checkRollups(
  database: Database,
  key: StreamKey,
  within?: Ranges,
): Promise<RollupCheck> {
  return await database.transaction(async (tx) => {
    await sameMoment(tx);
    return await checkRollupsAsSeen(tx, key, within);
  });
}

/** The same within a transaction that sees one moment. */
export async function checkRollupsAsSeen(
  query: Queryable,
  key: StreamKey,
  within?: Ranges,
): Promise<RollupCheck> {
  const span = await rollupSpan(query, key);
  if (span === undefined) return { checked: [], differences: [] };
  const checked = subtract(intersect([span], within ?? [span]), await readStale(query, key));
  const found = new Map<string, number>();
  const compare = async (grain: RollupGrain, pieces: readonly Range[]) => {
    for (const piece of pieces) {
      for (const { table, rows } of await compareRollups(query, key, grain, piece)) {
        found.set(table, (found.get(table) ?? 0) + rows);
      }
    }
  };
  for (const stretch of checked) {
    await compare('hour', joined(hoursIn(stretch), LONGEST.hour));
    await compare('day', joined(await wholeDays(query, key.organizationId, stretch), LONGEST.day));
  }
  return { checked, differences: [...found].map(([table, rows]) => ({ table, rows })) };
}

function hoursIn({ from, to }: Range): readonly Range[] {
  return Array.from({ length: Math.round((to - from) / HOUR) }, (_, hour) => ({
    from: from + hour * HOUR,
    to: from + (hour + 1) * HOUR,
  }));
}

/** Neighbours become one range, `most` of them at a time. */
function joined(units: readonly Range[], most: number): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at < units.length; at += most) {
    const [first, last] = [units[at], units[Math.min(at + most, units.length) - 1]];
    if (first !== undefined && last !== undefined) ranges.push({ from: first.from, to: last.to });
  }
  return ranges;
}

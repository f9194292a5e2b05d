/*
 * A page token may be an offset, and then a row that appears while the log is paged moves the last row of one page
 * to the top of the next, where it looks like the copy of a twin. So a copy whose first was on an earlier page is
 * believed only when the moment, read on its own in one page, has that many.
 *
 * A refused row has no moment of its own to read. Its copies are believed: one too many can be thrown away by
 * whoever replays it, one too few is gone.
 */
import type { Instant } from '../instant.ts';
import type { OccurrenceCounts, Occurring } from '../sync/occurrences.ts';
import type { Effort } from '../sync/stream.ts';

/** All rows around one moment; `undefined` when they do not fit one page, which would have edges of its own. */
export interface ReadMoment {
  readonly rows: readonly Occurring[] | undefined;
  readonly effort: Effort;
}

/** The rows of a page without those that an earlier page of the same read gave already. */
export async function withoutRepeats<Row extends Occurring>(
  rows: readonly Row[],
  before: OccurrenceCounts,
  readMoment: (sentAt: Instant) => Promise<ReadMoment>,
): Promise<{ readonly rows: readonly Row[]; readonly effort: Effort }> {
  let effort: Effort = { requests: 0, waitedMs: 0 };
  const isFirstPage = Object.keys(before.copies).length === 0;
  const doubtful = isFirstPage ? [] : rows.filter((row) => isIn(before, row));
  if (doubtful.length === 0) return { rows, effort };
  const surplus = new Map<string, number>();
  for (const sentAt of new Set(doubtful.map((row) => row.sentAt))) {
    const moment = await readMoment(sentAt);
    effort = {
      requests: effort.requests + moment.effort.requests,
      waitedMs: effort.waitedMs + moment.effort.waitedMs,
    };
    if (moment.rows === undefined) continue;
    const there = countOf(moment.rows);
    for (const [identity, here] of countOf(doubtful.filter((row) => row.sentAt === sentAt))) {
      const counted = (before.copies[identity] ?? 0) + here;
      const repeated = counted - (there.get(identity) ?? counted);
      surplus.set(identity, Math.min(here, Math.max(0, repeated)));
    }
  }
  const kept = rows.filter(({ identity }) => {
    const left = surplus.get(identity) ?? 0;
    if (left > 0) surplus.set(identity, left - 1);
    return left === 0;
  });
  return { rows: kept, effort };
}

/** A row has its time in its identity, so those of other moments need no look. */
function isIn({ at, copies }: OccurrenceCounts, row: Occurring): boolean {
  if (at !== null && row.sentAt !== at) return false;
  return row.isRefused !== true && Object.hasOwn(copies, row.identity);
}

function countOf(rows: readonly Occurring[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { identity } of rows) counts.set(identity, (counts.get(identity) ?? 0) + 1);
  return counts;
}

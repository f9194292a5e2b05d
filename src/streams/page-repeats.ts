/*
 * A page token may be an offset, and then a row that appears while the log is paged moves the last row of one page
 * to the top of the next, where it looks like the copy of a twin. So a copy whose first was on an earlier page is
 * believed only when the moment, read on its own in one page, has that many.
 */
import type { Instant } from '../instant.ts';
import type { OccurrenceCounts } from '../sync/occurrences.ts';
import type { Effort } from '../sync/stream.ts';
import { fingerprintOf, type WebhookLogRow } from './webhook-log-row.ts';

/** All rows around one moment; `undefined` when they do not fit one page, which would have edges of its own. */
export interface ReadMoment {
  readonly rows: readonly WebhookLogRow[] | undefined;
  readonly effort: Effort;
}

/** The rows of a page without those that an earlier page of the same read gave already. */
export async function withoutRepeats(
  rows: readonly WebhookLogRow[],
  before: OccurrenceCounts,
  readMoment: (sentAt: Instant) => Promise<ReadMoment>,
): Promise<{ readonly rows: readonly WebhookLogRow[]; readonly effort: Effort }> {
  let effort: Effort = { requests: 0, waitedMs: 0 };
  const doubtful = rows.filter((row) => fingerprintOf(row) in before.copies);
  const surplus = new Map<string, number>();
  for (const sentAt of new Set(doubtful.map((row) => row.sentAt))) {
    const moment = await readMoment(sentAt);
    effort = {
      requests: effort.requests + moment.effort.requests,
      waitedMs: effort.waitedMs + moment.effort.waitedMs,
    };
    if (moment.rows === undefined) continue;
    const there = countOf(moment.rows);
    for (const [fingerprint, here] of countOf(doubtful.filter((row) => row.sentAt === sentAt))) {
      const counted = (before.copies[fingerprint] ?? 0) + here;
      const repeated = counted - (there.get(fingerprint) ?? counted);
      surplus.set(fingerprint, Math.min(here, Math.max(0, repeated)));
    }
  }
  const kept = rows.filter((row) => {
    const left = surplus.get(fingerprintOf(row)) ?? 0;
    if (left > 0) surplus.set(fingerprintOf(row), left - 1);
    return left === 0;
  });
  return { rows: kept, effort };
}

function countOf(rows: readonly WebhookLogRow[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const fingerprint = fingerprintOf(row);
    counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  }
  return counts;
}

/*
 * How late rows appear. A row is known not to have been there at the read before and to have been there at this
 * one, so it appeared between the two answers: it was late by no more than this answer less its time of logging,
 * and that upper bound is what counts here. The bound says something only while reads follow one another closely.
 * After a pause every row would look as late as the pause was long, so such rows are left out; what lies in final
 * time is counted all the same, for there it needs no measure to see that the settle time was too short.
 */
import type { LatenessCount } from '../db/lateness.ts';
import type { FreshRow } from '../db/webhook-deliveries.ts';
import { type Instant, MICROSECONDS_PER_SECOND as SECOND } from '../instant.ts';
import { containsInstant, type Ranges } from '../ranges.ts';

/** What had been read of a stream before the window at hand was opened. */
export interface ReadBefore {
  /** All covered time, final or provisional. */
  readonly covered: Ranges;
  readonly final: Ranges;
  /** How long ago the read before may have been for the upper bound to say something; in microseconds. */
  readonly closely: number;
}

const BUCKETS_PER_DOUBLING = 4;

/** The histogram's bucket for a lateness; see {@link LatenessCount}. */
export function latenessBucket(seconds: number): number {
  return Math.max(0, Math.ceil(BUCKETS_PER_DOUBLING * Math.log2(Math.max(1, seconds))));
}

/** Sorts rows that were not stored before by how late they are. */
export function measureLateness(
  rows: readonly FreshRow[],
  before: ReadBefore,
  answeredAt: Instant,
): readonly LatenessCount[] {
  const { closely } = before;
  const counts = new Map<number, LatenessCount>();
  for (const row of rows) {
    const late = Math.max(0, answeredAt - row.loggedAt);
    const readAt = readOf(before, row);
    const found = readAt !== undefined;
    const measured = found ? answeredAt - readAt <= closely : late <= closely;
    const afterFinal = containsInstant(before.final, row.sentAt);
    if (!measured && !afterFinal) continue;
    const seconds = measured ? late / SECOND : 0;
    const bucket = latenessBucket(seconds);
    const sum = counts.get(bucket) ?? { ...nothing, bucket };
    counts.set(bucket, {
      bucket,
      rows: sum.rows + Number(measured),
      rowsFoundLate: sum.rowsFoundLate + Number(measured && found),
      rowsAfterFinal: sum.rowsAfterFinal + Number(afterFinal),
      maxSeconds: Math.max(sum.maxSeconds, seconds),
      lateMaxSeconds: Math.max(sum.lateMaxSeconds, found ? seconds : 0),
    });
  }
  return [...counts.values()];
}

/** When the time of a row had last been read, if the row had been logged by then. */
function readOf({ covered }: ReadBefore, { sentAt, loggedAt }: FreshRow): Instant | undefined {
  if (!containsInstant(covered, sentAt)) return undefined;
  return covered.find((range) => range.from <= loggedAt && loggedAt < range.to)?.to;
}

const nothing: LatenessCount = {
  bucket: 0,
  rows: 0,
  rowsFoundLate: 0,
  rowsAfterFinal: 0,
  maxSeconds: 0,
  lateMaxSeconds: 0,
};

/** Rows that an audit found in final time: how late they were, nobody knows. */
export function afterFinal(rows: number): readonly LatenessCount[] {
  return rows === 0 ? [] : [{ ...nothing, rowsAfterFinal: rows }];
}

/*
 * The place of a refused bucket was never claimed, so it is a gap until a read fills it. A bucket that passes now is
 * stored where nothing is, and claimed as provisional only: nobody can tell any more whether it had settled. Where
 * Meraki still has it, the next read of that time puts a final figure in its place; where Meraki has forgotten it,
 * it is the best there is, and the views say that it is not final.
 *
 * - Final figures are never touched: a bucket whose time is final by now has been read again and leaves.
 * - Provisional figures are not touched either, since it cannot be told which is newer: the bucket stays until that
 *   time is final.
 * - A bucket that sticks out of the window it was asked in holds a part of its requests only, and one of two that
 *   contradict each other is wrong: they stay until a read has decided.
 */
import { writeApiResponseCounts } from '../db/api-response-counts.ts';
import type { CoverageByWidth } from '../db/coverage.ts';
import { type QuarantinedRow, valueInQuarantine } from '../db/quarantined-rows.ts';
import { contains, overlaps, type Range, type Ranges, union } from '../ranges.ts';
import type { Judgement, Replayer } from '../sync/replay.ts';
import type { Claim } from '../sync/stream.ts';
import { type ApiResponseBucket, parseApiResponseBucket } from './api-response-bucket.ts';
import { CONTRADICTION } from './api-response-page.ts';

type Judged =
  | {
      readonly row: QuarantinedRow;
      readonly bucket: ApiResponseBucket;
      readonly time: Range;
      readonly doubt?: string;
    }
  | { readonly row: QuarantinedRow; readonly bucket: null; readonly reason: string };

export const replayApiResponses: Replayer = (key, rows): Judgement => {
  // The newest of several readings of a bucket is the one to store.
  const judged = rows.map(judge).sort((a, b) => (a.row.firstSeenAt < b.row.firstSeenAt ? 1 : -1));
  const storable = judged.flatMap((one) => (one.bucket === null || one.doubt !== undefined ? [] : [one]));
  return {
    partitions: storable.map(({ time }) => ({ table: 'api_response_counts', range: time })),
    widths: [...new Set(storable.map(({ bucket }) => bucket.intervalSeconds))],
    async write(tx, before, now) {
      const leaving: QuarantinedRow[] = [];
      const refused: { row: QuarantinedRow; reason: string }[] = [];
      const claimed = new Map<number, Ranges>();
      let [stored, known] = [0, 0];
      for (const one of judged) {
        const { row } = one;
        const reason = one.bucket === null ? one.reason : reasonToStay(one, before, claimed);
        if (reason !== undefined) {
          refused.push({ row, reason });
          continue;
        }
        leaving.push(row);
        if (one.bucket === null || isFinal(one.bucket, one.time, before)) {
          known += row.copies;
          continue;
        }
        const { intervalSeconds, start, counts } = one.bucket;
        const figures = [...counts].map(([responseCode, requestCount]) => ({
          bucketStart: start,
          responseCode,
          requestCount,
        }));
        const batch = { intervalSeconds, counts: figures, read: [one.time], final: [] };
        await writeApiResponseCounts(tx, key, batch, before.get(intervalSeconds)?.final ?? [], now);
        claimed.set(intervalSeconds, union(claimed.get(intervalSeconds) ?? [], [one.time]));
        stored += 1;
        known += row.copies - 1;
      }
      const claims = [...claimed].map(
        ([intervalSeconds, provisional]): Claim => ({ intervalSeconds, final: [], provisional }),
      );
      return { stored, known, leaving, refused, claims };
    },
  };
};

function judge(row: QuarantinedRow): Judged {
  const parsed = parseApiResponseBucket(valueInQuarantine(row));
  if (!parsed.ok) return { row, bucket: null, reason: parsed.reason };
  const { bucket } = parsed;
  const time = { from: bucket.start, to: bucket.end };
  if (row.reason === CONTRADICTION) return { row, bucket, time, doubt: CONTRADICTION };
  const whole = row.asked !== null && row.asked.from <= time.from && time.to <= row.asked.to;
  if (whole) return { row, bucket, time };
  return { row, bucket, time, doubt: 'the window it was asked in does not hold this bucket whole' };
}

function isFinal(bucket: ApiResponseBucket, time: Range, before: CoverageByWidth): boolean {
  return contains(before.get(bucket.intervalSeconds)?.final ?? [], time);
}

function reasonToStay(
  one: Judged & { readonly bucket: ApiResponseBucket },
  before: CoverageByWidth,
  claimed: ReadonlyMap<number, Ranges>,
): string | undefined {
  const { bucket, time, doubt } = one;
  if (isFinal(bucket, time, before)) return undefined;
  if (doubt !== undefined) return doubt;
  const covered = before.get(bucket.intervalSeconds);
  const taken = [covered?.final ?? [], covered?.provisional ?? [], claimed.get(bucket.intervalSeconds) ?? []];
  return taken.some((ranges) => overlaps(ranges, time))
    ? 'its time is covered provisionally: a later read decides'
    : undefined;
}

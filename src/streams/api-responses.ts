import { readApiResponseContents } from '../db/api-response-contents.ts';
import { type ApiResponseBatch, writeApiResponseCounts } from '../db/api-response-counts.ts';
import type { CoverageByWidth } from '../db/coverage.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import { type ApiResponseFilters, getApiResponses } from '../meraki/api-responses.ts';
import type { Answer, MerakiClient } from '../meraki/client.ts';
import { containsInstant, duration, type Ranges, rangesOf, subtract, union } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import type { LearnedLimits } from '../sync/limits.ts';
import { type OpenWindow, openWindow } from '../sync/open-window.ts';
import type { Reading, Stream } from '../sync/stream.ts';
import { wholeBuckets } from '../sync/whole-buckets.ts';
import type { ApiResponseBucket } from './api-response-bucket.ts';
import { type BucketPage, readBucketPage } from './api-response-page.ts';
import { boundedBatches, claimOf } from './bounded-batches.ts';
import { type StreamSettings, settingsOf } from './stream-settings.ts';

export interface ApiResponsesSettings extends StreamSettings {
  /** Bucket width to ask for: 120, 3600, 14400 or 21600. */
  readonly intervalSeconds: number;
}

const LONGEST_INTERVAL = 21_600;
const DOCUMENTED_INTERVALS: readonly number[] = [120, 3_600, 14_400, LONGEST_INTERVAL];
/** A window this short that still comes at coarser buckets shows that there are no finer ones. */
const SHORTEST_FINE_SPAN = instantOfSeconds(7_200);

/** Counts of API requests by response code (`getOrganizationApiRequestsOverviewResponseCodesByInterval`). */
export function apiResponses(
  key: StreamKey,
  client: MerakiClient,
  settings: ApiResponsesSettings,
  filters: ApiResponseFilters,
): Stream {
  const widthOf = ({ finerInterval, finestInterval }: LearnedLimits) =>
    Math.max(finerInterval ?? settings.intervalSeconds, finestInterval ?? 0);
  return {
    ...settingsOf(key, client, settings),
    situation: (coverage, wantedFrom, learned) => ({
      now: client.now(),
      wantedFrom,
      done: finalAtMost(coverage, widthOf(learned)),
      lookback: Math.min(settings.lookback, learned.lookback ?? settings.lookback),
      span: Math.min(settings.span, learned.span ?? settings.span, learned.fineSpan ?? settings.span),
      settle: settings.settle,
      grid: instantOfSeconds(widthOf(learned)),
      lead: 0,
      reach: 0,
    }),
    open: ({ openedAt, claim, asked }) => openWindow(claim, asked, openedAt - settings.settle),
    async read(window, learned, signal, intervalSeconds, idleBefore) {
      const asked = intervalSeconds ?? widthOf(learned);
      const ask = () => getApiResponses(client, key.organizationId, window.asked, asked, filters, { signal });
      const understand = (
        { buckets, answer }: Awaited<ReturnType<typeof ask>>,
        finalUntil = window.finalUntil,
      ) => {
        const page = readBucketPage(window.asked, buckets, answer.text);
        const bounded = { ...window, finalUntil };
        return { ...readingOf(bounded, asked, settings.settle, learned, page), ...effortOf(answer) };
      };
      const first = await ask();
      const reading = understand(first);
      // An empty answer would make all of the window idle, and one in other widths would change what is asked for a
      // week: both are believed when they are given twice. Where the read before was empty too, that was once.
      if (first.buckets.length > 0 && reading.learned === null) return reading;
      if (first.buckets.length === 0 && idleBefore !== undefined) {
        const until = confirmedUntil(window, settings, await idleBefore(asked));
        if (until !== undefined)
          return { ...understand(first, until), leavesRest: until < window.finalUntil };
      }
      const second = understand(await ask());
      return {
        ...second,
        requests: reading.requests + second.requests,
        waitedMs: reading.waitedMs + second.waitedMs,
      };
    },
    async write(tx, readings, before, now) {
      let rowsNew = 0;
      let rowsKnown = 0;
      const batches = (readings as readonly CountsReading[]).flatMap((reading) =>
        boundedBatches(reading.batches, reading.claims),
      );
      for (const batch of batches) {
        const finalBefore = before.get(batch.intervalSeconds)?.final ?? [];
        const written = await writeApiResponseCounts(tx, key, batch, finalBefore, now);
        rowsNew += written.rowsNew;
        rowsKnown += written.rowsKnown;
      }
      return { rowsNew, rowsKnown };
    },
    async probe(asked, signal) {
      const { intervalSeconds } = settings;
      await getApiResponses(client, key.organizationId, asked, intervalSeconds, filters, { signal });
    },
    stored: (query, intervalSeconds, within) => readApiResponseContents(query, key, intervalSeconds, within),
    // A reading replaces the figures of its buckets, and what has vanished is recorded as a revision to 0.
    setAside: async () => 0,
  };
}

/** A later read is waited for where it comes soon. */
const SOON = 2;

/**
 * Up to when an empty answer may be believed since an earlier read found the same; the rest is the next read's.
 * `undefined` where that would leave more than a read or two has to confirm.
 */
function confirmedUntil(
  { asked, finalUntil }: OpenWindow,
  { settle, everySeconds }: ApiResponsesSettings,
  idleBefore: Ranges,
): Instant | undefined {
  if (asked.to < finalUntil + settle) return undefined;
  const rest = subtract(rangesOf({ from: asked.from, to: finalUntil }), idleBefore);
  if (duration(rest) > SOON * instantOfSeconds(everySeconds)) return undefined;
  return rest[0]?.from ?? finalUntil;
}

function effortOf(answer: Answer) {
  return { answeredAt: answer.answeredAt, requests: answer.requests, waitedMs: answer.waitedMs };
}

function finalAtMost(coverage: CoverageByWidth, width: number): Ranges {
  return union(...[...coverage].filter(([other]) => other <= width).map(([, { final }]) => final));
}

/** Every reading of a stream made here is one. */
interface CountsReading extends Reading {
  readonly batches: readonly ApiResponseBatch[];
}

function readingOf(
  window: OpenWindow,
  askedSeconds: number,
  settle: number,
  learned: LearnedLimits,
  page: BucketPage,
): Omit<CountsReading, 'answeredAt' | 'requests' | 'waitedMs'> {
  const { buckets, refused, drift } = page;
  const whole = wholeBuckets(
    {
      asked: window.asked,
      askedIntervalSeconds: askedSeconds,
      finalUntil: window.finalUntil,
      endsNow: window.asked.to >= window.finalUntil + settle,
    },
    buckets.map((bucket) => ({ from: bucket.start, to: bucket.end })),
    page.received === 0 ? 'nothing' : refused.length === 0 ? 'all' : 'some',
  );
  const batches = whole.map(
    (part): ApiResponseBatch => ({ ...part, counts: countsOf(buckets, part.intervalSeconds, part.read) }),
  );
  const lesson = resolutionLesson(window, askedSeconds, buckets, learned);
  const taken = whole.reduce(
    (sum, { intervalSeconds, read }) => sum + bucketsIn(buckets, intervalSeconds, read).length,
    0,
  );
  return {
    asked: window.asked,
    window: null,
    claims: batches.map(claimOf),
    refused,
    drift,
    tally: {
      received: page.received,
      taken,
      refused: refused.length,
      left: page.repeated + buckets.length - taken,
    },
    partitions: batches.flatMap((batch) =>
      batch.read.map((range) => ({ table: 'api_response_counts' as const, range })),
    ),
    learned: lesson,
    anew: lesson !== null,
    contents: (intervalSeconds) =>
      batches
        .filter((batch) => batch.intervalSeconds === intervalSeconds)
        .flatMap(({ counts }) => counts)
        .map((count) => ({
          at: count.bucketStart,
          key: String(count.responseCode),
          amount: count.requestCount,
        })),
    batches,
  };
}

function countsOf(
  buckets: readonly ApiResponseBucket[],
  intervalSeconds: number,
  read: Ranges,
): ApiResponseBatch['counts'] {
  return bucketsIn(buckets, intervalSeconds, read).flatMap((bucket) =>
    [...bucket.counts].map(([responseCode, requestCount]) => ({
      bucketStart: bucket.start,
      responseCode,
      requestCount,
    })),
  );
}

function bucketsIn(
  buckets: readonly ApiResponseBucket[],
  intervalSeconds: number,
  read: Ranges,
): readonly ApiResponseBucket[] {
  return buckets.filter(
    (bucket) => bucket.intervalSeconds === intervalSeconds && containsInstant(read, bucket.start),
  );
}

/**
 * Coarser buckets than asked for mean that the window was too wide for them, or that there are none. Finer ones are
 * what is asked for from then on: on a coarser grid, idle time at the ends of a window could never be asked alone.
 */
function resolutionLesson(
  window: OpenWindow,
  askedSeconds: number,
  buckets: readonly ApiResponseBucket[],
  learned: LearnedLimits,
): LearnedLimits | null {
  if (buckets.length === 0) return null;
  const finest = buckets.reduce((least, bucket) => Math.min(least, bucket.intervalSeconds), Infinity);
  if (finest < askedSeconds) {
    const finer = DOCUMENTED_INTERVALS.find((seconds) => seconds >= finest) ?? LONGEST_INTERVAL;
    if (finer >= askedSeconds) return null;
    const { finestInterval: _coarser, ...others } = learned;
    return { ...others, finerInterval: finer };
  }
  if (finest === askedSeconds) return null;
  const span = window.asked.to - window.asked.from;
  if (span > SHORTEST_FINE_SPAN) return { ...learned, fineSpan: Math.floor(span / 2) };
  const { fineSpan: _narrowed, finerInterval: _finer, ...others } = learned;
  const interval = DOCUMENTED_INTERVALS.find((seconds) => seconds >= finest) ?? LONGEST_INTERVAL;
  return interval > askedSeconds ? { ...others, finestInterval: interval } : null;
}

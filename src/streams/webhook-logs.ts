import type { RefusedRow } from '../db/quarantine.ts';
import { readDeliveryContents, setAsideDeliveries } from '../db/webhook-contents.ts';
import { writeWebhookDeliveries } from '../db/webhook-deliveries.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { Answer, MerakiClient } from '../meraki/client.ts';
import { followWebhookLogs, getWebhookLogs } from '../meraki/webhook-logs.ts';
import { intersect, type Ranges, rangesOf, subtract } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import type { LearnedLimits } from '../sync/limits.ts';
import { type OpenWindow, openWindow, type TakenPage, takePage } from '../sync/open-window.ts';
import type { Reading, Stream } from '../sync/stream.ts';
import { joinRows, type PackedRows, packRows } from './packed-rows.ts';
import { type ReadMoment, withoutRepeats } from './page-repeats.ts';
import { type StreamSettings, settingsOf } from './stream-settings.ts';
import { deliveryBatchOf, partitionsOf } from './webhook-log-batch.ts';
import { readLogPage } from './webhook-log-page.ts';
import type { UnderstoodRow } from './webhook-log-row.ts';

export interface WebhookLogsSettings extends StreamSettings {
  /** Rows of a page, 3 to 1000. */
  readonly perPage: number;
}

/** Rows have instants of their own, no buckets. */
const NO_BUCKETS = 0;
/** Nobody knows whether Meraki includes the ends of a window, so a second before it is asked as well. */
const LEAD = instantOfSeconds(1);
/** How much later than it was sent a delivery may be logged: receivers have seconds to answer. */
const REACH = instantOfSeconds(120);
/** An unsorted read keeps its counts in the checkpoint; more pages than this and the window is cut in half. */
const MOST_UNSORTED_PAGES = 20;
const FIRST_UNSORTED_SPAN = instantOfSeconds(86_400);
const WIDEST_WHOLE_SPAN = instantOfSeconds(31 * 86_400);
const SHORTEST_UNSORTED_CLAIM = instantOfSeconds(60);

/** The log of webhook deliveries (`getOrganizationWebhooksLogs`). */
export function webhookLogs(key: StreamKey, client: MerakiClient, settings: WebhookLogsSettings): Stream {
  return {
    ...settingsOf(key, client, settings),
    situation: (coverage, wantedFrom, learned) => ({
      now: client.now(),
      wantedFrom,
      done: coverage.get(NO_BUCKETS)?.final ?? [],
      lookback: Math.min(settings.lookback, learned.lookback ?? settings.lookback),
      span: Math.min(
        settings.span,
        learned.span ?? settings.span,
        learned.wholeSpan === undefined
          ? settings.span
          : Math.max(learned.wholeSpan, LEAD + REACH + instantOfSeconds(1)),
      ),
      settle: settings.settle,
      grid: 1,
      lead: LEAD,
      reach: REACH,
    }),
    open: ({ openedAt, claim, asked }, learned) =>
      openWindow(claim, asked, openedAt - settings.settle, learned.order),
    async read(window, learned, signal) {
      const { rows, answer } =
        window.pageToken === null
          ? await getWebhookLogs(client, key.organizationId, window.asked, settings.perPage, { signal })
          : await followWebhookLogs(client, key.organizationId, window.pageToken, { signal });
      const readMoment = async (sentAt: Instant): Promise<ReadMoment> => {
        const asked = { from: sentAt - LEAD, to: sentAt + REACH };
        const alone = await getWebhookLogs(client, key.organizationId, asked, settings.perPage, { signal });
        const whole = alone.answer.next === undefined;
        const { rows } = readLogPage(key, window, alone.rows, alone.answer.text);
        return { effort: alone.answer, rows: whole ? rows : undefined };
      };
      return await readingOf(key, window, learned, rows, answer, readMoment);
    },
    async probe(asked, signal) {
      return (await getWebhookLogs(client, key.organizationId, asked, 3, { signal })).answer;
    },
    write(tx, readings, _before, now, tellFresh) {
      const rows = joinRows((readings as readonly LogReading[]).map((reading) => reading.rows));
      const batch = deliveryBatchOf(key.organizationId, rows);
      return writeWebhookDeliveries(tx, key.organizationId, batch, now, tellFresh);
    },
    stored: (query, _intervalSeconds, within) => readDeliveryContents(query, key.organizationId, within),
    setAside: (tx, surplus, now) => setAsideDeliveries(tx, key, surplus, now),
  };
}

/** Every reading of a stream made here is one. */
interface LogReading extends Reading {
  readonly rows: PackedRows;
}

async function readingOf(
  key: StreamKey,
  window: OpenWindow,
  learned: LearnedLimits,
  received: readonly unknown[],
  answer: Answer,
  readMoment: (sentAt: Instant) => Promise<ReadMoment>,
): Promise<LogReading> {
  const page = readLogPage(key, window, received, answer.text);
  const { rows: placed, effort } = await withoutRepeats(page.rows, window.occurrences, readMoment);
  const taken = takePage(window, placed, answer.next, REACH);
  const understood: UnderstoodRow[] = [];
  const refused: RefusedRow[] = [];
  for (const [index, row] of placed.entries()) {
    const occurrence = taken.occurrences[index] ?? 0;
    if (row.isRefused) {
      refused.push({ ...row.refused, copies: occurrence + 1 });
    } else {
      row.occurrence = occurrence;
      understood.push(row);
    }
  }
  const rows = packRows(understood);
  const lesson = orderLesson(window, taken, learned);
  const anew = lesson?.anew === true;
  return {
    asked: window.asked,
    window: anew ? null : taken.window,
    claims: [{ ...claimOf(taken.finished, window.finalUntil), retracted: taken.retracted }],
    refused,
    drift: page.drift,
    tally: {
      received: received.length,
      taken: understood.length,
      refused: refused.length,
      left: page.rows.length - placed.length,
    },
    partitions: partitionsOf(rows),
    learned: lesson?.learned ?? null,
    anew,
    answeredAt: answer.answeredAt,
    requests: answer.requests + effort.requests,
    waitedMs: answer.waitedMs + effort.waitedMs,
    contents: () =>
      Array.from(rows.sentAt, (at, place) => ({ at, key: String(rows.fingerprint[place]), amount: 1 })),
    rows,
  };
}

function claimOf(finished: Ranges, finalUntil: Instant) {
  const settled = rangesOf({ from: Number.NEGATIVE_INFINITY, to: finalUntil });
  return {
    intervalSeconds: NO_BUCKETS,
    final: intersect(finished, settled),
    provisional: subtract(finished, settled),
  };
}

interface OrderLesson {
  readonly learned: LearnedLimits;
  /** Whether the window has to be planned anew with it. */
  readonly anew: boolean;
}

/** What the page teaches about the order of the log, if anything. */
function orderLesson(window: OpenWindow, taken: TakenPage, learned: LearnedLimits): OrderLesson | null {
  const { wholeSpan, ...others } = learned;
  if (taken.proves !== null) {
    const { disproved, ...rest } = others;
    const isKnown = taken.proves === learned.order && wholeSpan === undefined;
    const still = disproved !== undefined && disproved !== taken.proves && { disproved };
    return isKnown ? null : { learned: { ...rest, ...still, order: taken.proves }, anew: false };
  }
  if (taken.outOfOrder && window.proven !== null) {
    // A page token that led back looks like this, too: the order is to be proven anew before it is given up.
    const { order: _doubtful, ...rest } = learned;
    return { learned: { ...rest, disproved: window.proven }, anew: true };
  }
  if (taken.outOfOrder) {
    const span = wholeSpan ?? FIRST_UNSORTED_SPAN;
    return { learned: { ...others, order: 'unordered', wholeSpan: span }, anew: true };
  }
  const claimed = window.claim.to - window.claim.from;
  const tooLong = taken.window?.order === 'unordered' && taken.window.pages >= MOST_UNSORTED_PAGES;
  if (tooLong && claimed > SHORTEST_UNSORTED_CLAIM) {
    const span = Math.ceil(claimed / 2) + LEAD + REACH;
    return { learned: { ...others, order: 'unordered', wholeSpan: span }, anew: true };
  }
  // Windows were made short by what has passed since, or by busier hours: they may be longer again.
  const easy = taken.window === null && window.pages < MOST_UNSORTED_PAGES / 4;
  // Twice this window, and not what others have made of it meanwhile: several are read at once.
  const twice = 2 * (window.asked.to - window.asked.from);
  if (easy && wholeSpan !== undefined && wholeSpan < WIDEST_WHOLE_SPAN && twice > wholeSpan) {
    return { learned: { ...others, wholeSpan: twice }, anew: false };
  }
  return null;
}

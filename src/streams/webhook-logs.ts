import type { DimensionMember } from '../db/dimensions.ts';
import type { RefusedRow } from '../db/quarantine.ts';
import { readDeliveryContents, setAsideDeliveries } from '../db/webhook-contents.ts';
import { writeWebhookDeliveries } from '../db/webhook-deliveries.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { followWebhookLogs, getWebhookLogs } from '../meraki/webhook-logs.ts';
import { intersect, type Range, type Ranges, rangesOf, subtract } from '../ranges.ts';
import type { StreamKey } from '../stream-key.ts';
import type { LearnedLimits } from '../sync/limits.ts';
import { type OpenWindow, openWindow, type TakenPage, takePage } from '../sync/open-window.ts';
import type { Reading, Stream } from '../sync/stream.ts';
import { hash64 } from './hash.ts';
import { type ReadMoment, withoutRepeats } from './page-repeats.ts';
import { maskUrl } from './receiver-url.ts';
import {
  deliveryOf,
  fingerprintOf,
  memberKey,
  parseWebhookLogRow,
  type WebhookLogRow,
} from './webhook-log-row.ts';

export interface WebhookLogsSettings {
  readonly everySeconds: number;
  /** In microseconds, like all durations here. */
  readonly lookback: number;
  readonly span: number;
  readonly settle: number;
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
const SHORTEST_UNSORTED_CLAIM = instantOfSeconds(60);
/** Rows this far outside what was asked have a broken clock, not a late log. */
const PLAUSIBLE = instantOfSeconds(86_400);

/** The log of webhook deliveries (`getOrganizationWebhooksLogs`). */
export function webhookLogs(key: StreamKey, client: MerakiClient, settings: WebhookLogsSettings): Stream {
  return {
    key,
    everySeconds: settings.everySeconds,
    limits: settings,
    now: () => client.now(),
    clockSkewMs: () => client.clockSkewMs,
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
        return { effort: alone.answer, rows: whole ? sortOut(key, window, alone.rows).rows : undefined };
      };
      return await readingOf(key, window, learned, rows, answer, readMoment);
    },
    async probe(asked, signal) {
      return (await getWebhookLogs(client, key.organizationId, asked, 3, { signal })).answer;
    },
    stored: (query, _intervalSeconds, within) => readDeliveryContents(query, key.organizationId, within),
    setAside: (tx, surplus, now) => setAsideDeliveries(tx, key, surplus, now),
  };
}

interface PageAnswer {
  readonly answeredAt: Instant;
  readonly next: string | undefined;
  readonly requests: number;
  readonly waitedMs: number;
}

async function readingOf(
  key: StreamKey,
  window: OpenWindow,
  learned: LearnedLimits,
  received: readonly unknown[],
  answer: PageAnswer,
  readMoment: (sentAt: Instant) => Promise<ReadMoment>,
): Promise<Reading> {
  const sorted = sortOut(key, window, received);
  const { refused } = sorted;
  const { rows, effort } = await withoutRepeats(sorted.rows, window.occurrences, readMoment);
  const fingerprints = rows.map(fingerprintOf);
  const taken = takePage(
    window,
    rows.map((row, index) => ({ sentAt: row.sentAt, fingerprint: fingerprints[index] ?? '' })),
    answer.next,
    REACH,
  );
  const lesson = orderLesson(window, taken, learned);
  const keyOf = (text: string) => memberKey(key.organizationId, text);
  const deliveries = rows.map((row, index) =>
    deliveryOf(row, fingerprints[index] ?? '', taken.occurrences[index] ?? 0),
  );
  const anew = lesson !== null && taken.proves === null;
  return {
    window: anew ? null : taken.window,
    claims: [{ ...claimOf(taken.finished, window.finalUntil), retracted: taken.retracted }],
    refused,
    partitions: partitionsOf(rows),
    learned: lesson,
    anew,
    answeredAt: answer.answeredAt,
    requests: answer.requests + effort.requests,
    waitedMs: answer.waitedMs + effort.waitedMs,
    contents: () => rows.map((row, index) => ({ at: row.sentAt, key: fingerprints[index] ?? '', amount: 1 })),
    write: (tx, _before, now, tellFresh) =>
      writeWebhookDeliveries(
        tx,
        key.organizationId,
        {
          deliveries,
          networks: membersOf(rows, (row) => row.networkId, hash64),
          alertTypes: membersOf(rows, (row) => row.alertType, keyOf),
          endpoints: membersOf(rows, (row) => row.url, keyOf).map((member) => ({
            ...member,
            ...maskUrl(member.text),
          })),
        },
        now,
        tellFresh,
      ),
  };
}

function sortOut(
  key: StreamKey,
  window: OpenWindow,
  received: readonly unknown[],
): { readonly rows: readonly WebhookLogRow[]; readonly refused: readonly RefusedRow[] } {
  const rows: WebhookLogRow[] = [];
  const refused: RefusedRow[] = [];
  for (const item of received) {
    const parsed = parseWebhookLogRow(item);
    const reason = parsed.ok ? implausible(key, window, parsed.row) : parsed.reason;
    if (parsed.ok && reason === undefined) rows.push(parsed.row);
    else refused.push({ raw: JSON.stringify(item) ?? 'null', reason: reason ?? '' });
  }
  return { rows, refused };
}

function implausible(key: StreamKey, window: OpenWindow, row: WebhookLogRow): string | undefined {
  if (row.organizationId !== key.organizationId) return 'organizationId: is not the organization asked for';
  const { from, to } = window.asked;
  if (row.sentAt < from - PLAUSIBLE || row.sentAt > to + PLAUSIBLE) {
    return 'sentAt: lies more than a day outside the window asked for';
  }
  return undefined;
}

function membersOf(
  rows: readonly WebhookLogRow[],
  textOf: (row: WebhookLogRow) => string,
  keyOf: (text: string) => string,
): DimensionMember[] {
  const members = new Map<string, { firstAt: Instant; lastAt: Instant }>();
  for (const row of rows) {
    const member = members.get(textOf(row));
    if (member === undefined) members.set(textOf(row), { firstAt: row.sentAt, lastAt: row.sentAt });
    else {
      member.firstAt = Math.min(member.firstAt, row.sentAt);
      member.lastAt = Math.max(member.lastAt, row.sentAt);
    }
  }
  return [...members].map(([text, seen]) => ({ key: keyOf(text), text, ...seen }));
}

function partitionsOf(rows: readonly WebhookLogRow[]): Reading['partitions'] {
  if (rows.length === 0) return [];
  let range: Range = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  for (const { sentAt } of rows) {
    range = { from: Math.min(range.from, sentAt), to: Math.max(range.to, sentAt + 1) };
  }
  return [{ table: 'webhook_deliveries', range }];
}

function claimOf(finished: Ranges, finalUntil: Instant) {
  const settled = rangesOf({ from: Number.NEGATIVE_INFINITY, to: finalUntil });
  return {
    intervalSeconds: NO_BUCKETS,
    final: intersect(finished, settled),
    provisional: subtract(finished, settled),
  };
}

/** What the page teaches about the order of the log, if anything. */
function orderLesson(window: OpenWindow, taken: TakenPage, learned: LearnedLimits): LearnedLimits | null {
  if (taken.proves !== null) {
    if (taken.proves === learned.order) return null;
    const { wholeSpan: _needless, ...others } = learned;
    return { ...others, order: taken.proves };
  }
  if (taken.outOfOrder) {
    return { ...learned, order: 'unordered', wholeSpan: learned.wholeSpan ?? FIRST_UNSORTED_SPAN };
  }
  const claimed = window.claim.to - window.claim.from;
  const tooLong = taken.window?.order === 'unordered' && taken.window.pages >= MOST_UNSORTED_PAGES;
  if (tooLong && claimed > SHORTEST_UNSORTED_CLAIM) {
    return { ...learned, order: 'unordered', wholeSpan: Math.ceil(claimed / 2) + LEAD + REACH };
  }
  return null;
}

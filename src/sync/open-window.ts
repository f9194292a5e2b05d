/*
 * One read of one window, as a state that a page moves forward. The state is plain JSON: it is what a checkpoint
 * stores, so a worker that takes over goes on at the next page.
 *
 * What a page finishes depends on the order. Where the source is known to sort by time, everything behind the last
 * row is finished, less `reach`: whether Meraki cuts and sorts by the time of sending or of logging is not documented,
 * and the two differ by as long as a receiver may take to answer. For the same reason a direction is believed
 * only once the rows have moved by more than `reach`. Unsorted, or not known to be sorted, only the whole window is
 * finished; and where rows come out of turn after all, what the window had claimed is taken back.
 */
import { z } from 'zod';
import type { Instant } from '../instant.ts';
import { intersect, type Range, type Ranges, rangesOf } from '../ranges.ts';
import { noOccurrences, numberOccurrences, type Occurring } from './occurrences.ts';
import { countSteps, observeOrder, type PageOrder, type ProvenOrder, provenOrder } from './page-order.ts';

const range = z.object({ from: z.number(), to: z.number() });

const openWindowShape = z.object({
  /** What is covered once the window is read whole. */
  claim: range,
  /** What is asked of Meraki: the claim and a little on both sides. */
  asked: range,
  /** Time up to which this read is final: what was sent before it had settled when the window was opened. */
  finalUntil: z.number(),
  /** URL of the next page; `null` before the first. */
  pageToken: z.string().nullable(),
  pages: z.number(),
  /** As seen in this read so far. */
  order: z.enum(['unknown', 'ascending', 'descending', 'unordered']),
  /** As an earlier window, read whole, has proven it; `null` while none has. */
  proven: z.enum(['ascending', 'descending']).nullable(),
  /** How often the instant changed from one row to the next. */
  steps: z.number(),
  firstInstant: z.number().nullable(),
  lastInstant: z.number().nullable(),
  occurrences: z.object({ at: z.number().nullable(), copies: z.record(z.string(), z.number()) }),
});

export type OpenWindow = Readonly<z.infer<typeof openWindowShape>>;

/**
 * Reads the windows of a checkpoint. None when none is stored, or when another version stored another form; an earlier
 * one stored a single window.
 */
export function parseOpenWindows(stored: unknown): readonly OpenWindow[] {
  const parsed = z.array(openWindowShape).safeParse(Array.isArray(stored) ? stored : [stored]);
  return parsed.success ? parsed.data : [];
}

/** What a checkpoint stores: the windows of which pages are committed, and more are to come. */
export function storedWindows(windows: readonly (OpenWindow | null)[]): readonly OpenWindow[] | null {
  const begun = windows.filter((window) => window !== null).filter(({ pageToken }) => pageToken !== null);
  return begun.length === 0 ? null : begun;
}

export function openWindow(
  claim: Range,
  asked: Range,
  finalUntil: Instant,
  /** What is known of the source's order from earlier windows. */
  order: PageOrder = 'unknown',
): OpenWindow {
  const unordered = order === 'unordered';
  return {
    claim,
    asked,
    finalUntil,
    pageToken: null,
    pages: 0,
    order: unordered ? order : 'unknown',
    proven: unordered || order === 'unknown' ? null : order,
    steps: 0,
    firstInstant: null,
    lastInstant: null,
    occurrences: noOccurrences,
  };
}

export interface TakenPage {
  /** Number of the copy of each row, in the order of the page. */
  readonly occurrences: readonly number[];
  /** The window after this page; `null` when it is read whole or has to be read anew. */
  readonly window: OpenWindow | null;
  /** Time that is covered once this page's rows are committed. */
  readonly finished: Ranges;
  /** Time this read had claimed, and that is not to be believed any more. */
  readonly retracted: Ranges;
  /** The rows turned out not to be sorted after counts had been let go: the window must be read anew. */
  readonly outOfOrder: boolean;
  /** The order that this window proves, now that it is read whole. */
  readonly proves: ProvenOrder | null;
}

/** Takes one page into the window. Refused rows are numbered, and say nothing about order and time. */
export function takePage(
  window: OpenWindow,
  rows: readonly Occurring[],
  pageToken: string | undefined,
  reach: number,
): TakenPage {
  const instants = rows.filter((row) => row.isRefused !== true).map((row) => row.sentAt);
  const order = observeOrder(window.order, window.lastInstant, instants);
  const steps = window.steps + countSteps(window.lastInstant, instants);
  const countsLetGo = window.order !== 'unordered' && window.pages > 0;
  const outOfOrder = order === 'unordered' && countsLetGo;
  const { occurrences, after } = numberOccurrences(rows, window.occurrences, order !== 'unordered');
  const taken = { occurrences, outOfOrder, retracted: [], proves: null };
  if (outOfOrder) return { ...taken, window: null, finished: [], retracted: rangesOf(window.claim) };
  if (pageToken === undefined) {
    const proves = provenOrder(order, steps);
    return { ...taken, window: null, finished: rangesOf(window.claim), proves };
  }
  const firstInstant = window.firstInstant ?? instants[0] ?? null;
  const lastInstant = instants.at(-1) ?? window.lastInstant;
  return {
    ...taken,
    window: {
      ...window,
      pageToken,
      pages: window.pages + 1,
      order,
      steps,
      firstInstant,
      lastInstant,
      occurrences: { at: after.at, copies: { ...after.copies } },
    },
    finished: order === window.proven ? behind(window.claim, order, firstInstant, lastInstant, reach) : [],
  };
}

function behind(
  claim: Range,
  order: PageOrder,
  firstInstant: Instant | null,
  lastInstant: Instant | null,
  reach: number,
): Ranges {
  if (firstInstant === null || lastInstant === null) return [];
  if (Math.abs(lastInstant - firstInstant) <= reach) return [];
  if (order === 'ascending') {
    return intersect(rangesOf(claim), rangesOf({ from: claim.from, to: lastInstant - reach }));
  }
  if (order === 'descending') {
    return intersect(rangesOf(claim), rangesOf({ from: lastInstant + reach + 1, to: claim.to }));
  }
  return [];
}

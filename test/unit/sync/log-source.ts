import fc from 'fast-check';
import type { Range } from '../../../src/ranges.ts';
import type { OpenWindow } from '../../../src/sync/open-window.ts';
import { openWindow, parseOpenWindows, type TakenPage, takePage } from '../../../src/sync/open-window.ts';

/** A row of the source's log; rows of equal identity agree in both times, as wholly identical rows do. */
export interface LogRow {
  readonly sentAt: number;
  readonly loggedAt: number;
  readonly identity: string;
}

export const REACH = 6;
export const DAY_OF_LOG: Range = { from: 0, to: 40 };

/** Many twins and many equal timestamps: 40 instants, three contents each, with answers of 0 to REACH. */
export const logRow: fc.Arbitrary<LogRow> = fc
  .record({ sentAt: fc.nat(39), took: fc.constantFrom(0, 1, REACH) })
  .map(({ sentAt, took }) => ({ sentAt, loggedAt: sentAt + took, identity: `${sentAt}/${took}` }));

export const logRows = fc.array(logRow, { maxLength: 40 });
/** Rows of each page in turn; what is left over comes in pages of three. */
export const pageSizes = fc.array(fc.nat(5), { maxLength: 12 });
export const ORDERS = [
  'ascending',
  'descending',
  'shuffled',
  'by loggedAt',
  'by loggedAt, newest first',
] as const;
export type SourceOrder = (typeof ORDERS)[number];

/** `rows` in the order of the source; rows that tie stay as they are, which is any order. */
export function inOrder(rows: readonly LogRow[], order: SourceOrder): readonly LogRow[] {
  switch (order) {
    case 'ascending':
      return rows.toSorted((a, b) => a.sentAt - b.sentAt);
    case 'descending':
      return rows.toSorted((a, b) => b.sentAt - a.sentAt);
    case 'by loggedAt':
      return rows.toSorted((a, b) => a.loggedAt - b.loggedAt);
    case 'by loggedAt, newest first':
      return rows.toSorted((a, b) => b.loggedAt - a.loggedAt);
    default:
      return rows;
  }
}

export function intoPages(rows: readonly LogRow[], sizes: readonly number[]): readonly (readonly LogRow[])[] {
  const pages: LogRow[][] = [];
  let at = 0;
  for (const size of sizes) {
    pages.push(rows.slice(at, at + size));
    at += size;
    if (at >= rows.length) break;
  }
  for (; at < rows.length; at += 3) pages.push(rows.slice(at, at + 3));
  return pages.length === 0 ? [[]] : pages;
}

/** The stored rows, by their key. */
export type Stored = Set<string>;

/** What the stored set should be: each content as often as it is in the source. */
export function multiset(rows: readonly LogRow[]): Stored {
  const copies = new Map<string, number>();
  const stored: Stored = new Set();
  for (const { identity } of rows) {
    const copy = copies.get(identity) ?? 0;
    copies.set(identity, copy + 1);
    stored.add(`${identity}#${copy}`);
  }
  return stored;
}

export function store(stored: Stored, rows: readonly LogRow[], taken: TakenPage): void {
  rows.forEach((row, index) => {
    stored.add(`${row.identity}#${taken.occurrences[index]}`);
  });
}

/** A window of a stream whose log an earlier window has shown to be sorted like that. */
export function trusting(order: SourceOrder): OpenWindow {
  const proven = order === 'descending' || order === 'by loggedAt, newest first' ? 'descending' : 'ascending';
  return openWindow(DAY_OF_LOG, DAY_OF_LOG, DAY_OF_LOG.to, proven);
}

/** As a checkpoint keeps it: through JSON. */
export function stored(window: OpenWindow): OpenWindow {
  const [parsed] = parseOpenWindows(JSON.parse(JSON.stringify([window])));
  if (parsed === undefined) throw new Error('the checkpoint does not read what it wrote');
  return parsed;
}

export interface ReadStep {
  readonly taken: TakenPage;
  /** Rows of this read that no page up to this one held. */
  readonly undelivered: readonly LogRow[];
}

/**
 * Reads one window to its end into `into`: pages are fetched by their token, and an outOfOrder read is begun
 * anew as unordered.
 *
 * @param crashes pages (by their number in the read) that are fetched and taken, and whose commit is lost
 */
export function readWindow(
  pages: readonly (readonly LogRow[])[],
  into: Stored,
  crashes: ReadonlySet<number> = new Set(),
  onStep: (step: ReadStep) => void = () => {},
  first: OpenWindow = openWindow(DAY_OF_LOG, DAY_OF_LOG, DAY_OF_LOG.to),
): void {
  const crashed = new Set<number>();
  let window = first;
  for (let steps = 0; steps < 1_000; steps += 1) {
    const number = window.pageToken === null ? 0 : Number(window.pageToken);
    const rows = pages[number] ?? [];
    const token = number + 1 < pages.length ? String(number + 1) : undefined;
    const before = stored(window);
    const taken = takePage(before, rows, token, REACH);
    if (crashes.has(number) && !crashed.has(number)) {
      crashed.add(number);
      continue;
    }
    store(into, rows, taken);
    onStep({ taken, undelivered: pages.slice(number + 1).flat() });
    if (taken.outOfOrder) window = openWindow(first.claim, first.asked, first.finalUntil, 'unordered');
    else if (taken.window === null) return;
    else window = taken.window;
  }
  throw new Error('the read never ends');
}

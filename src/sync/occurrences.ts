/*
 * Meraki's log rows carry no id, and two deliveries can agree in all eight fields. Such twins are told apart by
 * the number of the copy within one read: 0, 1, 2 … A second read numbers them alike, so an overlap finds the
 * rows it already stored, and a twin that appears late gets the next number and is stored.
 *
 * Twins share their timestamp. In a read sorted by time they are neighbours, so only the counts at the newest
 * timestamp reached have to survive a page edge or a crash: they travel in the checkpoint. A read that is not
 * sorted keeps the counts of the whole window, which is why such windows are kept short.
 *
 * A row that was refused is counted too, by the hash of its text, and stands where the row before it stands. Its
 * own time may be what is wrong with it, so its twin may be anywhere in the window: its counts are kept to the end.
 */
import type { Instant } from '../instant.ts';

/** Copies seen so far in this read, by identity. Small enough to be stored with a checkpoint. */
export interface OccurrenceCounts {
  /** Timestamp the counts belong to; `null` when they span the whole window. */
  readonly at: Instant | null;
  readonly copies: Readonly<Record<string, number>>;
}

export const noOccurrences: OccurrenceCounts = { at: null, copies: {} };

export interface Occurring {
  readonly sentAt: Instant;
  /** The same for wholly identical rows, and for no others. */
  readonly identity: string;
  /** Whether it was not understood; then its identity is a {@link refusedIdentity}. */
  readonly isRefused?: boolean;
}

const REFUSED = '?';
/** A checkpoint stays small: counts of more refused rows than this are let go, the oldest first. */
const MOST_REFUSED = 1_000;

/** Identity of a row that was refused; no row that was understood has such a one. */
export function refusedIdentity(digest: string): string {
  return `${REFUSED}${digest.slice(0, 32)}`;
}

function isOfRefused(identity: string): boolean {
  return identity.startsWith(REFUSED);
}

/**
 * Numbers the copies of each row of a page, given the counts that the pages before it left.
 *
 * @param sorted whether the whole read is sorted by time; then the counts that leave the page are those at its
 * last timestamp only, and those of refused rows.
 */
export function numberOccurrences(
  rows: readonly Occurring[],
  before: OccurrenceCounts,
  sorted: boolean,
): { readonly occurrences: readonly number[]; readonly after: OccurrenceCounts } {
  if (sorted && areInOrder(rows, before)) return numberByMoment(rows, before);
  const copies = new Map(Object.entries(before.copies));
  const occurrences = rows.map(({ identity }) => nextCopy(copies, identity));
  const last = rows.at(-1);
  if (last === undefined) return { occurrences, after: before };
  if (!sorted) return { occurrences, after: { at: null, copies: Object.fromEntries(copies) } };
  const atEdge = new Set(rows.filter((row) => row.sentAt === last.sentAt).map((row) => row.identity));
  if (before.at === last.sentAt) for (const identity of Object.keys(before.copies)) atEdge.add(identity);
  const kept = [...copies].filter(([identity]) => atEdge.has(identity) && !isOfRefused(identity));
  return {
    occurrences,
    after: { at: last.sentAt, copies: Object.fromEntries([...kept, ...refusedOf(copies)]) },
  };
}

/** Counts one more. @returns how many there were before */
function nextCopy(copies: Map<string, number>, identity: string): number {
  const copy = copies.get(identity) ?? 0;
  copies.set(identity, copy + 1);
  return copy;
}

function refusedOf(copies: Iterable<readonly [string, number]>): readonly (readonly [string, number])[] {
  return [...copies].filter(([identity]) => isOfRefused(identity)).slice(-MOST_REFUSED);
}

/** Whether twins are neighbours: all rows were understood, and no moment comes again after another one. */
function areInOrder(rows: readonly Occurring[], { at, copies }: OccurrenceCounts): boolean {
  if (at === null && Object.keys(copies).length > 0) return false;
  let direction = 0;
  let previous = rows[0]?.sentAt;
  for (const { sentAt, isRefused } of rows) {
    if (isRefused === true) return false;
    const step = Math.sign(sentAt - (previous ?? sentAt));
    if (step * direction < 0) return false;
    direction ||= step;
    previous = sentAt;
  }
  return true;
}

/** The same for such rows. Only those that share their moment are told apart by what they hold, and few do. */
function numberByMoment(
  rows: readonly Occurring[],
  before: OccurrenceCounts,
): { readonly occurrences: readonly number[]; readonly after: OccurrenceCounts } {
  const refused = refusedOf(Object.entries(before.copies));
  const understood = Object.entries(before.copies).filter(([identity]) => !isOfRefused(identity));
  const copiesAt = (moment: Instant) => new Map(moment === before.at ? understood : []);
  let copies = new Map<string, number>();
  const occurrences = rows.map((row, index) => {
    const isFirst = rows[index - 1]?.sentAt !== row.sentAt;
    const next = rows[index + 1];
    const isAlone = isFirst && next !== undefined && next.sentAt !== row.sentAt && row.sentAt !== before.at;
    if (isAlone) return 0;
    if (isFirst) copies = copiesAt(row.sentAt);
    return nextCopy(copies, row.identity);
  });
  const last = rows.at(-1);
  if (last === undefined) return { occurrences, after: before };
  return { occurrences, after: { at: last.sentAt, copies: Object.fromEntries([...copies, ...refused]) } };
}

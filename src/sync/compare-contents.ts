import type { Ranges } from '../ranges.ts';
import { containsInstant } from '../ranges.ts';
import type { Content } from './stream.ts';

/** How the store differs from the source, as multisets. */
export interface Difference {
  /** What the store has too little of, and by how much. */
  readonly missing: readonly Content[];
  /** What the store has too much of, and by how much. */
  readonly surplus: readonly Content[];
}

/** What of `contents` lies within `ranges`, each key once. */
export function contentsWithin(contents: readonly Content[], ranges: Ranges): readonly Content[] {
  const sums = new Map<string, Content>();
  for (const content of contents) {
    if (content.amount === 0 || !containsInstant(ranges, content.at)) continue;
    const place = placeOf(content);
    const amount = content.amount + (sums.get(place)?.amount ?? 0);
    sums.set(place, { ...content, amount });
  }
  return [...sums.values()];
}

/** Compares two multisets, each with every key once. */
export function compareContents(source: readonly Content[], stored: readonly Content[]): Difference {
  const balance = new Map(source.map((content) => [placeOf(content), content]));
  for (const content of stored) {
    const amount = (balance.get(placeOf(content))?.amount ?? 0) - content.amount;
    balance.set(placeOf(content), { ...content, amount });
  }
  const differing = [...balance.values()];
  return {
    missing: differing.filter(({ amount }) => amount > 0),
    surplus: differing
      .filter(({ amount }) => amount < 0)
      .map((content) => ({ ...content, amount: -content.amount })),
  };
}

export function isEqual({ missing, surplus }: Difference): boolean {
  return missing.length + surplus.length === 0;
}

export function amountOf(contents: readonly Content[]): number {
  return contents.reduce((sum, { amount }) => sum + amount, 0);
}

/**
 * Whether the source gives nothing at all of something that is stored. It has shown it before, and what was once
 * shown does not vanish by itself: it is the source that is not to be believed, which may have answered in part, or
 * keeps less than it says. A copy too many of a delivery that it still gives is another matter, and so is a count in
 * a bucket that it still gives: a revision keeps what was.
 *
 * @param intervalSeconds width of the buckets; 0 for deliveries
 */
export function isDoubtful(
  { surplus }: Difference,
  source: readonly Content[],
  intervalSeconds: number,
): boolean {
  const thingOf = (content: Content) => (intervalSeconds === 0 ? placeOf(content) : String(content.at));
  const given = new Set(source.map(thingOf));
  return surplus.some((content) => !given.has(thingOf(content)));
}

function placeOf({ at, key }: Content): string {
  return `${at} ${key}`;
}

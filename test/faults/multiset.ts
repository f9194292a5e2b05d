export interface MultisetDifference {
  /** Lines that only the first has, counted as often as it has them more. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** A few of them, to be read by a person. */
  readonly examples: readonly string[];
}

const EXAMPLES = 5;

/** Compares two lists as multisets. */
export function compareMultisets(
  first: Iterable<string>,
  second: Iterable<string>,
  names: readonly [first: string, second: string],
): MultisetDifference {
  const balance = new Map<string, number>();
  for (const line of first) balance.set(line, (balance.get(line) ?? 0) + 1);
  for (const line of second) balance.set(line, (balance.get(line) ?? 0) - 1);
  const examples: string[] = [];
  let onlyFirst = 0;
  let onlySecond = 0;
  for (const [line, difference] of balance) {
    if (difference === 0) continue;
    if (difference > 0) onlyFirst += difference;
    else onlySecond -= difference;
    if (examples.length < EXAMPLES) examples.push(`only ${names[difference > 0 ? 0 : 1]}: ${line}`);
  }
  return { onlyFirst, onlySecond, examples };
}

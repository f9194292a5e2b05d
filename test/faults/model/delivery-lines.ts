import { formatInstant, type Instant, parseInstant } from '../../../src/instant.ts';
import type { Delivery } from '../../../src/simulator/simulator.ts';

/** A delivery by all that it holds, so that two are equal where their lines are. */
export interface StoredLine {
  readonly at: Instant;
  readonly line: string;
}

export interface DeliveryValues {
  readonly networkId: string;
  readonly alertType: string;
  readonly url: string;
  readonly sentAt: Instant;
  readonly loggedAt: Instant;
  readonly responseCode: number;
  readonly responseDuration: number;
}

export function lineOf(row: DeliveryValues): string {
  const { networkId, alertType, url, sentAt, loggedAt, responseCode, responseDuration } = row;
  return JSON.stringify([
    networkId,
    alertType,
    url,
    formatInstant(sentAt),
    formatInstant(loggedAt),
    responseCode,
    responseDuration,
  ]);
}

/** A delivery as the simulator tells it. */
export function storedLineOf(row: Delivery): StoredLine {
  const sentAt = momentOf(row.sentAt);
  return { at: sentAt, line: lineOf({ ...row, sentAt, loggedAt: momentOf(row.loggedAt) }) };
}

/** How often each line occurs. */
export function countLines(lines: readonly StoredLine[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { line } of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function momentOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`the simulator told a time that is none: ${text}`);
  return instant;
}

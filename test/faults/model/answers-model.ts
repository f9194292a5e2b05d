/*
 * What answers said, of which something may be stored that is not final yet. Only what went into a transaction counts:
 * nothing else can be in the archive.
 */
import { type Instant, instantOfMilliseconds, instantOfSeconds } from '../../../src/instant.ts';
import { type Range, type Ranges, union } from '../../../src/ranges.ts';
import type { OpenWindow } from '../../../src/sync/open-window.ts';
import type { Claim, Content, Reading } from '../../../src/sync/stream.ts';
import type { WorldTime } from './world-time.ts';

/** Time that a window of the log claims, and when that window was first asked for. */
export interface ClaimedTime extends Range {
  readonly since: Instant;
}

export class AnswersModel {
  readonly #time: WorldTime;
  readonly #firstAsked = new Map<string, Instant>();
  readonly #claimed: ClaimedTime[] = [];
  /** What was ever said of a bucket, by its width and start: see {@link bucketText}. */
  readonly #said = new Map<string, Set<string>>();

  constructor(time: WorldTime) {
    this.#time = time;
  }

  /** A page of a window of the log is being asked for. */
  asked({ asked }: OpenWindow): void {
    const name = nameOf(asked);
    if (!this.#firstAsked.has(name)) this.#firstAsked.set(name, instantOfMilliseconds(this.#time.now()));
  }

  /** Readings of the log go into a transaction. */
  wroteLogs(readings: readonly Reading[]): void {
    for (const { asked, claims } of readings) {
      const since = this.#firstAsked.get(nameOf(asked)) ?? 0;
      for (const range of claimedBy(claims)) this.#claimed.push({ ...range, since });
    }
  }

  /** Readings of counts go into a transaction. */
  wroteCounts(readings: readonly Reading[]): void {
    for (const { claims, contents } of readings) {
      for (const { intervalSeconds } of claims) {
        const mine = claims.filter((claim) => claim.intervalSeconds === intervalSeconds);
        const held = byStart(contents(intervalSeconds));
        // Of what was out of reach when the answer came nothing is claimed, and it is stored all the same.
        const starts = new Set([...held.keys(), ...bucketStarts(claimedBy(mine), intervalSeconds)]);
        for (const start of starts) {
          const name = `${intervalSeconds} ${start}`;
          const said = this.#said.get(name) ?? new Set();
          this.#said.set(name, said.add(bucketText(held.get(start) ?? [])));
        }
      }
    }
  }

  /** Claims of the log that touch any of the time, those first that were asked for first. */
  claimsOf(ranges: Ranges): readonly ClaimedTime[] {
    return this.#claimed
      .filter((claim) => ranges.some(({ from, to }) => claim.from < to && from < claim.to))
      .sort((a, b) => a.since - b.since);
  }

  /** Whether any answer that was written said this of a bucket. */
  isSaid(intervalSeconds: number, start: Instant, text: string): boolean {
    return this.#said.get(`${intervalSeconds} ${start}`)?.has(text) ?? false;
  }
}

/** Counts of one bucket as text, in the order of their codes; a code without requests is none. */
export function bucketText(counts: readonly { readonly code: string; readonly count: number }[]): string {
  return counts
    .filter(({ count }) => count > 0)
    .map(({ code, count }) => `${code}: ${count}`)
    .sort()
    .join(', ');
}

/** Buckets that begin in any of the time. */
export function bucketStarts(ranges: Ranges, intervalSeconds: number): readonly Instant[] {
  const width = instantOfSeconds(intervalSeconds);
  const starts: Instant[] = [];
  for (const { from, to } of ranges) {
    for (let start = Math.ceil(from / width) * width; start < to; start += width) starts.push(start);
  }
  return starts;
}

function byStart(contents: readonly Content[]): Map<Instant, { code: string; count: number }[]> {
  const held = new Map<Instant, { code: string; count: number }[]>();
  for (const { at, key, amount } of contents) {
    held.set(at, [...(held.get(at) ?? []), { code: key, count: amount }]);
  }
  return held;
}

function claimedBy(claims: readonly Claim[]): Ranges {
  return union(...claims.flatMap(({ final, provisional }) => [final, provisional]));
}

function nameOf({ from, to }: Range): string {
  return `${from} to ${to}`;
}

/*
 * The pure model: what there is to know once everything has appeared. Time that is final has to hold exactly that,
 * from the moment it is called final and at every moment after.
 */
import {
  formatInstant,
  type Instant,
  instantOfMilliseconds,
  MICROSECONDS_PER_SECOND,
  parseInstant,
} from '../../../src/instant.ts';
import { containsInstant, growToGrid, type Range, type Ranges } from '../../../src/ranges.ts';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { type StoredLine, storedLineOf } from './delivery-lines.ts';
import type { WorldTime } from './world-time.ts';

export interface StoredCount {
  readonly start: Instant;
  readonly code: number;
  readonly count: number;
}

export interface Difference {
  readonly compared: number;
  readonly lost: number;
  readonly doubled: number;
  /** A few of them, in words. */
  readonly samples: readonly string[];
}

const SAMPLES = 3;
const LATER_MS = 30 * 86_400_000;
const MICROSECONDS_PER_MILLISECOND = 1_000;
/** Seconds of which the truth is asked for at once, so that most of it is known the next time. */
const COUNTED_AT_ONCE = 14_400;

export class TruthModel {
  readonly #simulator: Simulator;
  readonly #organizationId: string;
  readonly #time: WorldTime;
  readonly #from: Instant;
  readonly #userAgent: string | undefined;
  readonly #buckets = new Map<string, ReadonlyMap<string, number>>();
  readonly #deliveries: StoredLine[] = [];
  readonly #times = new Map<string, number>();
  #deliveredUntil: Instant;

  /** @param userAgent whose requests are counted; everybody's without it */
  constructor(
    simulator: Simulator,
    organizationId: string,
    time: WorldTime,
    from: Instant,
    userAgent?: string,
  ) {
    this.#userAgent = userAgent;
    this.#simulator = simulator;
    this.#organizationId = organizationId;
    this.#time = time;
    this.#from = from;
    this.#deliveredUntil = from;
  }

  /** Deliveries from the model's beginning to `to`. */
  deliveries(to: Instant): readonly StoredLine[] {
    if (to > this.#deliveredUntil) {
      const until = to + 3_600_000_000;
      const range = { from: formatInstant(this.#deliveredUntil), to: formatInstant(until) };
      const rows = this.#later(() => this.#simulator.truthDeliveries(this.#organizationId, range));
      for (const line of rows.map(storedLineOf)) {
        this.#deliveries.push(line);
        add(this.#times, line.line, 1);
      }
      this.#deliveredUntil = until;
    }
    return this.#deliveries;
  }

  /** How often each delivery from the model's beginning to `to` will have been made. */
  timesOfDeliveries(to: Instant): ReadonlyMap<string, number> {
    this.deliveries(to);
    return this.#times;
  }

  /** Deliveries of a stretch of time that had appeared at a moment. */
  shownAt(moment: Instant, { from, to }: Range): readonly StoredLine[] {
    const range = { from: formatInstant(from), to: formatInstant(to) };
    return this.#time
      .at(moment / MICROSECONDS_PER_MILLISECOND, () =>
        this.#simulator.truthDeliveries(this.#organizationId, range),
      )
      .map(storedLineOf);
  }

  compareDeliveries(final: Ranges, stored: readonly StoredLine[]): Difference {
    const balance = new Map<string, number>();
    for (const { at, line } of stored) if (containsInstant(final, at)) add(balance, line, 1);
    let compared = 0;
    for (const { at, line } of this.deliveries(final.at(-1)?.to ?? 0)) {
      if (!containsInstant(final, at)) continue;
      compared += 1;
      add(balance, line, -1);
    }
    return differenceOf(balance, compared);
  }

  /** I7: what came broken in final time is in quarantine, as often as it came; and nothing else is there. */
  compareQuarantine(final: Ranges, stored: ReadonlyMap<string, number>): Difference {
    const broken = (range: Range): ReadonlyMap<string, number> => {
      const balance = new Map<string, number>();
      const asked = { from: formatInstant(range.from), to: formatInstant(range.to) };
      const texts = this.#later(() => this.#simulator.truthAltered(this.#organizationId, asked));
      for (const text of texts) add(balance, JSON.stringify(JSON.parse(text)), 1);
      return balance;
    };
    const ever = broken({ from: this.#from, to: instantOfMilliseconds(this.#time.now()) });
    const settled = new Map<string, number>();
    for (const range of final) for (const [text, copies] of broken(range)) add(settled, text, copies);
    const balance = new Map<string, number>();
    for (const text of new Set([...stored.keys(), ...settled.keys()])) {
      const kept = stored.get(text) ?? 0;
      add(
        balance,
        text,
        Math.min(0, kept - (settled.get(text) ?? 0)) + Math.max(0, kept - (ever.get(text) ?? 0)),
      );
    }
    return differenceOf(
      balance,
      [...settled.values()].reduce((sum, copies) => sum + copies, 0),
    );
  }

  /** Counts of one width in whole final buckets. */
  compareCounts(intervalSeconds: number, final: Ranges, stored: readonly StoredCount[]): Difference {
    const balance = new Map<string, number>();
    for (const { start, code, count } of stored) {
      if (containsInstant(final, start)) add(balance, nameOf(intervalSeconds, start, code), count);
    }
    let compared = 0;
    for (const range of final) {
      for (const [name, count] of this.#counts(intervalSeconds, range)) {
        compared += count;
        add(balance, name, -count);
      }
    }
    return differenceOf(balance, compared);
  }

  /** Whether a bucket may hold a count that is not final yet: never more than it will. */
  mayHold(intervalSeconds: number, { start, code, count }: StoredCount): boolean {
    const chunk = MICROSECONDS_PER_SECOND * Math.max(intervalSeconds, COUNTED_AT_ONCE);
    const range = growToGrid({ from: start, to: start + 1 }, chunk);
    return count <= (this.#counts(intervalSeconds, range).get(nameOf(intervalSeconds, start, code)) ?? 0);
  }

  /** All requests of a set of time. */
  requests(ranges: Ranges): number {
    return ranges
      .flatMap((range) => [...this.#counts(widthOf(range), range).values()])
      .reduce((sum, count) => sum + count, 0);
  }

  #counts(interval: number, { from, to }: Range): ReadonlyMap<string, number> {
    const key = `${interval} ${from} ${to}`;
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const query = {
      from: formatInstant(from),
      to: formatInstant(to),
      interval,
      filters: { userAgent: this.#userAgent },
    };
    const buckets = this.#later(() => this.#simulator.truthBuckets(this.#organizationId, query));
    const counts = new Map(
      buckets.flatMap(({ startTs, counts: codes }) =>
        codes.map(({ code, count }) => [nameOf(interval, instantOf(startTs), code), count]),
      ),
    );
    this.#buckets.set(key, counts);
    return counts;
  }

  #later<T>(look: () => T): T {
    return this.#time.at(this.#time.now() + LATER_MS, look);
  }
}

function differenceOf(balance: ReadonlyMap<string, number>, compared: number): Difference {
  const wrong = [...balance].filter(([, difference]) => difference !== 0);
  return {
    compared,
    lost: wrong.reduce((sum, [, difference]) => sum + Math.max(0, -difference), 0),
    doubled: wrong.reduce((sum, [, difference]) => sum + Math.max(0, difference), 0),
    samples: wrong
      .slice(0, SAMPLES)
      .map(([line, difference]) => `${difference > 0 ? '+' : ''}${difference} ${line}`),
  };
}

/** The widest whole number of seconds that both ends of a range are multiples of. */
function widthOf({ from, to }: Range): number {
  let [a, b] = [from / MICROSECONDS_PER_SECOND, to / MICROSECONDS_PER_SECOND];
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

function nameOf(intervalSeconds: number, start: Instant, code: number): string {
  return `${intervalSeconds}s ${formatInstant(start)} ${code}`;
}

function instantOf(text: string): Instant {
  const instant = parseInstant(text);
  if (instant === undefined) throw new RangeError(`the simulator told a time that is none: ${text}`);
  return instant;
}

function add(balance: Map<string, number>, key: string, amount: number): void {
  balance.set(key, (balance.get(key) ?? 0) + amount);
}

import { type Delivery, type Moment, succeeded } from '../known-archive/facts.ts';
import { endpointId } from '../known-archive/known.ts';

/** Groups in the order of their first member. */
export function groups<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const found = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return found;
}

export function sum<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}

/** Compares by one figure or text after the other; `-` before a figure turns it round. */
export function by<T>(...keys: readonly ((item: T) => number | string)[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const key of keys) {
      const [x, y] = [key(a), key(b)];
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  };
}

/** The interpolated percentile, as `percentile_cont` has it. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  return below + (place % 1) * ((sorted[Math.ceil(place)] ?? Number.NaN) - below);
}

/** The first value that at least this share does not exceed, as `percentile_disc` has it. */
export function ranked(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)] ?? Number.NaN;
}

export function mostly<T>(items: readonly T[]): T | undefined {
  const counted = [...groups(items, (item) => item)].sort((a, b) => b[1].length - a[1].length);
  return counted[0]?.[0];
}

export interface Outage {
  readonly organizationId: string;
  readonly url: string;
  readonly startedAt: Moment;
  readonly endedAt: Moment | null;
  readonly failures: number;
  readonly lastCode: number | null;
}

/** Unbroken runs of failures of each receiver. */
export function outages(deliveries: readonly Delivery[]): Outage[] {
  const found: Outage[] = [];
  for (const own of groups(deliveries, endpointId).values()) {
    let run: Delivery[] = [];
    const close = (endedAt: Moment | null) => {
      const [first, last] = [run[0], run.at(-1)];
      if (first !== undefined && last !== undefined) {
        const lastCode = last.code > 0 ? last.code : null;
        const { organizationId, url, sentAt: startedAt } = first;
        found.push({ organizationId, url, startedAt, endedAt, failures: run.length, lastCode });
      }
      run = [];
    };
    for (const delivery of [...own].sort(
      by(
        (d) => d.sentAt,
        (d) => d.occurrence,
      ),
    )) {
      if (succeeded(delivery)) close(delivery.sentAt);
      else run.push(delivery);
    }
    close(null);
  }
  return found;
}

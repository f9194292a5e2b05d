import { HOUR, type Moment } from '../moment.ts';
import { createDeliveryHour, type DeliveryHour, type DeliverySettings } from './delivery-hour.ts';
import type { Organization } from './organizations.ts';

/** A row: its hour and its index in there. */
export interface DeliveryRow {
  readonly hour: DeliveryHour;
  readonly index: number;
}

/** A place between rows, by value: it stays where it is when rows appear before or after it. */
export interface Position {
  readonly sentAt: Moment;
  readonly ordinal: number;
}

export interface Selection {
  /** `from <= sentAt < to`. */
  readonly from: Moment;
  readonly to: Moment;
  /** Index of the only receiver wanted; undefined for all. */
  readonly receiver?: number | undefined;
  /** Rows that appear after this moment are left out. */
  readonly now: Moment;
}

/** All deliveries of one organization; an hour is drawn when it is first read and kept from then on. */
export class DeliveryLog {
  readonly #hours = new Map<number, DeliveryHour>();
  readonly #settings: DeliverySettings;
  readonly #organization: Organization;
  readonly #lateness: () => DeliverySettings['lateness'];
  #drawnWith: DeliverySettings['lateness'];

  /** @param lateness what may change while it runs; without it the setting holds */
  constructor(
    settings: DeliverySettings,
    organization: Organization,
    lateness: () => DeliverySettings['lateness'] = () => settings.lateness,
  ) {
    this.#settings = settings;
    this.#organization = organization;
    this.#lateness = lateness;
    this.#drawnWith = lateness();
  }

  /** Up to `limit` rows behind `after` (or from the selection's start), oldest first. */
  forward(selection: Selection, after: Position | undefined, limit: number): DeliveryRow[] {
    const rows: DeliveryRow[] = [];
    const { from, now } = selection;
    const to = Math.min(selection.to, now);
    const first = after !== undefined && after.sentAt >= from ? after : { sentAt: from, ordinal: -1 };
    for (let number = hourOf(first.sentAt); number * HOUR < to; number++) {
      const hour = this.#hour(number);
      const end = rank(hour, { sentAt: to, ordinal: -1 });
      for (let index = rank(hour, { ...first, ordinal: first.ordinal + 1 }); index < end; index++) {
        if (!isShown(hour, index, selection)) continue;
        if (rows.length >= limit) return rows;
        rows.push({ hour, index });
      }
    }
    return rows;
  }

  /** Up to `limit` rows before `before` (or from the selection's end), newest first. */
  backward(selection: Selection, before: Position | undefined, limit: number): DeliveryRow[] {
    const rows: DeliveryRow[] = [];
    const { from, now } = selection;
    const to = Math.min(selection.to, now);
    const last = before !== undefined && before.sentAt < to ? before : { sentAt: to, ordinal: -1 };
    for (let number = hourOf(last.sentAt); (number + 1) * HOUR > from; number--) {
      const hour = this.#hour(number);
      const end = rank(hour, { sentAt: from, ordinal: -1 });
      for (let index = rank(hour, last) - 1; index >= end; index--) {
        if (!isShown(hour, index, selection)) continue;
        if (rows.length >= limit) return rows;
        rows.push({ hour, index });
      }
    }
    return rows;
  }

  #hour(number: number): DeliveryHour {
    const lateness = this.#lateness();
    if (lateness !== this.#drawnWith) {
      this.#hours.clear();
      this.#drawnWith = lateness;
    }
    let hour = this.#hours.get(number);
    if (hour === undefined) {
      hour = createDeliveryHour({ ...this.#settings, lateness }, this.#organization, number);
      this.#hours.set(number, hour);
    }
    return hour;
  }
}

export function positionOf({ hour, index }: DeliveryRow): Position {
  return { sentAt: hour.start + (hour.sentAt[index] ?? 0), ordinal: index };
}

function hourOf(moment: Moment): number {
  return Math.floor(moment / HOUR);
}

function isShown(hour: DeliveryHour, index: number, { now, receiver }: Selection): boolean {
  if (receiver !== undefined && hour.receiver[index] !== receiver) return false;
  if (hour.completeFrom <= now) return true;
  const loggedAt = hour.start + (hour.sentAt[index] ?? 0) + (hour.loggedAfter[index] ?? 0);
  return loggedAt + (hour.lateBy[index] ?? 0) * 1_000 <= now;
}

/** How many rows of the hour lie before the position. */
function rank(hour: DeliveryHour, { sentAt, ordinal }: Position): number {
  const wanted = sentAt - hour.start;
  let low = 0;
  let high = hour.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hour.sentAt[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  while (low < hour.length && hour.sentAt[low] === wanted && low < ordinal) low++;
  return low;
}

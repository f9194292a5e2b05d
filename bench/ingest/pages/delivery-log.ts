import { formatInstant, type Instant, instantOfSeconds } from '../../../src/instant.ts';
import type { Range } from '../../../src/ranges.ts';
import type { DeliveryDay } from './delivery-day.ts';

const DAY = instantOfSeconds(86_400);
const DATE = 10;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

/** The log of one organization: the same day again and again, from `from` on. Rows are known by their number. */
export class DeliveryLog {
  readonly #day: DeliveryDay;
  readonly #from: Instant;
  readonly #perDay: number;
  readonly #rows: number;

  /** @param from midnight of the first day */
  constructor(day: DeliveryDay, from: Instant, rows: number) {
    this.#day = day;
    this.#from = from;
    this.#perDay = day.sentAt.length;
    this.#rows = rows;
  }

  /** Numbers of the rows that were sent within `range`, the last one not included. */
  within({ from, to }: Range): { readonly first: number; readonly end: number } {
    return { first: this.#firstSince(from), end: this.#firstSince(to) };
  }

  /** The rows from `first` up to but not including `end`, as a JSON list. */
  page(first: number, end: number): Buffer {
    const { starts } = this.#day;
    const parts: { readonly date: string; readonly from: number; readonly to: number }[] = [];
    let length = 0;
    for (let row = first; row < end; ) {
      const day = Math.floor(row / this.#perDay);
      const from = row - day * this.#perDay;
      const to = Math.min(this.#perDay, from + end - row);
      parts.push({ date: formatInstant(this.#from + day * DAY).slice(0, DATE), from, to });
      length += (starts[to] ?? 0) - (starts[from] ?? 0);
      row += to - from;
    }
    if (length === 0) return Buffer.from('[]');
    const page = Buffer.allocUnsafe(length + 1);
    page[0] = BRACKET_OPEN;
    let at = 1;
    for (const { date, from, to } of parts) at = this.#write(page, at, date, from, to);
    page[length] = BRACKET_CLOSE;
    return page;
  }

  /** @returns where the rows end */
  #write(page: Buffer, at: number, date: string, from: number, to: number): number {
    const { text, starts, dates } = this.#day;
    const start = starts[from] ?? 0;
    const end = starts[to] ?? 0;
    text.copy(page, at, start, end);
    writeDates(page, at - start, Buffer.from(date), dates.subarray(2 * from, 2 * to));
    return at + end - start;
  }

  #firstSince(instant: Instant): number {
    if (instant <= this.#from) return 0;
    const day = Math.floor((instant - this.#from) / DAY);
    const since = instant - this.#from - day * DAY;
    const { sentAt } = this.#day;
    let low = 0;
    let high = sentAt.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sentAt[middle] ?? 0) < since) low = middle + 1;
      else high = middle;
    }
    return Math.min(this.#rows, day * this.#perDay + low);
  }
}

/** Three numbers for each date cost a fraction of ten bytes. */
function writeDates(page: Buffer, shift: number, date: Buffer, places: Uint32Array): void {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const [year, month, day] = [date.readUInt32BE(0), date.readUInt32BE(4), date.readUInt16BE(8)];
  for (const place of places) {
    view.setUint32(shift + place, year);
    view.setUint32(shift + place + 4, month);
    view.setUint16(shift + place + 8, day);
  }
}

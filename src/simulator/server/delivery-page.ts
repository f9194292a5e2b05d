import type { DeliveryLog, DeliveryRow, Position, Selection } from '../world/delivery-log.ts';
import { positionOf } from '../world/delivery-log.ts';

export type Order = 'ascending' | 'descending';

export interface DeliveryPage {
  readonly rows: DeliveryRow[];
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
}

/** A page in the given order: behind `after`, or before `before`, or the first one. */
export function deliveryPage(
  deliveries: DeliveryLog,
  selection: Selection,
  order: Order,
  perPage: number,
  after: Position | undefined,
  before: Position | undefined,
): DeliveryPage {
  const down = order === 'descending';
  const read = (onwards: boolean, from: Position | undefined, limit: number) =>
    onwards === down
      ? deliveries.backward(selection, from, limit)
      : deliveries.forward(selection, from, limit);
  const onwards = before === undefined;
  const found = read(onwards, onwards ? after : before, perPage + 1);
  const more = found.length > perPage;
  const rows = found.slice(0, perPage);
  if (onwards) return { rows, hasPrevious: after !== undefined, hasNext: more };
  rows.reverse();
  const last = rows.at(-1);
  const hasNext = last !== undefined && read(true, positionOf(last), 1).length > 0;
  return { rows, hasPrevious: more, hasNext };
}

/**
 * The stretch of `sentAt` that a page proves read: from where it began to its last row, or to the selection's end
 * where no page follows. More rows of the last row's instant may come on the next page.
 */
export function stretchOf(
  page: DeliveryPage,
  { from, to, now }: Selection,
  order: Order,
  after: Position | undefined,
): { readonly from: number; readonly to: number } {
  const whole = { from, to: Math.min(to, now) };
  const last = page.rows.at(-1);
  const end = page.hasNext && last !== undefined ? positionOf(last).sentAt : undefined;
  if (order === 'ascending') {
    return { from: Math.max(from, after?.sentAt ?? from), to: end ?? whole.to };
  }
  return {
    from: end === undefined ? from : end + 1,
    to: Math.min(whole.to, after === undefined ? whole.to : after.sentAt + 1),
  };
}

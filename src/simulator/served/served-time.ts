/**
 * Time that was answered for, as disjoint stretches in order, each with the moment of the latest answer. To keep
 * it small, neighbours become one, with the earlier of the two moments, where that lies more than a day after the
 * end of both: what is that old has settled by any measure.
 */
import { DAY, type Moment } from '../moment.ts';

export interface ServedStretch {
  readonly from: Moment;
  readonly to: Moment;
  readonly answeredAt: Moment;
}

export class ServedTime {
  readonly #stretches: ServedStretch[] = [];

  add(added: ServedStretch): void {
    if (added.from >= added.to) return;
    const list = this.#stretches;
    const start = firstIndex(list, (one) => one.to >= added.from);
    const end = firstIndex(list, (one) => one.from > added.to);
    list.splice(start, end - start, ...joined(laidOver(list.slice(start, end), added)));
  }

  list(): readonly ServedStretch[] {
    return this.#stretches;
  }
}

/** The stretches and the added one, cut at each other's ends; where both are, the later moment counts. */
function laidOver(stretches: readonly ServedStretch[], added: ServedStretch): ServedStretch[] {
  const parts: ServedStretch[] = [];
  let cursor = added.from;
  const push = (from: Moment, to: Moment, answeredAt: Moment) => {
    if (from < to) parts.push({ from, to, answeredAt });
  };
  for (const { from, to, answeredAt } of stretches) {
    push(from, Math.min(to, added.from), answeredAt);
    push(cursor, Math.min(from, added.to), added.answeredAt);
    push(Math.max(from, added.from), Math.min(to, added.to), Math.max(answeredAt, added.answeredAt));
    push(Math.max(from, added.to), to, answeredAt);
    cursor = Math.max(cursor, Math.min(to, added.to));
  }
  push(cursor, added.to, added.answeredAt);
  return parts;
}

function joined(parts: readonly ServedStretch[]): ServedStretch[] {
  const list: ServedStretch[] = [];
  for (const part of parts) {
    const before = list.at(-1);
    const touches = before !== undefined && before.to === part.from;
    const answeredAt = Math.min(before?.answeredAt ?? 0, part.answeredAt);
    const loses = before?.answeredAt !== part.answeredAt && answeredAt - part.to <= DAY;
    if (!touches || loses) list.push(part);
    else list[list.length - 1] = { from: before.from, to: part.to, answeredAt };
  }
  return list;
}

/** Of a sorted list's first element that passes, or its length. */
function firstIndex(list: readonly ServedStretch[], passes: (one: ServedStretch) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = list[middle];
    if (one !== undefined && passes(one)) high = middle;
    else low = middle + 1;
  }
  return low;
}

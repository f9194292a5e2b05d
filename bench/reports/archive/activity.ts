import { type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { type Range, type Ranges, subtract } from '../../../src/ranges.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import { busyness } from '../../../src/simulator/world/rhythm.ts';
import type { PlannedArchive } from './archive-options.ts';
import type { Customer } from './customer.ts';

export const HOUR = instantOfSeconds(3_600);
const HOURS_OF_WEEK = 168;
const STEADY = 0.3;
/** Traffic at the end, as a multiple of that at the beginning. */
const GROWTH = 1.5;

/** How busy each hour of a week is, counted as the hours since the epoch modulo 168. Its mean is about 1. */
export function weekOf(customer: Customer): Float64Array {
  return Float64Array.from({ length: HOURS_OF_WEEK }, (_, hour) => {
    const local = (hour - customer.hoursBehind + HOURS_OF_WEEK) % HOURS_OF_WEEK;
    return STEADY + (1 - STEADY) * busyness('office', local);
  });
}

/** How busy each hour of the archive is, with good days and bad ones, the same in
 * a longer archive, and none where nothing is covered. */
export function busyHours(archive: PlannedArchive, customer: Customer, missing: Ranges): Float64Array {
  const week = weekOf(customer);
  const hours = Math.ceil((archive.now - archive.from) / HOUR);
  let day = 1;
  return Float64Array.from({ length: hours }, (_, index) => {
    const start = archive.from + index * HOUR;
    if (index === 0 || (start / HOUR) % 24 === 0) {
      day = 0.6 + 0.8 * createRandom(archive.seed, customer.id, 'day', Math.floor(start / HOUR / 24)).next();
    }
    const open = openPart(archive, missing, start);
    const grown = 1 + ((GROWTH - 1) * index) / hours;
    return (week[(start / HOUR) % HOURS_OF_WEEK] ?? 1) * day * grown * ((open.to - open.from) / HOUR);
  });
}

/** The part of an hour in which there is traffic, all of it in one piece; empty where there is none. */
export function openPart({ now }: PlannedArchive, missing: Ranges, start: Instant): Range {
  const hour = { from: start, to: Math.min(start + HOUR, now - HOUR / 60) };
  if (hour.to <= hour.from) return { from: start, to: start };
  if (!missing.some(({ from, to }) => from < hour.to && to > hour.from)) return hour;
  return subtract([hour], missing)[0] ?? { from: start, to: start };
}

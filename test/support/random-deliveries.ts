/*
 * Deliveries as they come from receivers that fail for hours or days at a stretch: latencies over many powers of ten,
 * instants that several deliveries share, and pages in which history comes in any order and more than once.
 */

import type { Range } from '../../src/ranges.ts';
import type { Random } from '../../src/simulator/random.ts';
import type { WebhookDelivery } from './delivery-batch.ts';
import { delivery, HOUR } from './rollup-bench.ts';

const CODES = [0, -1, 204, 301, 400, 404, 429, 429, 500, 503, 600];
const ENDPOINTS = 3;

/** All deliveries of a stretch of time, in the order they were sent. */
export function randomDeliveries(random: Random, within: Range, count: number): readonly WebhookDelivery[] {
  const failing = Array.from({ length: ENDPOINTS }, () => false);
  const length = within.to - within.from;
  const times = Array.from({ length: count }, () => {
    const instant = within.from + Math.floor(random.next() * length);
    return random.chance(0.3) ? Math.floor(instant / HOUR) * HOUR : instant;
  });
  const deliveries: WebhookDelivery[] = [];
  for (const sentAt of times.sort((a, b) => a - b).filter((instant) => instant >= within.from)) {
    const endpoint = random.integer(ENDPOINTS);
    if (random.chance(0.06)) failing[endpoint] = failing[endpoint] !== true;
    const isFailure = random.chance(failing[endpoint] === true ? 0.95 : 0.05);
    const row = delivery(sentAt, {
      fingerprint: BigInt(random.integer(2 ** 31) * (random.chance(0.5) ? 1 : -1)),
      endpointId: BigInt(endpoint + 1),
      networkKey: BigInt(random.integer(2) + 1),
      alertTypeId: BigInt(random.integer(2) + 1),
      responseCode: isFailure ? random.pick(CODES) : 200,
      responseDurationMs: randomLatency(random),
    });
    deliveries.push(row);
    if (random.chance(0.03)) deliveries.push({ ...row, occurrence: 1 });
  }
  return deliveries;
}

/** Mostly some tens of milliseconds, with a long tail, and now and then an odd value. */
function randomLatency(random: Random): number {
  if (random.chance(0.02)) return random.pick([0, 0, 1, 2 ** 31 - 1, -5]);
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.round(Math.exp(4 + 1.5 * normal));
}

/** Cuts history into pages, shuffles some of them, and repeats rows of the page before. */
export function randomPages(
  random: Random,
  deliveries: readonly WebhookDelivery[],
): readonly (readonly WebhookDelivery[])[] {
  const pages: (readonly WebhookDelivery[])[] = [];
  for (let first = 0; first < deliveries.length; ) {
    const length = 1 + random.integer(200);
    const late = random.chance(0.5) ? random.integer(Math.min(first, 20) + 1) : 0;
    pages.push(deliveries.slice(first - late, first + length));
    first += length;
  }
  return pages
    .map((page) => ({ page, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ page }) => page);
}

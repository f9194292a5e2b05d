import { createRandom } from '../../src/simulator/random.ts';
import { DAY, HOUR, type LostStretch, MINUTE, type Moment, type Requests, utc, within } from './facts.ts';
import { ALPENGLOW, AUTOMATION, BIRCH, DENSE, END, FINE, HEAVY_NIGHT, OWN_AGENT } from './places.ts';

export const BIRCH_SINCE = utc('2025-11-01');
const BAD_DAY = utc('2025-11-18');

/** Requests by hour, near the end of the year in buckets of two minutes, without what was lost. */
export function makeRequests(lost: ReadonlyMap<string, readonly LostStretch[]>): Requests[] {
  const random = createRandom('cookbook', 'requests');
  const requests: Requests[] = [];
  const add = (
    organizationId: string,
    series: string,
    at: Moment,
    share: number,
    codes: [number, number][],
  ) => {
    for (const [code, count] of codes) {
      const bucket = { organizationId, series, bucketStart: at, seconds: at < FINE ? 3_600 : 120 };
      if (Math.floor(count * share) > 0) requests.push({ ...bucket, code, count: Math.floor(count * share) });
    }
  };
  for (let hour = DENSE; hour < END; hour += HOUR) {
    const nightly = hour % DAY === 2 * HOUR;
    const load =
      hour === HEAVY_NIGHT ? 40_000 : nightly ? 9_000 + random.integer(900) : 500 + random.integer(200);
    const refused = nightly ? Math.floor(load * (0.04 + 0.08 * random.next())) : 0;
    const people = (hour % DAY) / HOUR >= 6 && (hour % DAY) / HOUR < 17 ? 1_500 : 300;
    const own = 240 + random.integer(20);
    const faults = random.chance(0.05) ? random.integer(40) : 0;
    const birch = 800 + random.integer(400);
    const birchFaults = within({ from: BAD_DAY, to: BAD_DAY + DAY }, hour) ? 60 : random.integer(2);
    const width = hour < FINE ? HOUR : 2 * MINUTE;
    for (let at = hour; at < hour + HOUR; at += width) {
      // The nightly load comes in the first 20 minutes, which a bucket of an hour does not show.
      const even = width / HOUR;
      const burst = even === 1 ? 1 : nightly ? (at < hour + 20 * MINUTE ? 0.1 : 0) : even;
      if (!lost.get(ALPENGLOW)?.some((stretch) => within(stretch, at))) {
        const codes = (n: number): [number, number][] => [
          [200, n - faults],
          [404, faults],
        ];
        add(ALPENGLOW, AUTOMATION, at, burst, [
          [200, load - refused],
          [429, refused],
        ]);
        add(ALPENGLOW, OWN_AGENT, at, even, [[200, own]]);
        const sum = new Map<number, number>();
        const pile = (share: number, list: [number, number][]) => {
          for (const [code, count] of list) sum.set(code, (sum.get(code) ?? 0) + Math.floor(count * share));
        };
        pile(burst, [
          [200, load - refused],
          [429, refused],
        ]);
        pile(even, [[200, own]]);
        pile(even, codes(people));
        add(ALPENGLOW, 'all', at, 1, [...sum]);
      }
      if (at >= BIRCH_SINCE && !lost.get(BIRCH)?.some((stretch) => within(stretch, at))) {
        add(BIRCH, 'all', at, even, [
          [200, birch],
          [500, birchFaults],
        ]);
      }
    }
  }
  return requests;
}

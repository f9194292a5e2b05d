import { type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import type { PlannedArchive } from './archive-options.ts';
import { exponential, logUniform } from './chances.ts';
import type { Customer } from './customer.ts';

/** A stretch in which something answers otherwise than it should. */
export interface Episode {
  readonly from: Instant;
  readonly to: Instant;
  readonly code: number;
  /** Share of answers that is touched by it. */
  readonly share: number;
}

/** What becomes of a receiver over the years. */
export interface Mood {
  /** In order, none overlapping. */
  readonly episodes: readonly Episode[];
  readonly startsAt: Instant;
  readonly endsAt: Instant;
}

const MINUTE = instantOfSeconds(60);
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CODES = [-1, -1, -1, 500, 503, 503, 404, 400, 429];

/**
 * Draws when a receiver fails: minutes to days at a time, weeks apart, some receivers more often. Of the first
 * organization, the last receiver began to fail twenty hours before the end; of the second, it fell silent four days
 * before; of the third, it was added halfway.
 */
export function moodOf(archive: PlannedArchive, customer: Customer, receiver: number): Mood {
  const { seed, from, now } = archive;
  const random = createRandom(seed, 'mood', customer.id, receiver);
  const apart = random.chance(0.2) ? 4 : 25;
  const episodes: Episode[] = [];
  let at = from + exponential(random, apart * DAY);
  while (at < now) {
    const to = Math.min(now, at + logUniform(random, 5 * MINUTE, 3 * DAY));
    episodes.push({ from: at, to, code: random.pick(CODES), share: random.chance(0.7) ? 1 : 0.5 });
    at = to + exponential(random, apart * DAY);
  }
  const last = receiver === customer.receivers.length - 1 && customer.receivers.length > 1;
  const began = now - 20 * HOUR;
  return {
    episodes:
      last && customer.index === 0
        ? [
            ...episodes.filter(({ to }) => to < began - DAY),
            { from: began, to: now + HOUR, code: 503, share: 1 },
          ]
        : episodes,
    startsAt: last && customer.index === 2 ? (from + now) / 2 : from,
    endsAt: last && customer.index === 1 ? now - 4 * DAY : now,
  };
}

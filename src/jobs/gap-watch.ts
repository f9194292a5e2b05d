import { type Clock, hasPassed } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { readNearDeadlines } from '../db/near-deadlines.ts';
import { formatDuration } from '../duration.ts';
import type { Instant } from '../instant.ts';
import type { Log } from '../log.ts';
import { describeStream } from '../stream-key.ts';
import { recordLostTime, tellLosses } from '../sync/lost-time.ts';

export interface GapWatchOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** How long before its deadline a pending gap is warned of. */
  readonly warningSeconds: number;
}

const DAY_MS = 86_400_000;

/** Records what was lost, and warns of what soon will be: once a day for each stream. */
export class GapWatch {
  readonly #options: GapWatchOptions;
  readonly #warnedAt = new Map<string, number>();

  constructor(options: GapWatchOptions) {
    this.#options = options;
  }

  /** @param now by Meraki's clock; `undefined` where that is not certain, and then nothing is recorded for ever */
  async look(now: Instant | undefined): Promise<void> {
    const { database, clock, log, warningSeconds } = this.#options;
    if (now !== undefined) tellLosses(log, await recordLostTime(database, now));
    for (const near of await readNearDeadlines(database.query, warningSeconds)) {
      const name = describeStream(near.key);
      if (!hasPassed(DAY_MS, this.#warnedAt.get(name) ?? Number.NEGATIVE_INFINITY, clock.now())) continue;
      this.#warnedAt.set(name, clock.now());
      const left = formatDuration(Math.max(0, Math.floor(near.secondsLeft / 3_600)) * 3_600);
      log.warn(
        { ...near.key, gaps: near.gaps, deadline: near.deadline },
        `${name} has gaps that will be lost in ${left}, unless they are read before: see "meraki-historian gaps"`,
      );
    }
  }
}

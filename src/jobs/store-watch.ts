import { type Clock, hasPassed } from '../clock.ts';
import type { Database } from '../db/database.ts';
import { packOldestMonth } from '../db/pack-months.ts';
import { analyzeParents } from '../db/parent-statistics.ts';
import type { Partitions } from '../db/partitions.ts';
import { DatabaseBusyError } from '../errors.ts';
import type { Instant } from '../instant.ts';
import type { Log } from '../log.ts';

export interface StoreWatchOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly clock: Clock;
  readonly log: Log;
}

const DAY_MS = 86_400_000;
const AGAIN_MS = 600_000;

/**
 * Looks after the tables once a day: the coming months exist, Postgres knows what the partitioned tables hold, and one
 * month that no longer changes is packed.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #restMs = DAY_MS;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
  }

  /** Looks, if a day has passed since the last look that ended well. @param now by Meraki's clock */
  async lookInTime(now: Instant, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (!hasPassed(this.#restMs, this.#lookedAt, clock.now())) return;
    this.#lookedAt = clock.now();
    this.#restMs = AGAIN_MS;
    if (await this.look(now, signal)) this.#restMs = DAY_MS;
  }

  /** @returns whether all is as it should be; `false`: a table was in use, and this is to be tried again */
  async look(now: Instant, signal?: AbortSignal): Promise<boolean> {
    const { database, partitions, log } = this.#options;
    try {
      const made = await partitions.ensureAhead(now);
      if (made.length > 0) log.info({ made }, 'partitions of the coming months were made');
      const analyzed = await analyzeParents(database);
      if (analyzed.length > 0) log.info({ analyzed }, 'partitioned tables were analyzed');
      const packed = await packOldestMonth(database, now, signal);
      if (packed !== undefined)
        log.info({ packed }, 'the index of a month that no longer changes was packed');
      return true;
    } catch (error) {
      if (!(error instanceof DatabaseBusyError)) throw error;
      log.warn(
        { error: error.message },
        'a table was in use for too long to make months ahead, analyze or pack it; tried again in ten minutes',
      );
      return false;
    }
  }
}

import type { Clock } from '../clock.ts';
import { claimChore } from '../db/chores.ts';
import type { Database } from '../db/database.ts';
import type { Partitions } from '../db/partitions.ts';
import { instantOfMilliseconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { rollUpAll } from '../sync/roll-up.ts';
import type { GapWatch } from './gap-watch.ts';
import { RECONCILE_EVERY_MS } from './jobs.ts';
import type { NetworkWatch } from './network-watch.ts';
import type { StoreWatch } from './store-watch.ts';

export interface MinuteWatchOptions {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly client: MerakiClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly networks: NetworkWatch;
  readonly gaps: GapWatch;
  readonly store: StoreWatch;
  /** What each worker does for itself. */
  readonly keepUp: () => Promise<void>;
}

const WATCH_EVERY_MS = 60_000;

/**
 * The checks of every minute. Each worker has them, for a queue that was wiped has lost every job that could notice;
 * what is to be done once is done by whichever worker comes first.
 */
export class MinuteWatch {
  readonly #options: MinuteWatchOptions;
  #storeLook: Promise<void> | undefined;

  constructor(options: MinuteWatchOptions) {
    this.#options = options;
  }

  /** Runs until the signal is given. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.look(signal);
      } catch (error) {
        if (signal.aborted) break;
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'the checks of every minute did not end',
        );
      }
      await clock.sleep(WATCH_EVERY_MS, signal).catch(() => undefined);
    }
    await this.#storeLook;
  }

  /** @returns whether this worker was the one to do what is done once */
  async look(signal: AbortSignal): Promise<boolean> {
    const { client, networks, gaps, keepUp } = this.#options;
    // First, since lists of hundreds of networks take minutes.
    const checks = [keepUp];
    // A little less than the period: the turns of one worker alone are not to miss one another.
    const isOurs = await this.#claim('minute', WATCH_EVERY_MS / 2);
    if (isOurs) {
      this.#storeLook ??= this.#lookAfterStore(signal);
      checks.push(
        () => networks.look(signal),
        async () => {
          if (await this.#claim('gaps', RECONCILE_EVERY_MS - WATCH_EVERY_MS / 2))
            await gaps.look(client.recentNow());
        },
        () => rollUpAll({ ...this.#options, signal }, client.now()),
      );
    }
    await eachOf(checks, signal);
    return isOurs;
  }

  /** Beside the checks, which shall not wait: an index is built anew behind all who began to read before. */
  async #lookAfterStore(signal: AbortSignal): Promise<void> {
    const { client, log, store } = this.#options;
    try {
      await store.lookInTime(client.now(), signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        'the tables were not looked after',
      );
    } finally {
      this.#storeLook = undefined;
    }
  }

  async #claim(name: 'minute' | 'gaps', everyMs: number): Promise<boolean> {
    const { database, clock } = this.#options;
    return await claimChore(database.query, name, instantOfMilliseconds(clock.now()), everyMs);
  }
}

/** Does one after the other: a queue that is gone, or what ails one check, must not keep the others from being done. */
async function eachOf(checks: readonly (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  const failures: unknown[] = [];
  for (const check of checks) {
    try {
      await check();
    } catch (error) {
      signal.throwIfAborted();
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

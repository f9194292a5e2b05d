import type { Database } from '../db/database.ts';
import { claimNetworkList, readNetworkLists } from '../db/network-lists.ts';
import { saveNetworks } from '../db/networks.ts';
import { HistorianError } from '../errors.ts';
import { type Instant, instantOfSeconds } from '../instant.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { listNetworks } from '../meraki/organizations.ts';
import { spread } from './spread.ts';

export interface NetworkWatchOptions {
  readonly database: Database;
  readonly client: MerakiClient;
  readonly log: Log;
  readonly hash64: (text: string) => string;
}

const DAY_SECONDS = 86_400;
const DAY = instantOfSeconds(DAY_SECONDS);
/** After a list that failed, or whose process ended meanwhile. */
const PAUSE = instantOfSeconds(3_600);
/** Of those listed before: an archive that was off for a week has hundreds to list, and no hurry. */
const MOST_AT_ONCE = 5;

/**
 * Whether an organization's networks are to be listed: when they never were, and then once a day, each organization
 * at its own time of day.
 */
export function isListDue(organizationId: string, listedAt: Instant | undefined, now: Instant): boolean {
  if (listedAt === undefined || listedAt > now + DAY) return true;
  const turn = instantOfSeconds(spread(organizationId, DAY_SECONDS));
  return listedAt < now - ((now - turn) % DAY);
}

/** Keeps the names of networks. Not having them is no reason to stop syncing. */
export class NetworkWatch {
  readonly #options: NetworkWatchOptions;

  constructor(options: NetworkWatchOptions) {
    this.#options = options;
  }

  /** Lists those that are due: all that never were, and a few others at a time. */
  async look(signal: AbortSignal): Promise<void> {
    let others = 0;
    for (const { organizationId, listedAt } of await this.#due()) {
      if (listedAt !== undefined && others === MOST_AT_ONCE) return;
      if ((await this.#list(organizationId, signal)) && listedAt !== undefined) others += 1;
    }
  }

  /** Lists those of these organizations that are due. */
  async lookAt(organizationIds: readonly string[], signal: AbortSignal): Promise<void> {
    for (const { organizationId } of await this.#due()) {
      if (organizationIds.includes(organizationId)) await this.#list(organizationId, signal);
    }
  }

  async #due() {
    const { database, client } = this.#options;
    const now = client.now();
    const lists = await readNetworkLists(database.query);
    return lists.filter(({ organizationId, listedAt }) => isListDue(organizationId, listedAt, now));
  }

  /** @returns whether it was this process's turn */
  async #list(organizationId: string, signal: AbortSignal): Promise<boolean> {
    const { database, client, log, hash64 } = this.#options;
    signal.throwIfAborted();
    if (!(await claimNetworkList(database.query, organizationId, client.now(), PAUSE))) return false;
    try {
      const networks = await listNetworks(client, organizationId, { signal });
      const records = networks.map(({ id, ...network }) => ({
        ...network,
        networkId: id,
        networkKey: hash64(id),
      }));
      await saveNetworks(database, organizationId, records, client.now());
    } catch (error) {
      if (!(error instanceof HistorianError) || signal.aborted) throw error;
      log.warn({ organizationId, code: error.code }, `network names not refreshed: ${error.message}`);
    }
    return true;
  }
}

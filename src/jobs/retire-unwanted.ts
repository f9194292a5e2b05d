import type { Database } from '../db/database.ts';
import { readStreamsThatAre, resumeStream, retireStreams } from '../db/retired-streams.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import { isChosen, type OrganizationChoice } from '../organization-choice.ts';
import type { StreamKey } from '../stream-key.ts';
import type { Stream } from '../sync/stream.ts';
import type { LiveJob } from './jobs.ts';

export interface RetireUnwantedOptions {
  readonly database: Database;
  readonly client: MerakiClient;
  readonly log: Log;
  readonly organizations: OrganizationChoice;
  readonly streamsOf: (job: LiveJob) => readonly Stream[];
}

/**
 * What the configuration no longer names, a series or an organization, must not stay a gap that grows for ever. What it
 * names again is wanted from then on, though the organization be one that cannot be read.
 *
 * @param organizationIds those that are synced: of others, no series is judged
 */
export async function retireUnwanted(
  options: RetireUnwantedOptions,
  organizationIds: readonly string[],
): Promise<void> {
  const synced = new Set(organizationIds);
  for (const key of await readStreamsThatAre(options.database.query, 'wanted')) {
    if (!isChosen(options.organizations, key.organizationId)) {
      await retire(options, key, [], 'the organization is left out by MERAKI_ORGANIZATION_IDS');
    } else if (synced.has(key.organizationId)) {
      const configured = configuredFor(options, key);
      if (configured.includes(key.series)) continue;
      await retire(options, key, configured, 'the series is no longer configured');
    }
  }
  for (const key of await readStreamsThatAre(options.database.query, 'retired')) {
    const isWanted = isChosen(options.organizations, key.organizationId);
    if (!isWanted || !configuredFor(options, key).includes(key.series)) continue;
    await resumeStream(options.database.query, key, options.client.now());
  }
}

function configuredFor({ streamsOf }: RetireUnwantedOptions, key: StreamKey): readonly string[] {
  return streamsOf(key).map(({ key: { series } }) => series);
}

async function retire(
  { database, client, log }: RetireUnwantedOptions,
  { organizationId, stream }: StreamKey,
  configured: readonly string[],
  why: string,
): Promise<void> {
  const endpoint = { organizationId, stream };
  for (const series of await retireStreams(database.query, endpoint, configured, client.now())) {
    log.warn({ ...endpoint, series }, `${why}, and its time is not wanted from now on`);
  }
}

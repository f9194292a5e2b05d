import type { Database } from '../db/database.ts';
import { readWantedStreams, retireStreams } from '../db/retired-streams.ts';
import type { Log } from '../log.ts';
import type { MerakiClient } from '../meraki/client.ts';
import type { Stream } from '../sync/stream.ts';
import type { LiveJob } from './jobs.ts';

export interface RetireSeriesOptions {
  readonly database: Database;
  readonly client: MerakiClient;
  readonly log: Log;
  readonly streamsOf: (job: LiveJob) => readonly Stream[];
}

/** A series that is no longer configured must not stay a gap that grows for ever. */
export async function retireSeries(
  { database, client, log, streamsOf }: RetireSeriesOptions,
  organizationIds: readonly string[],
): Promise<void> {
  const synced = new Set(organizationIds);
  for (const { organizationId, stream, series } of await readWantedStreams(database.query)) {
    const endpoint = { organizationId, stream };
    if (!synced.has(organizationId)) continue;
    const configured = streamsOf(endpoint).map(({ key }) => key.series);
    if (configured.includes(series)) continue;
    for (const retired of await retireStreams(database.query, endpoint, configured, client.now())) {
      log.warn(
        { ...endpoint, series: retired },
        'a series is no longer configured, and not wanted from now on',
      );
    }
  }
}

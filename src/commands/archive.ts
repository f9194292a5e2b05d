import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { migrate, pendingMigrations } from '../db/migrate.ts';
import { Partitions } from '../db/partitions.ts';
import { writeSetting } from '../db/settings.ts';
import { instantOfMilliseconds, instantOfSeconds } from '../instant.ts';
import type { LiveJob } from '../jobs/jobs.ts';
import { openQueueStore, type QueueStore } from '../jobs/queue-store.ts';
import { requestBudget } from '../jobs/request-budget.ts';
import type { Log } from '../log.ts';
import { MerakiClient } from '../meraki/client.ts';
import { MERAKI_DOMAINS } from '../meraki/trusted-hosts.ts';
import type { SeriesDefinition } from '../series-file.ts';
import { type Lane, type StreamKey, UNFILTERED } from '../stream-key.ts';
import { apiResponses } from '../streams/api-responses.ts';
import { webhookLogs } from '../streams/webhook-logs.ts';
import type { Stream } from '../sync/stream.ts';
import { refuseOtherContents, rememberFilters, sourceOf } from './archived-so-far.ts';
import { keepHeapSmall } from './heap.ts';
import { lacksMigrations } from './open-archive.ts';
import { type OpenedDatabase, openConfiguredDatabase } from './open-database.ts';
import { applyReportSettings } from './report-settings.ts';

/** Everything a command that syncs works with, put together from the configuration. */
export interface Archive {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly opened: OpenedDatabase;
  readonly database: Database;
  readonly partitions: Partitions;
  readonly store: QueueStore;
  readonly client: MerakiClient;
  /** In which reports count an organization's days. */
  readonly timeZoneOf: (organizationId: string) => string;
  /** @param lane whose share of the request budget their requests take; `live` unless it is given */
  streamsOf(job: LiveJob, lane?: Lane): readonly Stream[];
  /** For `backfill`. */
  streamOf(key: StreamKey): Stream | undefined;
  /** Marks the archive as filled from this dashboard; to be called once the dashboard has answered. */
  claimSource(): Promise<void>;
  close(): Promise<void>;
}

export interface ArchiveOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** Whether missing migrations are applied, or refused. */
  readonly migrations: 'apply' | 'expect';
  /** Names the dashboard the archive is filled from; by default the host of the base URL. */
  readonly source?: string;
}

/**
 * Opens database, queue and client.
 *
 * @throws {ConfigurationError} when the database holds another dashboard's archive, or counts a series by other filters
 */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const { config, log, clock } = options;
  keepHeapSmall();
  const opened = await openConfiguredDatabase(config, log, 'owner', 16);
  try {
    const { database } = opened;
    await bringUpToDate(database, options);
    const source = options.source ?? sourceOf(config);
    await refuseOtherContents(database, source, config.apiResponses.series);
    await rememberFilters(database, config.apiResponses.series);
    const now = instantOfMilliseconds(clock.now());
    const timeZoneOf = await applyReportSettings(database, config, log, now);
    const store = await openQueueStore(config.redisUrl, opened.url, database, log, clock);
    const client = openClient(config, store, clock, log);
    const streamsIn = (lane: Lane, job: LiveJob) => streamsOf(job, () => client.inLane(lane), config);
    return {
      config,
      log,
      clock,
      opened,
      database,
      partitions: new Partitions(database),
      store,
      client,
      timeZoneOf,
      streamsOf: (job, lane = 'live') => streamsIn(lane, job),
      streamOf: (key) => streamsIn('backfill', key).find((stream) => stream.key.series === key.series),
      claimSource: () => writeSetting(database.query, 'source', source),
      async close() {
        await client.close();
        await store.close();
        await opened.close();
      },
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function bringUpToDate(database: Database, { config, migrations, log }: ArchiveOptions): Promise<void> {
  if (migrations === 'apply') {
    const applied = await migrate(database, (notice) => log.warn(notice));
    if (applied.length > 0) log.info({ applied }, 'the database was brought to this version');
    return;
  }
  const missing = await pendingMigrations(database);
  if (missing.length === 0) return;
  throw lacksMigrations(missing, config);
}

function openClient(config: Config, store: QueueStore, clock: Clock, log: Log): MerakiClient {
  return new MerakiClient({
    baseUrl: config.meraki.baseUrl,
    key: config.meraki.key ?? '',
    trustedHosts: trustedHosts(config),
    pace: requestBudget({
      store: store.budgetStore,
      requestsPerSecond: config.meraki.requestsPerSecond,
      requestsPerSecondPerAddress: config.meraki.requestsPerSecondPerAddress,
      sourceAddress: config.meraki.sourceAddress,
      clock,
      log,
    }),
    clock,
    log,
  });
}

export function trustedHosts(config: Config): readonly string[] {
  return [...(config.meraki.trustedHosts ?? MERAKI_DOMAINS), new URL(config.meraki.baseUrl).hostname];
}

function streamsOf(
  { organizationId, stream }: LiveJob,
  newClient: () => MerakiClient,
  config: Config,
): readonly Stream[] {
  if (stream === 'webhook_logs') {
    const { every, lookback, maxSpan, settle, perPage } = config.webhookLogs;
    return [
      webhookLogs({ organizationId, stream, series: UNFILTERED }, newClient(), {
        everySeconds: every,
        lookback: instantOfSeconds(lookback),
        span: instantOfSeconds(maxSpan),
        settle: instantOfSeconds(settle),
        perPage,
        quarantineLimit: config.quarantineLimit,
      }),
    ];
  }
  const { every, lookback, settle, interval, series } = config.apiResponses;
  const unfiltered: SeriesDefinition = { name: UNFILTERED };
  return [unfiltered, ...series].map(({ name, ...filters }) =>
    apiResponses(
      { organizationId, stream, series: name },
      newClient(),
      {
        everySeconds: every,
        lookback: instantOfSeconds(lookback),
        span: instantOfSeconds(31 * 86_400),
        settle: instantOfSeconds(settle),
        intervalSeconds: interval,
        quarantineLimit: config.quarantineLimit,
      },
      filters,
    ),
  );
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../src/clock.ts';
import type { Archive } from '../../src/commands/archive.ts';
import { runWorker } from '../../src/commands/run-worker.ts';
import { type Config, type Environment, loadConfig } from '../../src/config.ts';
import { readCoverage } from '../../src/db/coverage.ts';
import { readStream } from '../../src/db/streams.ts';
import type { Instant } from '../../src/instant.ts';
import type { Log } from '../../src/log.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { STREAM_NAMES } from '../../src/stream-key.ts';
import { parseLearnedLimits } from '../../src/sync/limits.ts';
import { backfillGaps } from '../../src/sync/plan.ts';
import type { TestDatabase } from './test-database.ts';
import { testLog } from './test-log.ts';

const LOOK_EVERY_MS = 50;

/** The configuration of an archive of `simulator` in `database`. */
export function configFor(
  simulator: Pick<Simulator, 'baseUrl' | 'key'>,
  database: Pick<TestDatabase, 'url'>,
  environment: Environment = {},
): Config {
  return loadConfig(
    {
      MERAKI_DASHBOARD_API_KEY: simulator.key,
      MERAKI_BASE_URL: simulator.baseUrl,
      MERAKI_TRUSTED_HOSTS: '127.0.0.1,localhost',
      DATABASE_URL: database.url,
      REQUESTS_PER_SECOND: '10',
      WEBHOOK_URLS: 'full',
      ...environment,
    },
    { key: true, terminal: false },
  );
}

/**
 * The same with a request budget that nothing reaches, for a simulator without a rate limit and tests that are not
 * about either: to wait for the next request would take most of their time.
 */
export function unpaced(config: Config): Config {
  return { ...config, meraki: { ...config.meraki, requestsPerSecond: 10_000 } };
}

export interface WorkOptions {
  readonly log?: Log;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Runs a worker until every stream of every organization is read up to when it started. */
export async function workUntilCaughtUp(config: Config, options: WorkOptions = {}): Promise<void> {
  let caughtUp = false;
  await work(config, options, async (archive, organizationIds, signal) => {
    await untilCaughtUp(archive, organizationIds, signal);
    caughtUp = true;
  });
  if (!caughtUp && options.signal?.aborted !== true) throw new Error('the worker ended early');
}

/** Runs a worker until `whileRunning` resolves or the signal is given. */
export async function work(
  config: Config,
  { clock = systemClock, signal = new AbortController().signal, log = testLog }: WorkOptions,
  whileRunning: (archive: Archive, organizationIds: readonly string[], signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await runWorker({ config, log, clock, signal, migrations: 'apply', whileRunning });
}

/** Polls `look` until it says yes. */
export async function until(look: () => Promise<boolean> | boolean, signal?: AbortSignal): Promise<void> {
  while (!(await look())) {
    signal?.throwIfAborted();
    await delay(LOOK_EVERY_MS);
  }
}

/** Resolves when every stream has been read since `since` (by default: the call) and has nothing left to fill in. */
export async function untilCaughtUp(
  archive: Archive,
  organizationIds: readonly string[],
  signal?: AbortSignal,
  since: Instant = archive.client.now(),
): Promise<void> {
  const streams = organizationIds.flatMap((organizationId) =>
    STREAM_NAMES.flatMap((stream) => archive.streamsOf({ organizationId, stream })),
  );
  for (const stream of streams) {
    await until(async () => {
      const record = await readStream(archive.database.query, stream.key);
      if (record === undefined || (record.lastSuccessAt ?? 0) < since) return false;
      const coverage = await readCoverage(archive.database.query, stream.key);
      const learned = parseLearnedLimits(record.limits, stream.now());
      return backfillGaps(stream.situation(coverage, record.wantedFrom, learned)).length === 0;
    }, signal);
  }
}

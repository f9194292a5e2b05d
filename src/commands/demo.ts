import { join } from 'node:path';
import type { Config } from '../config.ts';
import { countOpenEnds } from '../db/archive-status.ts';
import { readCoverage } from '../db/coverage.ts';
import { readOrganizations } from '../db/organizations.ts';
import { readStream } from '../db/streams.ts';
import { sumRuns } from '../db/sync-runs.ts';
import { ALL_ORGANIZATIONS } from '../organization-choice.ts';
import { duration } from '../ranges.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/simulator.ts';
import { STREAM_NAMES } from '../stream-key.ts';
import { parseLearnedLimits } from '../sync/limits.ts';
import { backfillGaps } from '../sync/plan.ts';
import type { Stream } from '../sync/stream.ts';
import type { Archive } from './archive.ts';
import type { WorkOptions } from './command-options.ts';
import { type Comparison, compareWithTruth } from './compare-with-truth.ts';
import { reportDemo } from './demo-report.ts';
import { say } from './output.ts';
import { showProgress } from './progress.ts';
import { runWorker } from './run-worker.ts';

export interface DemoOptions extends WorkOptions {
  /** Catch up, compare with the truth, report and end. */
  readonly once: boolean;
  readonly simulator: SimulatorOptions;
}

const LOOK_EVERY_MS = 250;

/**
 * Runs the whole archive against the simulated dashboard.
 *
 * @returns the exit code: 0, or 1 when the archive differs from the truth
 */
export async function demo(options: DemoOptions): Promise<number> {
  const { output, once, json, clock } = options;
  const simulator = await startSimulator(options.simulator);
  const config = demoConfig(options.config, simulator);
  const { seed = 1, organizations = 3, rows = 330_000 } = options.simulator;
  if (!json) say(output, `A simulated dashboard answers at ${simulator.baseUrl} (seed ${seed}).\n`);
  let exitCode = 0;
  try {
    await runWorker({
      ...options,
      config,
      migrations: 'apply',
      source: `simulator, seed ${seed}, ${organizations} organizations, ${rows} rows`,
      whileRunning: async (archive, organizationIds, signal) => {
        const started = clock.now();
        const rowsBefore = await rowsRead(archive, organizationIds);
        await catchUp(archive, organizationIds, options, signal);
        const comparison = await compareAll(archive, simulator, organizationIds);
        const open = await countOpenEnds(archive.database.query);
        const exact =
          comparison.deliveriesWrong + comparison.bucketsWrong + open.gaps + open.quarantined === 0;
        exitCode = exact ? 0 : 1;
        const milliseconds = clock.now() - started;
        const newRows = (await rowsRead(archive, organizationIds)) - rowsBefore;
        await reportDemo({ ...options, archive, comparison, open, newRows, milliseconds });
        if (once) return;
        say(output, '\nNew rows keep coming. Ctrl-C ends the demo; run it again and it continues.');
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    });
    return exitCode;
  } finally {
    await simulator.stop();
  }
}

function demoConfig(config: Config, simulator: Simulator): Config {
  const { hostname } = new URL(simulator.baseUrl);
  return {
    ...config,
    dataDir: join(config.dataDir, 'demo'),
    webhookUrls: 'full',
    meraki: {
      ...config.meraki,
      key: simulator.key,
      baseUrl: simulator.baseUrl,
      trustedHosts: [hostname, 'localhost'],
      organizations: ALL_ORGANIZATIONS,
      requestsPerSecond: 10,
    },
  };
}

/** Waits until every stream is read up to now, showing how far each is. */
async function catchUp(
  archive: Archive,
  organizationIds: readonly string[],
  { output, clock, json }: DemoOptions,
  signal: AbortSignal,
): Promise<void> {
  const names = new Map(
    (await readOrganizations(archive.database)).map((row) => [row.organizationId, row.name]),
  );
  const streams = streamsOf(archive, organizationIds);
  const progress = json ? undefined : showProgress(output);
  const totals = new Map<Stream, number>();
  const since = archive.client.now();
  try {
    for (;;) {
      let caughtUp = 0;
      for (const stream of streams) {
        const { remaining, readAt, rows } = await standOf(archive, stream);
        const total = Math.max(totals.get(stream) ?? 0, remaining);
        totals.set(stream, total);
        const name = names.get(stream.key.organizationId) ?? stream.key.organizationId;
        const task = `${name} ${stream.key.stream}`;
        const done = readAt < since ? 0 : total === 0 ? 1 : 1 - remaining / total;
        progress?.update(task, done, rows);
        if (done === 1) caughtUp += 1;
      }
      if (caughtUp === streams.length) return;
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  } finally {
    progress?.stop();
  }
}

function streamsOf(archive: Archive, organizationIds: readonly string[]): readonly Stream[] {
  return organizationIds.flatMap((organizationId) =>
    STREAM_NAMES.flatMap((stream) => archive.streamsOf({ organizationId, stream })),
  );
}

async function rowsRead(archive: Archive, organizationIds: readonly string[]): Promise<number> {
  let rows = 0;
  for (const { key } of streamsOf(archive, organizationIds)) {
    rows += (await sumRuns(archive.database.query, key)).rowsNew;
  }
  return rows;
}

async function standOf({ database }: Archive, stream: Stream) {
  const coverage = await readCoverage(database.query, stream.key);
  const record = await readStream(database.query, stream.key);
  const { rowsNew: rows } = await sumRuns(database.query, stream.key);
  if (record === undefined) return { remaining: 0, readAt: 0, rows };
  const learned = parseLearnedLimits(record.limits, stream.now());
  const situation = stream.situation(coverage, record.wantedFrom, learned);
  return { remaining: duration(backfillGaps(situation)), readAt: record.lastSuccessAt ?? 0, rows };
}

async function compareAll(
  { database, config }: Archive,
  simulator: Simulator,
  organizationIds: readonly string[],
): Promise<Comparison> {
  const sum = { deliveries: 0, deliveriesWrong: 0, buckets: 0, bucketsWrong: 0 };
  for (const id of organizationIds) {
    const one = await compareWithTruth(database, simulator, id, config.apiResponses.interval);
    sum.deliveries += one.deliveries;
    sum.deliveriesWrong += one.deliveriesWrong;
    sum.buckets += one.buckets;
    sum.bucketsWrong += one.bucketsWrong;
  }
  return sum;
}

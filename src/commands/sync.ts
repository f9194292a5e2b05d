import { randomUUID } from 'node:crypto';
import { chooseOrganization } from '../choose-organizations.ts';
import { countOpenEnds } from '../db/archive-status.ts';
import { extendCalendars } from '../db/calendar.ts';
import { renewCalendars } from '../db/changed-days.ts';
import { noteAnswer, type OrganizationRecord, readOrganizations } from '../db/organizations.ts';
import { recordFailure, recordSuccess } from '../db/stream-standing.ts';
import { addCounts, noCounts, type RunCounts } from '../db/sync-runs.ts';
import { HistorianError, OrganizationRefusedError } from '../errors.ts';
import { MICROSECONDS_PER_MILLISECOND } from '../instant.ts';
import { NetworkWatch } from '../jobs/network-watch.ts';
import { reconcileOrganizations } from '../jobs/reconcile.ts';
import { retireUnwanted } from '../jobs/retire-unwanted.ts';
import { StoreWatch } from '../jobs/store-watch.ts';
import type { Range } from '../ranges.ts';
import { type Lane, STREAM_NAMES, type StreamName, streamLabel } from '../stream-key.ts';
import { hash64 } from '../streams/hash.ts';
import { recordLostTime, tellLosses } from '../sync/lost-time.ts';
import { rollUp, rollUpAll } from '../sync/roll-up.ts';
import { type LaneResult, runLane } from '../sync/run-lane.ts';
import type { Stream } from '../sync/stream.ts';
import { type Archive, openArchive } from './archive.ts';
import type { WorkOptions } from './command-options.ts';
import { formatNumber, formatSpan, say, sayJson, table } from './output.ts';
import { type Progress, showProgress } from './progress.ts';

export interface SyncOptions extends WorkOptions {
  /** Id or name; `undefined`: all. */
  readonly organization: string | undefined;
  readonly stream: StreamName | undefined;
  readonly only: Range | undefined;
}

/** Streams read side by side: each organization has a request budget of its own, the database is shared. */
const SIDE_BY_SIDE = 6;

interface StreamResult {
  readonly task: string;
  readonly stream: Stream;
  readonly counts: RunCounts;
  readonly error: HistorianError | undefined;
}

/**
 * Brings everything up to date once, in the foreground.
 *
 * @returns the exit code: 0, or 7 when gaps or quarantined rows remain
 * @throws the first stream's error when no stream could be read
 */
export async function sync(options: SyncOptions): Promise<number> {
  const started = options.clock.now();
  const archive = await openArchive({ ...options, migrations: 'apply' });
  try {
    const results = await syncAll(archive, options);
    const open = await countOpenEnds(archive.database.query);
    report(options, results, open, options.clock.now() - started);
    const failed = results.find((result) => result.error !== undefined)?.error;
    if (failed !== undefined && results.every((result) => result.error !== undefined)) throw failed;
    return failed === undefined && open.gaps + open.quarantined === 0 ? 0 : (failed?.exitCode ?? 7);
  } finally {
    await archive.close();
  }
}

async function syncAll(archive: Archive, options: SyncOptions): Promise<readonly StreamResult[]> {
  const { config, signal, output, json } = options;
  const reconciling = { ...archive, organizations: config.meraki.organizations };
  const active = await reconcileOrganizations(reconciling, signal);
  await retireUnwanted(reconciling, active);
  // Before anything is read: later, a run would seem to have begun while the time was still to be had.
  tellLosses(archive.log, await recordLostTime(archive.database, archive.client.now()));
  await archive.claimSource();
  if (active.length === 0) {
    throw new OrganizationRefusedError(
      'The key sees no organization that can be read: none is listed, or API access is disabled in all of them.',
    );
  }
  const known = await readOrganizations(archive.database);
  const organizationIds = chosenOf(active, known, options.organization);
  const names = new Map(known.map((row) => [row.organizationId, row.name]));
  await new NetworkWatch({ ...archive, hash64 }).lookAt(organizationIds, signal);
  const queue = organizationIds.flatMap((organizationId) =>
    STREAM_NAMES.filter((name) => options.stream === undefined || name === options.stream).flatMap((stream) =>
      archive.streamsOf({ organizationId, stream }),
    ),
  );
  const progress = json ? quiet : showProgress(output);
  const results: StreamResult[] = [];
  const next = async (): Promise<void> => {
    for (let stream = queue.shift(); stream !== undefined; stream = queue.shift()) {
      const task = taskName(names.get(stream.key.organizationId), stream);
      results.push(await syncStream(archive, options, stream, task, progress));
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, next));
  progress.stop();
  signal.throwIfAborted();
  await extendCalendars(archive.database, archive.client.now());
  await renewCalendars(archive.database, archive.client.now());
  await rollUpAll({ ...archive, signal }, archive.client.now());
  await new StoreWatch(archive).look(archive.client.now(), signal);
  return results.sort((a, b) => a.task.localeCompare(b.task));
}

function chosenOf(
  active: readonly string[],
  known: readonly OrganizationRecord[],
  wanted: string | undefined,
): readonly string[] {
  if (wanted === undefined) return active;
  const { organizationId, state } = chooseOrganization(known, wanted);
  if (active.includes(organizationId)) return [organizationId];
  throw new OrganizationRefusedError(
    state === 'left_out'
      ? `Organization ${wanted} is left out by MERAKI_ORGANIZATION_IDS.`
      : `The key cannot read organization ${wanted}: it is not listed any more, or its API access is disabled.`,
    { organizationId },
  );
}

const quiet: Progress = { update: () => undefined, stop: () => undefined };

function taskName(name: string | undefined, { key }: Stream): string {
  return `${name ?? key.organizationId} ${streamLabel(key)}`;
}

async function syncStream(
  archive: Archive,
  options: SyncOptions,
  stream: Stream,
  task: string,
  progress: Progress,
): Promise<StreamResult> {
  let counts = noCounts;
  let total = 0;
  let failure: HistorianError | undefined;
  // History must not wait for the newest edge: it is what Meraki forgets first.
  for (const lane of ['live', 'backfill'] as const) {
    const before = counts;
    let committed = noCounts;
    const inLane = lane === 'live' ? stream : (archive.streamOf(stream.key) ?? stream);
    try {
      const result = await runUnlessBusy(archive, options, inLane, lane, (now, remaining) => {
        committed = now;
        total = Math.max(total, remaining);
        progress.update(task, total === 0 ? 0 : 1 - remaining / total, before.rowsNew + now.rowsNew);
      });
      counts = addCounts(counts, result.counts);
      if (result.outcome !== 'complete') break;
    } catch (error) {
      if (!(error instanceof HistorianError)) throw error;
      failure ??= error;
      counts = addCounts(before, { ...committed, ...inLane.effort() });
      if (error.retry === 'never') break;
    }
  }
  await rollUp({ ...archive, signal: options.signal }, stream.key, stream.now());
  if (failure !== undefined) return await noteFailure(archive, { task, stream, counts, error: failure });
  if (!options.signal.aborted) progress.update(task, 1, counts.rowsNew);
  await recordSuccess(archive.database, stream.key, stream.clockSkewMs(), stream.now());
  await noteAnswer(archive.database, stream.key.organizationId, 'active', stream.now());
  return { task, stream, counts, error: undefined };
}

async function noteFailure(
  { database, log }: Archive,
  failed: StreamResult & { readonly error: HistorianError },
): Promise<StreamResult> {
  const { task, stream, error } = failed;
  log.error({ ...stream.key, code: error.code }, `${task}: ${error.message}`);
  await recordFailure(database, stream.key, error, stream.now()).catch(() => undefined);
  if (error instanceof OrganizationRefusedError) {
    await noteAnswer(database, stream.key.organizationId, 'refused', stream.now()).catch(() => undefined);
  }
  return failed;
}

/** Waits for another process that has the lane at the moment; it lets go within seconds, or is gone. */
async function runUnlessBusy(
  archive: Archive,
  { clock, signal, only }: SyncOptions,
  stream: Stream,
  lane: Lane,
  onPage: (counts: RunCounts, remaining: number) => void,
): Promise<LaneResult> {
  for (;;) {
    const result = await runLane({ ...archive, stream, lane, runId: randomUUID(), signal, only, onPage });
    if (result.outcome !== 'busy') return result;
    const wait = (result.heldUntil ?? 0) / MICROSECONDS_PER_MILLISECOND - clock.now();
    archive.log.info({ ...stream.key, lane }, 'another process is reading this stream; waiting for it');
    await clock.sleep(Math.max(1_000, wait), signal);
  }
}

function report(
  { output, json }: SyncOptions,
  results: readonly StreamResult[],
  open: { readonly gaps: number; readonly quarantined: number },
  milliseconds: number,
): void {
  if (json) {
    const streams = results.map(({ stream, counts, error }) => ({
      ...stream.key,
      ...counts,
      error: error === undefined ? null : { code: error.code, message: error.message },
    }));
    sayJson(output, { streams, ...open, milliseconds });
    return;
  }
  say(output);
  say(
    output,
    table(
      ['stream', 'new rows', 'known', 'requests', 'waited', 'outcome'],
      results.map(({ task, counts, error }) => [
        task,
        counts.rowsNew,
        counts.rowsKnown,
        counts.requests,
        formatSpan(counts.waitedMs / 1_000),
        error === undefined ? 'up to date' : error.code,
      ]),
      ['new rows', 'known', 'requests', 'waited'],
    ),
  );
  say(output);
  const fresh = results.reduce((sum, { counts }) => sum + counts.rowsNew, 0);
  say(output, `${formatNumber(fresh)} new rows in ${formatSpan(milliseconds / 1_000)}.`);
  if (open.gaps > 0) say(output, `${formatNumber(open.gaps)} gaps remain: see "meraki-historian gaps".`);
  if (open.quarantined > 0) {
    say(
      output,
      `${formatNumber(open.quarantined)} rows are in quarantine: see "meraki-historian quarantine list".`,
    );
  }
}

import type { Config } from '../config.ts';
import { type GapRow, readGaps, readStatus, type StreamStatus } from '../db/archive-status.ts';
import type { Database } from '../db/database.ts';
import { pendingMigrations } from '../db/migrate.ts';
import { readFindings } from '../db/stream-findings.ts';
import { SchemaMismatchError } from '../errors.ts';
import type { Log } from '../log.ts';
import { UNFILTERED } from '../stream-key.ts';
import { openConfiguredDatabase } from './open-database.ts';
import { formatMinute, formatSpan, type Output, paintFor, say, sayJson, table } from './output.ts';
import { trustNotes } from './trust-notes.ts';

export interface LookOptions {
  readonly config: Config;
  readonly log: Log;
  readonly output: Output;
  readonly json: boolean;
}

/** Prints where each stream stands. Always 0: `gaps` and `doctor` are the commands that judge. */
export async function status(options: LookOptions): Promise<number> {
  const { config, log, output, json } = options;
  const opened = await openConfiguredDatabase(config, log, 'guest', 2);
  try {
    await expectArchive(opened.database);
    const streams = await readStatus(opened.database.query);
    const findings = await readFindings(opened.database.query);
    if (json) {
      sayJson(output, { streams, findings, psql: opened.reader?.uri ?? null });
      return 0;
    }
    if (streams.length === 0)
      say(output, 'No stream has been read yet: run "meraki-historian start" or "sync".');
    else say(output, statusTable(output, streams, trustNotes(findings, config)));
    if (opened.reader !== undefined) {
      say(output);
      say(output, 'While "start" runs, this Postgres can be read:');
      say(output, `  psql '${opened.reader.uri}'`);
      say(output, `  other tools: user meraki_reader, password in ${opened.reader.passwordFile}`);
    }
    return 0;
  } finally {
    await opened.close();
  }
}

function statusTable(
  output: Output,
  streams: readonly StreamStatus[],
  trust: (stream: StreamStatus) => readonly string[],
): string {
  const paint = paintFor(output);
  return table(
    ['organization', 'stream', 'covered from', 'until', 'lag', 'gaps', 'next deadline', 'state'],
    streams.map((stream) => [
      stream.organization_name ?? stream.organization_id,
      stream.series === UNFILTERED ? stream.stream : `${stream.stream}/${stream.series}`,
      formatMinute(stream.covered_from),
      formatMinute(stream.covered_until),
      formatSpan(stream.lag_seconds),
      `${stream.pending_gaps} pending, ${stream.lost_gaps} lost`,
      formatMinute(stream.next_deadline),
      stateOf(stream, paint, trust(stream)),
    ]),
    ['lag'],
  );
}

function stateOf(stream: StreamStatus, paint: ReturnType<typeof paintFor>, trust: readonly string[]): string {
  const notes: string[] = [...trust];
  if (stream.organization_state !== 'active')
    notes.push(`paused (${stream.organization_state ?? 'unknown'})`);
  if (stream.last_error !== null) notes.push(`${stream.last_error_code}: ${stream.last_error}`);
  if (stream.quarantined > 0) notes.push(`${stream.quarantined} rows in quarantine`);
  if (Math.abs(stream.clock_skew_seconds) > 0) notes.push(`clock off by ${stream.clock_skew_seconds} s`);
  const limits = limitsOf(stream.limits);
  if (limits !== '') notes.push(limits);
  return notes.length === 0 ? paint.green('ok') : paint.yellow(notes.join('; '));
}

function limitsOf(limits: unknown): string {
  if (typeof limits !== 'object' || limits === null) return '';
  const days = (name: string) => {
    const value = (limits as Record<string, unknown>)[name];
    return typeof value === 'number' ? `${Math.round(value / 86_400_000_000)} d` : undefined;
  };
  const [lookback, span] = [days('lookback'), days('span')];
  return [
    lookback === undefined ? '' : `source keeps ${lookback}`,
    span === undefined ? '' : `source answers ${span} at once`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** Prints what is missing. @returns 7 when something is, else 0 */
export async function gaps(options: LookOptions): Promise<number> {
  const { config, log, output, json } = options;
  const opened = await openConfiguredDatabase(config, log, 'guest', 2);
  try {
    await expectArchive(opened.database);
    const missing = await readGaps(opened.database.query);
    if (json) sayJson(output, { gaps: missing });
    else if (missing.length === 0) say(output, 'No gaps: everything that is wanted is covered.');
    else say(output, gapTable(missing));
    return missing.length === 0 ? 0 : 7;
  } finally {
    await opened.close();
  }
}

function gapTable(missing: readonly GapRow[]): string {
  return table(
    ['organization', 'stream', 'from', 'to', 'state', 'can be had until'],
    missing.map((gap) => [
      gap.organization_name ?? gap.organization_id,
      gap.series === UNFILTERED ? gap.stream : `${gap.stream}/${gap.series}`,
      formatMinute(gap.gap_from),
      formatMinute(gap.gap_to),
      gap.state,
      formatMinute(gap.deadline),
    ]),
  );
}

/**
 * @throws {SchemaMismatchError} when the database has not been migrated to this version
 */
export async function expectArchive(database: Database): Promise<void> {
  const missing = await pendingMigrations(database);
  if (missing.length > 0) {
    throw new SchemaMismatchError(
      'This database holds no archive of this version yet. Run "meraki-historian start", or "meraki-historian migrate".',
      { missing: missing.length },
    );
  }
}

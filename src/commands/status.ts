import { archiveMetrics } from '../db/archive-metrics.ts';
import { readStatus, type StreamStatus } from '../db/archive-status.ts';
import { readFindings } from '../db/stream-findings.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import { streamLabel } from '../stream-key.ts';
import { type LearnedSummary, summarizeLearned } from '../sync/learned-summary.ts';
import type { LookOptions } from './command-options.ts';
import { withArchive } from './open-archive.ts';
import {
  formatMinute,
  formatNumber,
  formatShare,
  formatSpan,
  type Output,
  type Paint,
  paintFor,
  say,
  sayJson,
  table,
} from './output.ts';
import { type Note, notesOn } from './stream-notes.ts';
import { trustNotes } from './trust-notes.ts';

/** Prints where each stream stands. Always 0: `gaps` and `doctor` are the commands that judge. */
export async function status(options: LookOptions & { readonly metrics: boolean }): Promise<number> {
  const { config, output, json, metrics } = options;
  return await withArchive(options, async (opened) => {
    const streams = await readStatus(opened.database.query, config.gapWarning);
    const findings = await readFindings(opened.database.query);
    const now = instantOfMilliseconds(options.clock.now());
    if (metrics) {
      output.stream.write(await archiveMetrics(streams));
      return 0;
    }
    if (json) {
      const told = streams.map(({ limits, ...stream }) => ({
        ...stream,
        learned: summarizeLearned(limits, now),
      }));
      sayJson(output, { streams: told, findings, psql: opened.reader?.uri ?? null });
      return 0;
    }
    if (streams.length === 0)
      say(output, 'No stream has been read yet: run "meraki-historian start" or "sync".');
    else say(output, statusText(output, streams, now, trustNotes(findings, config)));
    if (opened.reader !== undefined) {
      say(output);
      say(output, 'While "start" runs, this Postgres can be read:');
      say(output, `  psql '${opened.reader.uri}'`);
      say(output, `  other tools: user meraki_reader, password in ${opened.reader.passwordFile}`);
    }
    return 0;
  });
}

/** A table, and below it what each stream needs more words for. */
export function statusText(
  output: Output,
  streams: readonly StreamStatus[],
  now: Instant,
  trust: (stream: StreamStatus) => readonly Note[] = () => [],
): string {
  const paint = paintFor(output);
  const noted = streams.map((stream) => {
    const learned: LearnedSummary = summarizeLearned(stream.limits, now);
    return { stream, notes: [...notesOn(stream, learned), ...trust(stream)] };
  });
  const rows = noted.map(({ stream, notes }) => [
    stream.organization_name ?? stream.organization_id,
    streamLabel(stream),
    formatShare(roundedDown(stream.covered_ratio)),
    formatMinute(stream.covered_from).slice(0, 10),
    formatMinute(stream.covered_until),
    formatSpan(stream.lag_seconds),
    gapsOf(stream),
    stateOf(stream, notes, paint),
  ]);
  const headings = ['organization', 'stream', 'covered', 'from', 'until', 'lag', 'gaps', 'state'];
  const text = table(headings, rows, ['covered', 'lag']);
  const below = noted.flatMap(({ stream, notes }) => {
    if (notes.length === 0) return [];
    const title = `${stream.organization_name ?? stream.organization_id}, ${streamLabel(stream)}`;
    return ['', title, ...notes.map(({ weight, said }) => `  ${painted(weight, said, paint)}`)];
  });
  return [text, ...below].join('\n');
}

/** Only what is whole may say 100 %. */
function roundedDown(ratio: number | null): number | null {
  return ratio === null ? null : Math.floor(ratio * 10_000) / 10_000;
}

function gapsOf({ pending_gaps, lost_gaps }: StreamStatus): string {
  const parts = [
    pending_gaps > 0 ? `${formatNumber(pending_gaps)} pending` : '',
    lost_gaps > 0 ? `${formatNumber(lost_gaps)} lost` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function stateOf(stream: StreamStatus, notes: readonly Note[], paint: Paint): string {
  if (stream.retired_at !== null) return paint.dim('retired');
  if (stream.near_gaps > 0) return paint.red('losing');
  if (stream.organization_state !== 'active') return paint.yellow('paused');
  if (stream.last_error !== null) return paint.yellow('failing');
  return notes.some(({ weight }) => weight !== 'plain') ? paint.yellow('look below') : paint.green('ok');
}

function painted(weight: Note['weight'], said: string, paint: Paint): string {
  if (weight === 'alarm') return paint.red(said);
  return weight === 'warning' ? paint.yellow(said) : said;
}

import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { Partitions } from '../db/partitions.ts';
import { type QuarantinedRow, quarantinedStreams, readQuarantine } from '../db/quarantined-rows.ts';
import { instantOfMilliseconds } from '../instant.ts';
import type { Log } from '../log.ts';
import { type StreamKey, type StreamName, streamLabel } from '../stream-key.ts';
import { replayApiResponses } from '../streams/replay-api-responses.ts';
import { replayWebhookLogs } from '../streams/replay-webhook-logs.ts';
import { type ReplayCounts, type Replayer, replayQuarantine } from '../sync/replay.ts';
import { rollUp } from '../sync/roll-up.ts';
import { chosenOrganizationId } from './chosen-organization.ts';
import { toJson } from './json.ts';
import { withArchive } from './open-archive.ts';
import { formatMinute, formatNumber, type Output, say, sayAtReadersPace, sayJson, table } from './output.ts';

export interface QuarantineOptions {
  /** Id or name; `undefined`: all. */
  readonly organization: string | undefined;
  readonly stream: StreamName | undefined;
  readonly config: Config;
  readonly log: Log;
  readonly output: Output;
  readonly json: boolean;
}

/** More rows than a person reads; `--json` gives all. */
const MOST_SHOWN = 200;
const REPLAYERS: Readonly<Record<StreamName, Replayer>> = {
  webhook_logs: replayWebhookLogs,
  api_responses: replayApiResponses,
};

/**
 * Prints rows in quarantine; their text only with `raw` or as JSON, since it holds whole receiver URLs.
 *
 * @returns 7 when there are any, else 0
 */
export async function listQuarantine(
  options: QuarantineOptions & { readonly raw: boolean },
): Promise<number> {
  const { output, json, raw } = options;
  return await withArchive(options, async (opened) => {
    const { query } = opened.database;
    const keys = await chosenStreams(opened.database, options);
    const shown: (readonly [StreamKey, QuarantinedRow])[] = [];
    let rows = 0;
    if (json) output.stream.write('{"rows":[');
    for (const key of keys) {
      for await (const batch of readQuarantine(query, key, { withRaw: raw || json })) {
        for (const row of batch) {
          if (json) await sayAtReadersPace(output, `${rows === 0 ? '' : ','}\n${toJson(asJson(key, row))}`);
          else if (shown.length < MOST_SHOWN) shown.push([key, row]);
          rows += 1;
        }
      }
    }
    if (json) say(output, ']}');
    else sayRows(output, shown, rows, raw);
    return rows === 0 ? 0 : 7;
  });
}

/**
 * Judges rows in quarantine by the rules of this version and stores those that pass.
 *
 * @returns 7 when rows remain in quarantine, else 0
 */
export async function replayQuarantined(
  options: QuarantineOptions & { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<number> {
  const { clock, signal, output, json } = options;
  return await withArchive(options, async ({ database }) => {
    const partitions = new Partitions(database);
    const now = () => instantOfMilliseconds(clock.now());
    const results: (readonly [StreamKey, ReplayCounts])[] = [];
    for (const key of await chosenStreams(database, options)) {
      const replayer = REPLAYERS[key.stream];
      results.push([key, await replayQuarantine(database, partitions, key, replayer, now, signal)]);
      await rollUp({ database, partitions, signal }, key, now());
    }
    if (json) {
      const streams = results.map(([key, { reasons, ...counts }]) => ({
        ...key,
        ...counts,
        reasons: [...reasons].map(([reason, rows]) => ({ reason, rows })),
      }));
      sayJson(output, { streams });
    } else sayReplayed(output, results);
    return results.some(([, { refused }]) => refused > 0) ? 7 : 0;
  });
}

async function chosenStreams(
  database: Database,
  { organization, stream }: QuarantineOptions,
): Promise<readonly StreamKey[]> {
  const organizationId = await chosenOrganizationId(database, organization);
  return await quarantinedStreams(database.query, { organizationId, stream });
}

function asJson(key: StreamKey, row: QuarantinedRow) {
  const { digest, raw, reason, copies, sentAt, firstSeenAt, lastSeenAt } = row;
  return { ...key, id: digest, reason, copies, sentAt, firstSeenAt, lastSeenAt, raw };
}

function sayRows(
  output: Output,
  shown: readonly (readonly [StreamKey, QuarantinedRow])[],
  rows: number,
  raw: boolean,
): void {
  if (rows === 0) {
    say(output, 'Nothing is in quarantine.');
    return;
  }
  const headings = [
    'organization',
    'stream',
    'time of the row',
    'copies',
    'first seen',
    'last seen',
    'reason',
  ];
  const cells = ([key, row]: readonly [StreamKey, QuarantinedRow]) => [
    key.organizationId,
    streamLabel(key),
    formatMinute(row.sentAt),
    row.copies,
    formatMinute(row.firstSeenAt),
    formatMinute(row.lastSeenAt),
    row.reason,
  ];
  if (raw) for (const one of shown) say(output, `${cells(one).join('  ')}\n  ${one[1].raw}`);
  else say(output, table(headings, shown.map(cells), ['copies']));
  if (rows > shown.length) {
    say(output, `\n${formatNumber(rows - shown.length)} more: --json prints all.`);
  }
}

function sayReplayed(output: Output, results: readonly (readonly [StreamKey, ReplayCounts])[]): void {
  if (results.length === 0) {
    say(output, 'Nothing is in quarantine.');
    return;
  }
  const cells = results.map(([key, { stored, known, refused }]) => [
    key.organizationId,
    streamLabel(key),
    stored,
    known,
    refused,
  ]);
  const figures = ['stored', 'known', 'still refused'];
  say(output, table(['organization', 'stream', ...figures], cells, figures));
  for (const [key, { reasons }] of results) {
    for (const [reason, rows] of reasons) {
      say(output, `${key.organizationId} ${streamLabel(key)}: ${formatNumber(rows)} × ${reason}`);
    }
  }
}

import type { Config } from '../config.ts';
import type { StreamFindings } from '../db/stream-findings.ts';
import { describeStream, type StreamName } from '../stream-key.ts';
import { settleHint } from '../sync/settle-hint.ts';
import type { Note } from './stream-notes.ts';

type Named = Pick<StreamFindings, 'organization_id' | 'stream' | 'series'>;

/** What `status` notes of a stream besides its state: differences that audits found, a settle time too short. */
export function trustNotes(
  findings: readonly StreamFindings[],
  config: Config,
): (stream: Named) => readonly Note[] {
  return (stream) => {
    const found = findings.find((one) => isSame(one, stream));
    if (found === undefined) return [];
    const notes: Note[] = [];
    const audits = found.audits_repaired + found.audits_open;
    if (audits > 0) {
      const said = `${audits} audits of 7 d found differences (${found.audits_open} not repaired): see meraki.audits`;
      notes.push({ weight: 'alarm', said });
    }
    const hint = hintOf(found, config);
    if (hint !== undefined) notes.push({ weight: 'warning', said: hint });
    return notes;
  };
}

/** The settle times that are too short, each with its stream. */
export function settleHints(findings: readonly StreamFindings[], config: Config): readonly string[] {
  return findings.flatMap((found) => {
    const hint = hintOf(found, config);
    return hint === undefined ? [] : [`${nameOf(found)}: ${hint}`];
  });
}

export function nameOf({ organization_id, stream, series }: Named): string {
  return describeStream({ organizationId: organization_id, stream: stream as StreamName, series });
}

function hintOf(found: StreamFindings, config: Config): string | undefined {
  const stream = found.stream as StreamName;
  const settle = stream === 'webhook_logs' ? config.webhookLogs.settle : config.apiResponses.settle;
  return settleHint(stream, found.late_max_seconds, settle);
}

function isSame(a: Named, b: Named): boolean {
  return a.organization_id === b.organization_id && a.stream === b.stream && a.series === b.series;
}

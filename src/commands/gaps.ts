import { type GapRow, readGaps } from '../db/archive-status.ts';
import { streamLabel } from '../stream-key.ts';
import type { LookOptions } from './command-options.ts';
import { withArchive } from './open-archive.ts';
import { formatMinute, formatSpan, type Output, paintFor, say, sayJson, table } from './output.ts';

/** Prints what is missing. @returns 7 when something is, else 0 */
export async function gaps(options: LookOptions): Promise<number> {
  const { config, output, json } = options;
  return await withArchive(options, async (opened) => {
    const missing = await readGaps(opened.database.query, config.gapWarning);
    if (json) sayJson(output, { gaps: missing });
    else if (missing.length === 0) say(output, 'No gaps: everything that is wanted is covered.');
    else sayGaps(output, missing);
    return missing.length === 0 ? 0 : 7;
  });
}

function sayGaps(output: Output, missing: readonly GapRow[]): void {
  const paint = paintFor(output);
  const rows = missing.map((gap) => [
    gap.organization_name ?? gap.organization_id,
    streamLabel(gap),
    formatMinute(gap.gap_from),
    formatMinute(gap.gap_to),
    gap.is_near ? paint.red('pending!') : gap.state,
    formatMinute(gap.deadline),
    gap.state === 'lost'
      ? `${formatMinute(gap.lost_at)}: ${gap.reason ?? 'being recorded'}`
      : `in ${formatSpan(gap.seconds_left)}`,
  ]);
  say(output, table(['organization', 'stream', 'from', 'to', 'state', 'can be had until', 'lost'], rows));
  const near = missing.filter((gap) => gap.is_near).length;
  if (near === 0) return;
  say(output);
  say(output, paint.red(`${near} marked with ! will be lost soon: keep "start" running, or run "sync".`));
}

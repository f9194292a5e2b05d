import type { StreamStatus } from '../db/archive-status.ts';
import type { LearnedSummary } from '../sync/learned-summary.ts';
import { formatMinute, formatNumber, formatSpan } from './output.ts';

/** How much a note should worry: `alarm`: something is lost or soon will be; `plain`: good to know. */
export type Weight = 'alarm' | 'warning' | 'plain';

export interface Note {
  readonly weight: Weight;
  readonly said: string;
}

/** Clocks that differ by less are nobody's concern: the source tells its time in whole seconds. */
const HARMLESS_SKEW_SECONDS = 2;

/** What `status` has to say of one stream beside its line in the table, in words. */
export function notesOn(stream: StreamStatus, learned: LearnedSummary): readonly Note[] {
  const notes: Note[] = [];
  const add = (weight: Weight, said: string) => notes.push({ weight, said });
  if (stream.retired_at !== null) {
    const why =
      stream.organization_state === 'left_out'
        ? 'left out by MERAKI_ORGANIZATION_IDS'
        : 'no longer configured';
    add('plain', `${why}; not wanted since ${formatMinute(stream.retired_at)}`);
  } else if (stream.organization_state !== 'active') {
    add('warning', `paused: ${pauseOf(stream)}`);
  }
  if (stream.near_gaps > 0) {
    add(
      'alarm',
      `${count(stream.near_gaps, 'gap')} will be lost soon, the first at ${formatMinute(stream.next_deadline)} UTC`,
    );
  }
  if (stream.lost_seconds > 0) {
    add('alarm', `${formatSpan(stream.lost_seconds)} of time lost for good: see "meraki-historian gaps"`);
  }
  if (stream.last_error !== null) add('warning', `${stream.last_error_code}: ${stream.last_error}`);
  if (stream.quarantined > 0) add('warning', `${count(stream.quarantined, 'row')} in quarantine`);
  const skew = stream.clock_skew_seconds;
  if (Math.abs(skew) >= HARMLESS_SKEW_SECONDS) {
    const side = skew > 0 ? 'ahead of' : 'behind';
    add(
      'plain',
      `Meraki's clock is ${formatSpan(Math.abs(skew))} ${side} this machine's; Meraki's is followed`,
    );
  }
  for (const said of lessonsIn(learned)) add('plain', said);
  return notes;
}

function lessonsIn(learned: LearnedSummary): readonly string[] {
  const lessons: string[] = [];
  if (learned.lookback_seconds !== null) lessons.push(`Meraki keeps ${formatSpan(learned.lookback_seconds)}`);
  if (learned.span_seconds !== null) {
    lessons.push(`it is asked for at most ${formatSpan(learned.span_seconds)} at once`);
  }
  if (learned.unsorted_span_seconds !== null) {
    const width = formatSpan(learned.unsorted_span_seconds);
    lessons.push(`its log is not sorted by time, so it is read in windows of ${width}`);
  }
  if (learned.finest_interval_seconds !== null) {
    lessons.push(`its narrowest buckets are ${formatSpan(learned.finest_interval_seconds)} wide`);
  }
  if (learned.finer_interval_seconds !== null) {
    const width = formatSpan(learned.finer_interval_seconds);
    lessons.push(`its buckets are ${width} wide where wider ones are asked for`);
  }
  if (learned.fine_span_seconds !== null) {
    const width = formatSpan(learned.fine_span_seconds);
    lessons.push(`windows wider than ${width} come in coarser buckets than asked`);
  }
  const skipped = learned.skipped.map(
    ({ from, to, until }) =>
      `no answer for ${formatMinute(from)} to ${formatMinute(to)}; asked again after ${formatMinute(until)}`,
  );
  const passing = [...skipped, ...learned.shortened.map(shortWindows)];
  if (lessons.length === 0) return passing;
  const [at, until] = [formatMinute(learned.learned_at), formatMinute(learned.believed_until)];
  return [
    `learned of the source on ${at}, believed until ${until}:`,
    ...lessons.map((said) => `- ${said}`),
    ...passing,
  ];
}

function shortWindows({ from, to, until, span_seconds }: LearnedSummary['shortened'][number]): string {
  const when =
    from === null || to === null ? 'at any time' : `from ${formatMinute(from)} to ${formatMinute(to)}`;
  const width = formatSpan(span_seconds);
  return `no answer to long windows ${when}; asked for at most ${width} at once until ${formatMinute(until)}`;
}

function pauseOf({ organization_state: state, organization_id: id }: StreamStatus): string {
  if (state === 'api_disabled') return 'API access is disabled in the dashboard (Organization, Settings)';
  if (state === 'refused') return 'Meraki refuses to answer for the organization';
  if (state === 'vanished') {
    return `the key no longer sees the organization; if it is gone for good, take it out of MERAKI_ORGANIZATION_IDS, or set that to -${id} where it names none`;
  }
  if (state === 'left_out') return 'MERAKI_ORGANIZATION_IDS leaves the organization out';
  return 'the organization was never listed';
}

function count(amount: number, thing: string): string {
  return `${formatNumber(amount)} ${thing}${amount === 1 ? '' : 's'}`;
}

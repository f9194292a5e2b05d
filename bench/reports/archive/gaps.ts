import { type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { type Ranges, rangesOf } from '../../../src/ranges.ts';
import type { StreamName } from '../../../src/stream-key.ts';
import type { PlannedArchive } from './archive-options.ts';

/** A stretch that the archive lacks, or lacked. */
export interface PlannedGap {
  readonly customer: number;
  readonly stream: StreamName;
  readonly from: Instant;
  readonly to: Instant;
  /** Why it was lost; `undefined`: it can still be had. */
  readonly reason?: 'not_running' | 'refused' | 'api_disabled';
  readonly recovered?: true;
}

interface Sketch extends Pick<PlannedGap, 'customer' | 'reason' | 'recovered'> {
  readonly streams: readonly StreamName[];
  /** Where it begins, from 0 (the beginning) to 1 (the last that can be lost), or hours before the end. */
  readonly at: { readonly part: number } | { readonly hoursBefore: number };
  readonly hours: number;
}

const BOTH: readonly StreamName[] = ['webhook_logs', 'api_responses'];
const SKETCHES: readonly Sketch[] = [
  { customer: 0, streams: ['webhook_logs'], at: { hoursBefore: 20 * 24 }, hours: 3.5 },
  { customer: 0, streams: ['api_responses'], at: { part: 0.75 }, hours: 50, reason: 'not_running' },
  { customer: 1, streams: ['webhook_logs'], at: { part: 0.6 }, hours: 31, reason: 'not_running' },
  { customer: 2, streams: BOTH, at: { part: 0.3 }, hours: 5.3, reason: 'refused' },
  {
    customer: 3,
    streams: ['webhook_logs'],
    at: { part: 0.8 },
    hours: 12,
    reason: 'not_running',
    recovered: true,
  },
  { customer: 4, streams: ['api_responses'], at: { part: 0.5 }, hours: 6 * 24, reason: 'api_disabled' },
];
/** For all organizations: the archiver was off. */
const OFF = { streams: BOTH, at: { part: 0.4 }, hours: 9.25, reason: 'not_running' } as const;
const HOUR = instantOfSeconds(3_600);
const BUCKET = instantOfSeconds(120);
/** Beyond this age, neither source has anything any more. */
const LOST_AFTER = 32 * 24 * HOUR;

/** A handful of gaps. An archive too short for any time to be lost has only what can still be had. */
export function planGaps({ from, now, organizations }: PlannedArchive): readonly PlannedGap[] {
  const losable = now - LOST_AFTER - from;
  const sketches: readonly Sketch[] = [
    ...SKETCHES.filter(({ customer }) => customer < organizations),
    ...Array.from({ length: organizations }, (_, customer) => ({ ...OFF, customer })),
  ];
  return sketches.flatMap(({ customer, streams, at, hours, reason, recovered }) => {
    const start = 'part' in at ? from + at.part * losable : now - at.hoursBefore * HOUR;
    const begin = Math.floor(start / BUCKET) * BUCKET;
    const end = begin + Math.floor((hours * HOUR) / BUCKET) * BUCKET;
    const latest = 'part' in at ? now - LOST_AFTER : now;
    if (begin <= from || end >= latest) return [];
    return streams.map((stream) => ({
      customer,
      stream,
      from: begin,
      to: end,
      ...(reason !== undefined && { reason }),
      ...(recovered && { recovered }),
    }));
  });
}

/** What a stream of an organization lacks now. */
export function missingOf(gaps: readonly PlannedGap[], customer: number, stream: StreamName): Ranges {
  return rangesOf(
    ...gaps.filter((gap) => gap.customer === customer && gap.stream === stream && gap.recovered !== true),
  );
}

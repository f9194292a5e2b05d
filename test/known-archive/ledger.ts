import type { AuditOutcome } from '../../src/db/audits.ts';
import type { StreamName } from '../../src/stream-key.ts';
import { DAY, HOUR, MINUTE, type Moment, type Stretch, utc } from './facts.ts';
import { ALPENGLOW, BIRCH, DUNE } from './places.ts';

interface Key {
  readonly organizationId: string;
  readonly stream: StreamName;
}

export interface Audit extends Key {
  readonly at: Moment;
  readonly audited: Stretch;
  readonly compared: number;
  readonly missing: number;
  readonly surplus: number;
  readonly changed: number;
  readonly outcome: AuditOutcome;
}

const audit = { compared: 100, missing: 0, surplus: 0, changed: 0 };

export const AUDITS: readonly Audit[] = [
  {
    ...{ ...audit, organizationId: ALPENGLOW, stream: 'webhook_logs', at: utc('2025-11-02T04:00:00') },
    ...{ audited: { from: utc('2025-10-02'), to: utc('2025-10-03') }, outcome: 'equal' },
  },
  {
    ...{ ...audit, organizationId: ALPENGLOW, stream: 'webhook_logs', at: utc('2025-11-03T04:00:00') },
    ...{ audited: { from: utc('2025-10-03'), to: utc('2025-10-04') }, missing: 2, outcome: 'repaired' },
  },
  {
    ...{ ...audit, organizationId: ALPENGLOW, stream: 'api_responses', at: utc('2025-12-02T04:00:00') },
    ...{ audited: { from: utc('2025-12-01'), to: utc('2025-12-02') }, changed: 1, outcome: 'unconfirmed' },
  },
];

export interface Refused extends Key {
  readonly raw: string;
  readonly reason: string;
  readonly copies: number;
  readonly sentAt: Moment | null;
  readonly seenAt: Moment;
}

export const REFUSED: readonly Refused[] = [
  {
    ...{
      organizationId: ALPENGLOW,
      stream: 'webhook_logs',
      raw: '{"sentAt":"never"}',
      copies: 3,
      sentAt: null,
    },
    ...{
      reason: 'sentAt is not an ISO 8601 timestamp to the microsecond',
      seenAt: utc('2025-11-07T10:00:00'),
    },
  },
  {
    ...{ organizationId: BIRCH, stream: 'webhook_logs', raw: '{"url":5}', copies: 1 },
    ...{ sentAt: utc('2025-12-07T09:58:00'), reason: 'url is no text', seenAt: utc('2025-12-07T10:00:00') },
  },
];

export interface Run extends Key {
  readonly startedAt: Moment;
  readonly rowsNew: number;
  readonly requests: number;
  readonly waitedMs: number;
  readonly outcome: 'complete' | 'failed';
  readonly error: string | null;
}

/** Runs of the last days: one in ten failed. */
export function runs(now: Moment): Run[] {
  return Array.from({ length: 60 }, (_, n) => ({
    organizationId: n % 2 === 0 ? DUNE : BIRCH,
    stream: 'webhook_logs' as const,
    startedAt: now - (n + 1) * 2 * HOUR,
    rowsNew: 10 * n,
    requests: 1 + (n % 3),
    waitedMs: 100 * n,
    outcome: n % 10 === 0 ? ('failed' as const) : ('complete' as const),
    error: n % 10 === 0 ? (n % 20 === 0 ? 'Meraki answers 502' : 'Meraki does not answer') : null,
  }));
}

/** Rows that appeared late, in the histogram's buckets of 2^(1/4). */
export const LATENESS = [
  { bucket: 12, rows: 900, rowsFoundLate: 0, rowsAfterFinal: 0, maxSeconds: 7.5, lateMaxSeconds: 0 },
  { bucket: 30, rows: 100, rowsFoundLate: 4, rowsAfterFinal: 1, maxSeconds: 180, lateMaxSeconds: 170 },
];

export const CEDAR_DISABLED_SINCE = utc('2025-08-01');

export function driftSeenAt(now: Moment): Moment {
  return now - 3 * DAY - 5 * MINUTE;
}

import { subtract } from '../../src/ranges.ts';
import type { StreamName } from '../../src/stream-key.ts';
import { HOUR, type LostStretch, MINUTE, type Moment, type StreamFacts, type Stretch, utc } from './facts.ts';
import { ALPENGLOW, AUTOMATION, BEGIN, BIRCH, DENSE, END, FINE, OWN_AGENT } from './places.ts';
import { BIRCH_SINCE } from './requests.ts';

export const LOST_DELIVERIES: ReadonlyMap<string, readonly LostStretch[]> = new Map([
  [
    ALPENGLOW,
    [
      { from: utc('2025-03-10'), to: utc('2025-03-14T06:00:00'), reason: 'not_running' },
      { from: utc('2025-12-15T10:20:00'), to: utc('2025-12-15T13:40:00'), reason: 'refused' },
    ],
  ],
]);

export const LOST_REQUESTS: ReadonlyMap<string, readonly LostStretch[]> = new Map([
  [ALPENGLOW, [{ from: utc('2025-10-05T03:00:00'), to: utc('2025-10-05T09:00:00'), reason: 'fell_behind' }]],
  [BIRCH, [{ from: utc('2025-12-24'), to: utc('2025-12-24T12:00:00'), reason: 'api_disabled' }]],
]);

/** Read, and never settled: nobody looked again. */
export const UNSETTLED: Stretch = { from: END - 2 * HOUR, to: END };

/** What is covered of two organizations: all but what was lost. Counts of requests end with the year. */
export function pastStreams(now: Moment): StreamFacts[] {
  const until = Math.floor((now - 10 * MINUTE) / HOUR) * HOUR;
  return [
    deliveries(ALPENGLOW, until, [UNSETTLED]),
    deliveries(BIRCH, until, []),
    ...['all', AUTOMATION, OWN_AGENT].map((series) => requests(ALPENGLOW, series, DENSE)),
    requests(BIRCH, 'all', BIRCH_SINCE),
  ];
}

function deliveries(organizationId: string, until: Moment, provisional: readonly Stretch[]): StreamFacts {
  const lost = LOST_DELIVERIES.get(organizationId) ?? [];
  const key = { organizationId, stream: 'webhook_logs' as StreamName, series: 'all' };
  const final = subtract([{ from: BEGIN, to: until }], [...lost, ...provisional]);
  const reach = { wantedFrom: BEGIN, lookbackSeconds: 90 * 86_400, expectedLagSeconds: 7_200 };
  return { ...key, ...reach, covered: [{ seconds: 0, final }], provisional, lost };
}

function requests(organizationId: string, series: string, since: Moment): StreamFacts {
  const lost = LOST_REQUESTS.get(organizationId) ?? [];
  const key = { organizationId, stream: 'api_responses' as StreamName, series };
  const reach = {
    wantedFrom: since,
    lookbackSeconds: 31 * 86_400,
    expectedLagSeconds: 7_200,
    retiredAt: END,
  };
  const covered = [
    { seconds: 120, final: [{ from: FINE, to: END }] },
    { seconds: 3_600, final: subtract([{ from: since, to: FINE }], lost) },
  ];
  return { ...key, ...reach, covered, provisional: [], lost };
}

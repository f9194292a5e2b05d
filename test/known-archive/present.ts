import { createRandom } from '../../src/simulator/random.ts';
import {
  DAY,
  type Delivery,
  HOUR,
  MINUTE,
  type Moment,
  type Requests,
  type StreamFacts,
  type Stretch,
} from './facts.ts';
import { DUNE } from './places.ts';

export const WORKING_URL = 'https://working.example.com/in';
export const FAILING_URL = 'https://failing.example.com/in';
export const SILENT_URL = 'https://silent.example.com/in';

/** Deliveries up to half an hour ago: one receiver works, one fails since 15 hours, one was last asked 5 days ago. */
export function makePresentDeliveries(now: Moment): Delivery[] {
  const random = createRandom('cookbook', 'present');
  const deliveries: Delivery[] = [];
  const add = (url: string, sentAt: Moment, code: number) => {
    const durationMs = 20 + random.integer(100);
    const alertType = 'Settings changed';
    deliveries.push({
      ...{ organizationId: DUNE, networkId: 'N_D1', alertType, url, sentAt, code, durationMs, occurrence: 0 },
      ...{ loggedAt: sentAt + durationMs },
    });
  };
  for (let at = now - 30 * DAY + HOUR; at < now - 30 * MINUTE; at += 30 * MINUTE) {
    if (at >= now - 20 * DAY && at < now - 19 * DAY) continue;
    add(WORKING_URL, at + 1, 200);
    add(FAILING_URL, at + 2, at >= now - 15 * HOUR ? 500 : random.chance(0.02) ? 500 : 200);
    if (at < now - 5 * DAY) add(SILENT_URL, at + 3, 200);
  }
  return deliveries;
}

/** Two days of buckets of two minutes, with refused requests in the last two hours. */
export function makePresentRequests(now: Moment): Requests[] {
  const requests: Requests[] = [];
  const until = presentBucket(now);
  for (let at = until - 2 * DAY; at < until; at += 2 * MINUTE) {
    const bucket = { organizationId: DUNE, series: 'all', seconds: 120, bucketStart: at };
    requests.push({ ...bucket, code: 200, count: 40 });
    if (at >= until - 2 * HOUR) requests.push({ ...bucket, code: 429, count: 4 });
  }
  return requests;
}

/** A day of deliveries, from 20 days ago, is still to be fetched. */
export function presentStreams(now: Moment): StreamFacts[] {
  const until = presentBucket(now);
  return [
    {
      ...{ organizationId: DUNE, stream: 'webhook_logs', series: 'all', lost: [] },
      ...{ wantedFrom: now - 30 * DAY + HOUR, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 3_600 },
      covered: [
        {
          seconds: 0,
          final: [
            { from: now - 30 * DAY + HOUR, to: now - 20 * DAY },
            { from: now - 19 * DAY, to: now - 30 * MINUTE },
          ],
        },
      ],
      provisional: [{ from: now - 30 * MINUTE, to: now - 5 * MINUTE }],
    },
    {
      ...{ organizationId: DUNE, stream: 'api_responses', series: 'all', lost: [] },
      ...{ wantedFrom: until - 2 * DAY, lookbackSeconds: 31 * 86_400, expectedLagSeconds: 3_600 },
      covered: [{ seconds: 120, final: [{ from: until - 2 * DAY, to: until }] }],
      provisional: [],
    },
  ];
}

/** The first of the two days of buckets was read a second time. */
export function presentVerified(now: Moment): Stretch {
  return { from: presentBucket(now) - 2 * DAY, to: presentBucket(now) - DAY };
}

function presentBucket(now: Moment): Moment {
  return Math.floor((now - 10 * MINUTE) / (2 * MINUTE)) * 2 * MINUTE;
}

import { makeDeliveries } from './deliveries.ts';
import { type Facts, MINUTE } from './facts.ts';
import { NETWORK_NAMES, ORGANIZATIONS } from './places.ts';
import { makePresentDeliveries, makePresentRequests, presentStreams } from './present.ts';
import { makeRequests } from './requests.ts';
import { LOST_DELIVERIES, LOST_REQUESTS, pastStreams } from './streams.ts';

/** Two years of two organizations, always the same, and the last 30 days of another. */
export function makeFacts(): Facts {
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  return {
    now,
    organizations: ORGANIZATIONS,
    networkNames: NETWORK_NAMES,
    deliveries: [...makeDeliveries(LOST_DELIVERIES), ...makePresentDeliveries(now)],
    requests: [...makeRequests(LOST_REQUESTS), ...makePresentRequests(now)],
    streams: [...pastStreams(now), ...presentStreams(now)],
  };
}

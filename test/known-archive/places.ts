import { type OrganizationFacts, utc } from './facts.ts';

/** Two years, of which the last four months are dense. Behind END no delivery came, and no request is counted. */
export const BEGIN = utc('2024-01-01');
/** Since when the second organization has deliveries. */
export const BIRCH_BEGIN = utc('2025-01-01');
export const DENSE = utc('2025-09-01');
export const END = utc('2026-01-01');

export const ALPENGLOW = '1001';
export const BIRCH = '1002';
export const CEDAR = '1003';
/** Its deliveries and requests are of the last days before the archive was filled. */
export const DUNE = '1004';

export const ORGANIZATIONS: readonly OrganizationFacts[] = [
  { id: ALPENGLOW, name: 'Alpenglow Hotels', zone: 'Europe/Berlin', state: 'active' },
  { id: BIRCH, name: 'Birch County Schools', zone: 'UTC', state: 'active' },
  { id: CEDAR, name: 'Cedar Clinics', zone: 'UTC', state: 'api_disabled' },
  { id: DUNE, name: 'Dune Logistics', zone: 'America/New_York', state: 'active' },
];

export const NETWORK_NAMES: ReadonlyMap<string, string> = new Map([
  ['N_A1', 'Lobby'],
  ['N_A2', 'Conference wing'],
  ['N_A3', 'Guest rooms'],
  ['N_A4', 'Old annex'],
  ['N_A5', 'New annex'],
  ['N_B1', 'High school'],
  ['N_B2', 'Library'],
  ['N_D1', 'Depot'],
]);

/** Two customers' receivers share the host of the pager, and so its outage. */
export const SHARED_OUTAGE = { from: utc('2025-11-10T08:00:00'), to: utc('2025-11-12T20:00:00') };
export const FLAPPING = { from: utc('2025-12-03T09:00:00'), to: utc('2025-12-03T12:00:00') };
export const STORM = { from: utc('2025-11-20T14:00:00'), to: utc('2025-11-20T15:00:00') };
export const SLOWER_SINCE = utc('2025-11-15');
/** Requests of one night, and a figure of one morning that was final and changed. */
export const HEAVY_NIGHT = utc('2025-11-28T02:00:00');
export const REVISED_HOUR = utc('2025-12-01T05:00:00');
export const REVISED_BY = 7;
/** From here on buckets of two minutes. */
export const FINE = utc('2025-12-29');

/** What the views compute from the facts, the rest being rolled up. */
export const STALE = { from: utc('2025-12-02T22:00:00'), to: utc('2025-12-05T07:00:00') };

export const OWN_AGENT = 'archiver';
export const AUTOMATION = 'automation';

/** Names as they were listed before, and when the new one was noticed. */
export const RENAMED = [
  { networkId: 'N_A2', from: 'Ballroom', to: 'Conference wing', at: utc('2025-11-06T03:00:00') },
];

import { createRandom } from '../random.ts';
import type { Rhythm } from './rhythm.ts';

/** A program of the customer's that calls the API; every counted request belongs to one. */
export interface ApiClient {
  readonly adminId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly version: 0 | 1;
  /** Indexes into `OPERATION_IDS`. */
  readonly operations: readonly number[];
  readonly rhythm: Rhythm;
  /** Requests in 120 seconds, on average, in an organization of weight 1. */
  readonly pace: number;
  /** For each of `RESPONSE_CODES`, the share of requests answered by it or one before it. */
  readonly codes: readonly number[];
}

export const RESPONSE_CODES = [200, 201, 204, 400, 403, 404, 410, 429, 500] as const;

export const OPERATION_IDS = [
  'getOrganizations',
  'getOrganizationNetworks',
  'getOrganizationDevicesStatuses',
  'getNetworkClients',
  'getNetworkEvents',
  'updateNetworkWirelessSsid',
  'createOrganizationActionBatch',
  'deleteNetworkGroupPolicy',
  'getDeviceCameraVideoLink',
  'getOrganizationApiRequests',
];

const PROFILES: readonly Omit<ApiClient, 'adminId' | 'sourceIp'>[] = [
  profile('Monitor/2.4 NorthStar', 1, [1, 2, 4], 'steady', 9, [93, 0, 0, 0.2, 0, 0.6, 0, 5.6, 0.6]),
  profile('python-meraki/1.52.0 Inventory', 1, [0, 1, 2, 3], 'nightly', 4, [97, 0, 0, 0, 0.4, 1.6, 0, 1, 0]),
  profile('Provisioner/0.9 Calder', 1, [5, 6, 7], 'office', 3, [52, 31, 9, 6, 0, 1, 0, 0, 1]),
  profile('LegacySync/5 Contoso', 0, [1, 3], 'steady', 2, [38, 0, 0, 2, 7, 30, 22, 0, 1]),
  profile('CameraWall/3.1 Vista', 1, [8], 'office', 4, [88, 0, 0, 0, 2, 4, 0, 5, 1]),
  profile('python-meraki/1.48.0 Audit', 1, [0, 9], 'office', 1, [90, 0, 0, 1, 8, 1, 0, 0, 0]),
];

/** Four to six clients; some share an admin or an address with another, as real ones do. */
export function apiClientsOf(seed: number | string, organizationId: string): ApiClient[] {
  const random = createRandom(seed, organizationId, 'clients');
  const admins = [0, 1, 2].map(() => String(100_000 + random.integer(899_999)));
  const addresses = [0, 1, 2, 3].map(() => `198.51.100.${1 + random.integer(250)}`);
  return PROFILES.slice(0, 4 + random.integer(3)).map((base, index) => ({
    ...base,
    adminId: admins[index % admins.length] as string,
    sourceIp: addresses[index % addresses.length] as string,
  }));
}

function profile(
  userAgent: string,
  version: 0 | 1,
  operations: number[],
  rhythm: Rhythm,
  pace: number,
  percentages: number[],
): Omit<ApiClient, 'adminId' | 'sourceIp'> {
  const total = percentages.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  const codes = percentages.map((value) => {
    sum += value;
    return sum / total;
  });
  return { userAgent, version, operations, rhythm, pace, codes };
}

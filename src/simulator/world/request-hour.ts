/**
 * The API requests of one organization and one UTC hour, as columns. Every request has an instant of its own, so
 * that a window which cuts through a bucket counts exactly the requests inside it.
 */
import { HOUR, type Moment, SECOND } from '../moment.ts';
import { createRandom, type Random } from '../random.ts';
import { type ApiClient, RESPONSE_CODES } from './api-clients.ts';
import type { Organization } from './organizations.ts';
import { busyness } from './rhythm.ts';

export interface RequestHour {
  readonly start: Moment;
  /** Microseconds after `start`, in no order within a slot of 120 seconds. */
  readonly at: Uint32Array;
  /** Indexes into the organization's clients, `OPERATION_IDS` and `RESPONSE_CODES`. */
  readonly client: Uint8Array;
  readonly operation: Uint8Array;
  readonly code: Uint8Array;
}

const SLOT = 120 * SECOND;
const SLOTS = HOUR / SLOT;

/** Draws the hour that starts `hour` hours after the epoch; some slots, hours and quarters of a day are idle. */
export function createRequestHour(
  seed: number | string,
  organization: Organization,
  hour: number,
): RequestHour {
  const at: number[] = [];
  const client: number[] = [];
  const operation: number[] = [];
  const code: number[] = [];
  const random = createRandom(seed, organization.id, 'requests', hour);
  const size = Math.sqrt(organization.share);
  const pace = organization.clients.map((one) => one.pace * size * busyness(one.rhythm, hour));
  const idle = organization.share === 0 || isIdle(seed, organization.id, hour);
  for (let slot = 0; slot < SLOTS && !idle; slot++) {
    if (random.chance(0.04)) continue;
    organization.clients.forEach((one, index) => {
      const mean = pace[index] ?? 0;
      const count = Math.floor(mean * (0.5 + random.next()) + random.next());
      for (let request = 0; request < count; request++) {
        at.push(slot * SLOT + random.integer(SLOT));
        client.push(index);
        operation.push(random.pick(one.operations));
        code.push(drawCode(random, one));
      }
    });
  }
  return {
    start: hour * HOUR,
    at: Uint32Array.from(at),
    client: Uint8Array.from(client),
    operation: Uint8Array.from(operation),
    code: Uint8Array.from(code),
  };
}

function isIdle(seed: number | string, organizationId: string, hour: number): boolean {
  const quarter = createRandom(seed, organizationId, 'idle quarter', Math.floor(hour / 6));
  return quarter.chance(0.03) || createRandom(seed, organizationId, 'idle hour', hour).chance(0.02);
}

function drawCode(random: Random, client: ApiClient): number {
  const luck = random.next();
  const index = client.codes.findIndex((share) => luck < share);
  return index === -1 ? 0 : index % RESPONSE_CODES.length;
}

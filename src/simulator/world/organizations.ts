import { createRandom, type Random } from '../random.ts';
import { type ApiClient, apiClientsOf } from './api-clients.ts';
import { HOOKS, ORGANIZATION_NAMES, PRODUCT_TYPES, SITES, TAGS } from './vocabulary.ts';

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly productTypes: readonly string[];
  readonly tags: readonly string[];
  readonly timeZone: string;
}

/** Where webhooks go; a failing one has hours on end in which nothing gets through. */
export interface Receiver {
  readonly url: string;
  readonly failing: boolean;
}

export interface Organization {
  readonly id: string;
  readonly name: string;
  /** Whether API access is enabled. */
  readonly enabled: boolean;
  /** Its share of all deliveries; the shares add up to 1. */
  readonly share: number;
  readonly networks: readonly Network[];
  readonly receivers: readonly Receiver[];
  readonly clients: readonly ApiClient[];
}

export type Sizes = 'halving' | 'equal';

/** `count` organizations, each about half the size of the one before or all alike, and one without API access. */
export function createOrganizations(seed: number | string, count: number, sizes: Sizes): Organization[] {
  const sizeOf = (index: number) => (sizes === 'equal' ? 1 / count : 0.5 ** (index + 1) / (1 - 0.5 ** count));
  const enabled = Array.from({ length: count }, (_, index) => {
    const name = ORGANIZATION_NAMES[index] ?? `Organization ${index + 1}`;
    return createOrganization(seed, index, name, sizeOf(index));
  });
  return [...enabled, createOrganization(seed, count, 'Dormant Holdings', 0)];
}

function createOrganization(seed: number | string, index: number, name: string, share: number): Organization {
  const random = createRandom(seed, 'organization', index);
  // Some of the real ids exceed what a double holds; whoever reads them as numbers must fail here.
  const id =
    index % 2 === 0 ? `${500 + index}${digits(random, 3)}` : `64682${900 + index}${digits(random, 10)}`;
  return {
    id,
    name,
    enabled: share > 0,
    share,
    networks: Array.from({ length: 5 + random.integer(6) }, (_, place) => createNetwork(random, place)),
    receivers: share > 0 ? createReceivers(random) : [],
    clients: share > 0 ? apiClientsOf(seed, id) : [],
  };
}

function createNetwork(random: Random, place: number): Network {
  const { city, timeZone } = random.pick(SITES);
  return {
    id: `${random.chance(0.6) ? 'N' : 'L'}_${6468 + place}${digits(random, 14)}`,
    name: `${city} ${place + 1}`,
    productTypes: random.pick(PRODUCT_TYPES),
    tags: random.pick(TAGS),
    timeZone,
  };
}

function createReceivers(random: Random): Receiver[] {
  return HOOKS.slice(0, 8 + random.integer(HOOKS.length - 7)).map((hook, place) => ({
    url: hook.replace(/\{(\d+)\}/g, (_, length) => secret(random, Number(length))),
    failing: place === 2 || place === 5,
  }));
}

function digits(random: Random, length: number): string {
  return Array.from({ length }, () => random.integer(10)).join('');
}

function secret(random: Random, length: number): string {
  return Array.from({ length }, () => random.integer(36).toString(36)).join('');
}

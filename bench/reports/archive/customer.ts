import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { ALERT_TYPES, HOOKS, PRODUCT_TYPES, SITES, TAGS } from '../../../src/simulator/world/vocabulary.ts';
import { hash64 } from '../../../src/streams/hash.ts';
import { memberKey } from '../../../src/streams/webhook-log-row.ts';
import { bigintField, type Field, textField } from './binary-rows.ts';
import { weightedPick } from './chances.ts';

export interface PlannedNetwork {
  readonly id: string;
  readonly name: string;
  readonly productTypes: readonly string[];
  readonly tags: readonly string[];
  readonly timeZone: string;
  readonly key: Field;
  /** Indexes of the alert types that it sends. */
  readonly alertTypes: readonly number[];
}

export interface PlannedAlertType {
  readonly name: string;
  readonly key: Field;
  /** Indexes of the receivers that are told. */
  readonly receivers: readonly number[];
}

export interface PlannedReceiver {
  readonly url: string;
  readonly key: Field;
  /** Median latency in milliseconds, and the standard deviation of its logarithm. */
  readonly latency: { readonly median: number; readonly spread: number };
}

/** An organization of the archive. */
export interface Customer {
  readonly index: number;
  readonly id: string;
  readonly idField: Field;
  readonly name: string;
  /** Its name when the archive began. */
  readonly formerName: string;
  /** Share of all deliveries. */
  readonly share: number;
  /** Hours that its working day lies behind that of UTC. */
  readonly hoursBehind: number;
  readonly networks: readonly PlannedNetwork[];
  readonly alertTypes: readonly PlannedAlertType[];
  readonly receivers: readonly PlannedReceiver[];
  readonly pickNetwork: (random: Random) => number;
  /** Names of its series of API responses besides the unfiltered one. */
  readonly series: readonly string[];
}

const FIRST = ['Alder', 'Birch', 'Cedar', 'Dune', 'Elm', 'Fjord', 'Glen', 'Heath', 'Isle', 'Juniper'];
const SECOND = ['Foods', 'Clinics', 'Schools', 'Logistics', 'Hotels', 'Retail', 'Energy'];
/** Sizes of organizations: the n-th has 1/n^0.8 of the first one's traffic. */
const SKEW = 0.8;
const WITH_SECOND_SERIES = 2;
/** Counts the archiver's own requests. */
export const OWN_SERIES = 'archiver';

export function createCustomers(seed: number | string, count: number): readonly Customer[] {
  const sizes = Array.from({ length: count }, (_, index) => (index + 1) ** -SKEW);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size, index) => createCustomer(seed, index, size / total));
}

function createCustomer(seed: number | string, index: number, share: number): Customer {
  const random = createRandom(seed, 'customer', index);
  const id =
    index % 2 === 0 ? `${500 + index}${digits(random, 3)}` : `64682${900 + index}${digits(random, 10)}`;
  const name = `${FIRST[index % FIRST.length]} ${SECOND[index % SECOND.length]}`;
  const receivers = createReceivers(random, id, index);
  const alertTypes = createAlertTypes(random, id, receivers.length);
  const networks = Array.from({ length: 5 + random.integer(36) }, (_, place) =>
    createNetwork(random, place, alertTypes.length),
  );
  return {
    index,
    id,
    idField: textField(id),
    name,
    formerName: index % 7 === 3 ? `${FIRST[index % FIRST.length]} Holding` : name,
    share,
    hoursBehind: random.pick([0, 0, 0, 6, 6, 8, 16]),
    networks,
    alertTypes,
    receivers,
    pickNetwork: weightedPick(networks.map((_, place) => (place + 1) ** -0.6)),
    series: index < WITH_SECOND_SERIES ? [OWN_SERIES] : [],
  };
}

function createNetwork(random: Random, place: number, alertTypes: number): PlannedNetwork {
  const { city, timeZone } = random.pick(SITES);
  const id = `${random.chance(0.6) ? 'N' : 'L'}_${6468 + place}${digits(random, 14)}`;
  return {
    id,
    name: `${city} ${place + 1}`,
    productTypes: random.pick(PRODUCT_TYPES),
    tags: random.pick(TAGS),
    timeZone,
    key: bigintField(hash64(id)),
    alertTypes: Array.from({ length: 3 + random.integer(4) }, () => random.integer(alertTypes)),
  };
}

function createAlertTypes(random: Random, organizationId: string, receivers: number): PlannedAlertType[] {
  const first = random.integer(ALERT_TYPES.length);
  return Array.from({ length: 8 + random.integer(5) }, (_, place) => {
    const name = ALERT_TYPES[(first + place) % ALERT_TYPES.length] ?? '';
    return {
      name,
      key: bigintField(memberKey(organizationId, name)),
      receivers: [
        ...new Set([place % receivers, ...(random.chance(0.3) ? [random.integer(receivers)] : [])]),
      ],
    };
  });
}

function createReceivers(random: Random, organizationId: string, index: number): PlannedReceiver[] {
  return Array.from({ length: 1 + ((index + random.integer(2) + 3) % 5) }, (_, place) => {
    const hook = HOOKS[(index + place) % HOOKS.length] ?? '';
    const url = hook.replace(/\{(\d+)\}/g, (_match, length) => secret(random, Number(length)));
    return {
      url,
      key: bigintField(memberKey(organizationId, url)),
      latency: { median: 60 * 2 ** random.integer(5), spread: 0.3 + 0.4 * random.next() },
    };
  });
}

function digits(random: Random, length: number): string {
  return Array.from({ length }, () => random.integer(10)).join('');
}

function secret(random: Random, length: number): string {
  return Array.from({ length }, () => random.integer(36).toString(36)).join('');
}

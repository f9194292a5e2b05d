import { createRandom, type Random } from '../../src/simulator/random.ts';
import { DAY, type Delivery, HOUR, type LostStretch, MINUTE, type Moment, within } from './facts.ts';
import {
  ALPENGLOW,
  BEGIN,
  BIRCH,
  BIRCH_BEGIN,
  DENSE,
  END,
  FLAPPING,
  SHARED_OUTAGE,
  SLOWER_SINCE,
  STORM,
} from './places.ts';

interface Receiver {
  readonly organizationId: string;
  readonly url: string;
  /** Deliveries a working day before DENSE and since. */
  readonly perDay: readonly [number, number];
  readonly since: Moment;
  readonly until: Moment;
  readonly medianMs: (at: Moment) => number;
  readonly codeAt: (at: Moment, alertType: string, random: Random) => number;
}

const CHAT: Receiver = {
  organizationId: ALPENGLOW,
  url: 'https://chat.example.com/hooks/T0/secret',
  perDay: [2, 18],
  since: BEGIN,
  until: END,
  medianMs: () => 120,
  codeAt: (_at, _type, random) => (random.chance(0.003) ? 500 : 200),
};
const PAGER: Receiver = {
  organizationId: ALPENGLOW,
  url: 'https://pager.example.io/alpenglow',
  perDay: [1, 12],
  since: BEGIN,
  until: END,
  medianMs: () => 60,
  codeAt: (at, _type, random) => (within(SHARED_OUTAGE, at) || random.chance(0.04) ? -1 : 204),
};
const SIEM: Receiver = {
  organizationId: ALPENGLOW,
  url: 'https://siem.example.net/in',
  perDay: [1, 14],
  since: BEGIN,
  until: END,
  medianMs: (at) => (at < SLOWER_SINCE ? 110 : 420),
  codeAt: (_at, type, random) => {
    if (type === 'Sensor reading') return 400;
    return random.chance(0.05) ? 503 : random.chance(0.02) ? 429 : 200;
  },
};
const BIRCH_PAGER: Receiver = {
  ...PAGER,
  organizationId: BIRCH,
  url: 'https://pager.example.io/birch',
  since: BIRCH_BEGIN,
};
const BIRCH_OLD: Receiver = {
  ...CHAT,
  organizationId: BIRCH,
  url: 'http://old.example.org/hook?token=secret',
  since: BIRCH_BEGIN,
  until: DENSE - 60 * DAY,
};

/** The two years of two organizations, without what was lost. */
export function makeDeliveries(lost: ReadonlyMap<string, readonly LostStretch[]>): Delivery[] {
  const deliveries = [CHAT, PAGER, SIEM, BIRCH_PAGER, BIRCH_OLD].flatMap(ordinaryDeliveries);
  deliveries.push(...flapping(), ...storm());
  const used = new Set<string>();
  return deliveries
    .filter(({ organizationId, sentAt }) => {
      const isNew = !used.has(`${organizationId} ${sentAt}`);
      used.add(`${organizationId} ${sentAt}`);
      return isNew && !lost.get(organizationId)?.some((stretch) => within(stretch, sentAt));
    })
    .flatMap((delivery, index) =>
      index % 997 === 500 ? [delivery, { ...delivery, occurrence: 1 }] : [delivery],
    );
}

function ordinaryDeliveries(receiver: Receiver): Delivery[] {
  const random = createRandom('cookbook', receiver.url);
  const deliveries: Delivery[] = [];
  for (let day = receiver.since; day < receiver.until; day += DAY) {
    const weekend = [0, 6].includes(new Date(day).getUTCDay());
    const perDay = receiver.perDay[day < DENSE ? 0 : 1] * (weekend ? 0.3 : 1);
    const wanted = Math.floor(perDay) + (random.chance(perDay % 1) ? 1 : 0);
    for (let n = 0; n < wanted; n++) {
      const hour = random.chance(0.6) ? 7 + random.integer(9) : random.integer(24);
      const delivery = deliver(receiver, day + hour * HOUR + random.integer(HOUR), random);
      deliveries.push(delivery);
      if (delivery.code === -1 && random.chance(0.5)) {
        deliveries.push({
          ...deliver(receiver, delivery.sentAt + MINUTE + random.integer(MINUTE), random, delivery),
        });
      }
    }
  }
  return deliveries.filter(({ sentAt }) => sentAt < receiver.until);
}

function deliver(
  receiver: Receiver,
  sentAt: Moment,
  random: Random,
  again: { networkId: string; alertType: string } = chooseAlert(receiver, sentAt, random),
): Delivery {
  const code = receiver.codeAt(sentAt, again.alertType, random);
  const spread = Math.exp(
    0.5 * (random.next() + random.next() + random.next() + random.next() - 2) * Math.sqrt(3),
  );
  const durationMs =
    code === -1 ? 10_000 + random.integer(50) : Math.round(receiver.medianMs(sentAt) * spread);
  return {
    organizationId: receiver.organizationId,
    url: receiver.url,
    networkId: again.networkId,
    alertType: again.alertType,
    sentAt,
    loggedAt: sentAt + durationMs,
    code,
    durationMs,
    occurrence: 0,
  };
}

function chooseAlert({ organizationId }: Receiver, at: Moment, random: Random) {
  const alertType = random.pick([
    'Client connectivity changed',
    'Client connectivity changed',
    'Settings changed',
    'APs went down',
    'Sensor reading',
    '',
    at < Date.UTC(2025, 10, 5) ? 'Settings changed' : 'Rogue AP detected',
  ]);
  if (organizationId === BIRCH) return { alertType, networkId: random.pick(['N_B1', 'N_B1', 'N_B2']) };
  const places = ['N_A1', 'N_A2', 'N_A2', 'N_A3', 'N_A3', 'N_A3'];
  if (at < Date.UTC(2025, 10, 8)) places.push('N_A4');
  if (at >= Date.UTC(2025, 9, 20)) places.push('N_A5');
  return { alertType, networkId: random.pick(places) };
}

/** A delivery every ten minutes, of which every second one fails. */
function flapping(): Delivery[] {
  const random = createRandom('cookbook', 'flapping');
  const deliveries: Delivery[] = [];
  for (let at = FLAPPING.from, n = 0; at < FLAPPING.to; at += 10 * MINUTE, n++) {
    const code = n % 2 === 0 ? 502 : 204;
    deliveries.push({ ...deliver(PAGER, at, random), code, durationMs: 40, loggedAt: at + 40 });
  }
  return deliveries;
}

function storm(): Delivery[] {
  const random = createRandom('cookbook', 'storm');
  const again = { networkId: 'N_A3', alertType: 'Client connectivity changed' };
  return Array.from({ length: 400 }, (_, n) =>
    deliver(n % 2 === 0 ? CHAT : SIEM, STORM.from + n * 8_900 + 1, random, again),
  );
}

/*
 * A day of one organization's webhook log as the text that Meraki would send, made once. Every day of the log is this
 * day with another date: each row says where its two dates stand, so that a page is a copy of bytes and a few
 * thousand digits. Rows made for every page would cost more than reading them does.
 */
import { formatInstant, type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { busyness } from '../../../src/simulator/world/rhythm.ts';
import { exponential, normal, weightedPick } from '../../reports/archive/chances.ts';
import type { Customer, PlannedReceiver } from '../../reports/archive/customer.ts';

export interface DeliveryDay {
  /** Rows in the order of `sentAt`, each followed by a comma. */
  readonly text: Buffer;
  /** Where each row begins in `text`, and where the last one ends. */
  readonly starts: Uint32Array;
  /** Microseconds since the beginning of the day at which each row was sent. */
  readonly sentAt: Float64Array;
  /** Where the dates of each row stand in `text`, two for each row. */
  readonly dates: Uint32Array;
}

const DAY = instantOfSeconds(86_400);
const HOUR = instantOfSeconds(3_600);
const MILLISECOND = 1_000;
const LONGEST_ANSWER_MS = 30_000;
/** No row of a day is logged on the next one. */
const LAST = DAY - (LONGEST_ANSWER_MS + 1) * MILLISECOND;
/** A Monday: what it is called is replaced. */
const ANY_DAY = Date.UTC(2024, 0, 1) * MILLISECOND;
const BURSTS = 0.08;
const BURST_LENGTH = 12;
const LONGEST_BURST = 120;
/** Which share of deliveries is answered so; the others are answered well. */
const ODD_ANSWERS = [
  [0.02, -1],
  [0.026, 500],
  [0.03, 404],
  [0.036, 400],
] as const;

interface Row {
  readonly sentAt: Instant;
  readonly text: string;
}

/** @param rows deliveries of the day */
export function createDeliveryDay(customer: Customer, rows: number): DeliveryDay {
  const drawn = drawRows(customer, rows).sort((a, b) => a.sentAt - b.sentAt);
  const texts = drawn.map(({ text }) => `${text},`);
  const text = Buffer.from(texts.join(''));
  const starts = new Uint32Array(rows + 1);
  const dates = new Uint32Array(2 * rows);
  let end = 0;
  for (const [index, line] of texts.entries()) {
    starts[index] = end;
    dates[2 * index] = end + byteOffset(line, '"sentAt":"');
    dates[2 * index + 1] = end + byteOffset(line, '"loggedAt":"');
    end += Buffer.byteLength(line);
  }
  starts[rows] = end;
  return { text, starts, dates, sentAt: Float64Array.from(drawn, ({ sentAt }) => sentAt) };
}

function byteOffset(line: string, name: string): number {
  return Buffer.byteLength(line.slice(0, line.indexOf(name))) + name.length;
}

function drawRows(customer: Customer, rows: number): Row[] {
  const random = createRandom('ingest', customer.id);
  const hourOf = weightedPick(Array.from({ length: 24 }, (_, hour) => busyness('office', hour)));
  const drawn: Row[] = [];
  while (drawn.length < rows) {
    const network = customer.networks[customer.pickNetwork(random)];
    const alertType = customer.alertTypes[random.pick(network?.alertTypes ?? [0])];
    if (network === undefined || alertType === undefined) continue;
    const burst = random.next() < BURSTS ? 2 + Math.floor(exponential(random, BURST_LENGTH)) : 1;
    const first = (hourOf(random) + random.next()) * HOUR;
    const length = burst > 1 ? (0.05 + 0.3 * random.next()) * HOUR : 0;
    for (let copy = 0; copy < Math.min(burst, LONGEST_BURST); copy += 1) {
      const sentAt = Math.min(LAST, Math.floor(first + random.next() * length));
      for (const place of alertType.receivers) {
        const receiver = customer.receivers[place];
        if (receiver === undefined || drawn.length >= rows) continue;
        const text = rowText(customer.id, network.id, alertType.name, sentAt, receiver, random);
        drawn.push({ sentAt, text });
      }
    }
  }
  return drawn;
}

function rowText(
  organizationId: string,
  networkId: string,
  alertType: string,
  sentAt: Instant,
  receiver: PlannedReceiver,
  random: Random,
): string {
  const code = codeOf(random.next());
  const responseDuration =
    code === -1 ? 5_000 + random.integer(LONGEST_ANSWER_MS - 5_000) : latency(random, receiver);
  const loggedAt = sentAt + responseDuration * MILLISECOND + random.integer(MILLISECOND);
  return JSON.stringify({
    organizationId,
    networkId,
    alertType,
    url: receiver.url,
    sentAt: formatInstant(ANY_DAY + sentAt),
    loggedAt: formatInstant(ANY_DAY + loggedAt),
    responseCode: code,
    responseDuration,
  });
}

function codeOf(luck: number): number {
  for (const [upTo, code] of ODD_ANSWERS) if (luck < upTo) return code;
  return 200;
}

/** Lognormal, and one of a hundred takes many times as long. */
function latency(random: Random, { latency: { median, spread } }: PlannedReceiver): number {
  const slow = random.next() < 0.01 ? 5 + 20 * random.next() : 1;
  return Math.min(LONGEST_ANSWER_MS - 1, 1 + Math.floor(median * Math.exp(spread * normal(random)) * slow));
}

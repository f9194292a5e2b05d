import { type Instant, instantOfSeconds } from '../../../src/instant.ts';
import type { Range, Ranges } from '../../../src/ranges.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { busyHours, HOUR, openPart } from './activity.ts';
import type { PlannedArchive } from './archive-options.ts';
import type { BinaryRows } from './binary-rows.ts';
import { exponential, normal } from './chances.ts';
import type { Customer, PlannedReceiver } from './customer.ts';
import { type Mood, moodOf } from './moods.ts';

export const DELIVERY_COLUMNS =
  'organization_id, sent_at, fingerprint, occurrence, network_key, alert_type_id, endpoint_id, logged_at, response_code, response_duration_ms, loaded_at';

const SECOND = instantOfSeconds(1);
const MILLISECOND = SECOND / 1_000;
const READ_EVERY = 300 * SECOND;
const BURSTS = 0.08;
const BURST_LENGTH = 12;
const LONGEST_BURST = 120;
const LONGEST_ANSWER_MS = 30_000;
const WORDS = 2 ** 32;
/** Of a receiver that is well: the code, and up to which draw it answers so. */
const ODD_ANSWERS = [
  [0.003, -1],
  [0.006, 500],
  [0.008, 404],
  [0.01, 400],
  [0.011, 429],
  [0.013, 503],
] as const;

/** All deliveries of one organization, drawn hour by hour. */
export class DeliveryHistory {
  /** How many were drawn so far. */
  drawn = 0;
  readonly #archive: PlannedArchive;
  readonly #customer: Customer;
  readonly #missing: Ranges;
  readonly #random: Random;
  readonly #busy: Float64Array;
  readonly #allBusy: number;
  readonly #moods: readonly Mood[];
  readonly #nextEpisode: number[];
  readonly #goodCodes: readonly number[];
  readonly #total: number;
  #busySoFar = 0;

  constructor(archive: PlannedArchive, customer: Customer, missing: Ranges, total: number) {
    this.#archive = archive;
    this.#customer = customer;
    this.#missing = missing;
    this.#random = createRandom(archive.seed, 'deliveries', customer.id);
    this.#busy = busyHours(archive, customer, missing);
    this.#allBusy = this.#busy.reduce((sum, weight) => sum + weight, 0);
    this.#moods = customer.receivers.map((_, receiver) => moodOf(archive, customer, receiver));
    this.#nextEpisode = customer.receivers.map(() => 0);
    this.#goodCodes = customer.receivers.map(() => this.#random.pick([200, 200, 200, 201, 204]));
    this.#total = total;
  }

  /** Writes the deliveries of one hour, in no order; hours have to be asked for one after the other. */
  *hour(start: Instant, rows: BinaryRows): Generator<Buffer> {
    this.#busySoFar += this.#busy[(start - this.#archive.from) / HOUR] ?? 0;
    const goal = Math.round((this.#total * this.#busySoFar) / this.#allBusy);
    if (this.drawn >= goal) return;
    this.#forgetEpisodes(start);
    const open = openPart(this.#archive, this.#missing, start);
    while (this.drawn < goal) {
      this.#drawAlert(open, rows);
      if (rows.full) yield rows.take();
    }
  }

  /** One alert, or a burst of the same; it can overdraw the hour, and the next ones have so many less. */
  #drawAlert(open: Range, rows: BinaryRows): void {
    const random = this.#random;
    const { networks, alertTypes, pickNetwork } = this.#customer;
    const network = networks[pickNetwork(random)];
    const alertType = alertTypes[random.pick(network?.alertTypes ?? [0])];
    if (network === undefined || alertType === undefined) return;
    const burst = random.next() < BURSTS ? 2 + Math.floor(exponential(random, BURST_LENGTH)) : 1;
    const length = (open.to - open.from) * (burst > 1 ? 0.05 + 0.3 * random.next() : 0);
    const first = open.from + random.next() * (open.to - open.from - length);
    for (let copy = 0; copy < Math.min(burst, LONGEST_BURST); copy += 1) {
      const sentAt = Math.floor(first + random.next() * length);
      for (const listed of alertType.receivers) {
        if (this.drawn >= this.#total) return;
        const place = this.#listens(listed, sentAt) ? listed : 0;
        const receiver = this.#customer.receivers[place];
        if (receiver === undefined) continue;
        rows.beginRow(11);
        rows.field(this.#customer.idField);
        rows.instant(sentAt);
        rows.halves(Math.floor(random.next() * WORDS), Math.floor(random.next() * WORDS));
        rows.integer(0);
        rows.field(network.key);
        rows.field(alertType.key);
        rows.field(receiver.key);
        this.#writeAnswer(sentAt, place, receiver, rows);
        this.drawn += 1;
      }
    }
  }

  #writeAnswer(sentAt: Instant, place: number, receiver: PlannedReceiver, rows: BinaryRows): void {
    const random = this.#random;
    const code = this.#codeOf(place, sentAt);
    const duration =
      code === -1 ? 5_000 + random.integer(LONGEST_ANSWER_MS - 5_000) : latency(random, receiver);
    const loggedAt = sentAt + duration * MILLISECOND + random.integer(MILLISECOND);
    rows.instant(loggedAt);
    rows.integer(code);
    rows.integer(duration);
    const readAt = Math.ceil((loggedAt + 20 * SECOND) / READ_EVERY) * READ_EVERY + 3 * SECOND;
    rows.instant(Math.min(readAt, this.#archive.now));
  }

  #codeOf(place: number, sentAt: Instant): number {
    const episodes = this.#moods[place]?.episodes ?? [];
    for (let next = this.#nextEpisode[place] ?? 0; next < episodes.length; next += 1) {
      const episode = episodes[next];
      if (episode === undefined || episode.from > sentAt) break;
      if (sentAt < episode.to && this.#random.next() < episode.share) return episode.code;
    }
    const luck = this.#random.next();
    for (const [upTo, code] of ODD_ANSWERS) if (luck < upTo) return code;
    return this.#goodCodes[place] ?? 200;
  }

  #listens(place: number, sentAt: Instant): boolean {
    const mood = this.#moods[place];
    return mood !== undefined && mood.startsAt <= sentAt && sentAt < mood.endsAt;
  }

  #forgetEpisodes(before: Instant): void {
    this.#moods.forEach(({ episodes }, place) => {
      let next = this.#nextEpisode[place] ?? 0;
      while ((episodes[next]?.to ?? Number.POSITIVE_INFINITY) <= before) next += 1;
      this.#nextEpisode[place] = next;
    });
  }
}

/** Lognormal, with a long tail: one answer of a hundred takes many times as long. */
function latency(random: Random, { latency: { median, spread } }: PlannedReceiver): number {
  const usual = median * Math.exp(spread * normal(random));
  const slow = random.next() < 0.01 ? 5 + 20 * random.next() : 1;
  return Math.min(LONGEST_ANSWER_MS, 1 + Math.floor(usual * slow));
}

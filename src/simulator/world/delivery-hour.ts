/**
 * The deliveries of one organization and one UTC hour of `sentAt`, as columns: some 25 bytes a row, where
 * objects would take a few hundred. Rows lie in the order of `sentAt`; rows of one instant lie in the order they
 * were drawn, so a row's index never changes, whether its neighbours have appeared yet or not.
 */

import { HOUR, type Moment } from '../moment.ts';
import { createRandom, type Random } from '../random.ts';
import type { Organization } from './organizations.ts';
import { busyness } from './rhythm.ts';
import { ALERT_TYPES } from './vocabulary.ts';

export interface DeliveryHour {
  readonly start: Moment;
  readonly length: number;
  /** Microseconds after `start`. */
  readonly sentAt: Uint32Array;
  /** Microseconds from `sentAt` to `loggedAt`. */
  readonly loggedAfter: Uint32Array;
  /** Milliseconds from `loggedAt` until the API shows the row. */
  readonly lateBy: Uint32Array;
  readonly responseCode: Int16Array;
  /** Milliseconds. */
  readonly responseDuration: Uint16Array;
  readonly network: Uint8Array;
  readonly receiver: Uint8Array;
  /** Index into `ALERT_TYPES`; one past its end is the empty alert type. */
  readonly alertType: Uint8Array;
  /** From then on every row is shown. */
  readonly completeFrom: Moment;
}

export interface DeliverySettings {
  readonly seed: number | string;
  readonly rows: number;
  readonly lateness: { readonly share: number; readonly max: number };
}

interface Draft {
  sentAt: number;
  loggedAfter: number;
  lateBy: number;
  code: number;
  duration: number;
  network: number;
  receiver: number;
  alertType: number;
}

const HOURS_OF_90_DAYS = 90 * 24;
const PUNCTUAL_SECONDS = 3;

/** Draws the hour that starts `hour` hours after the epoch: the same rows for the same settings, at any time. */
export function createDeliveryHour(
  settings: DeliverySettings,
  organization: Organization,
  hour: number,
): DeliveryHour {
  const random = createRandom(settings.seed, organization.id, 'deliveries', hour);
  const mean = (settings.rows * organization.share * busyness('office', hour)) / HOURS_OF_90_DAYS;
  const count = organization.share === 0 ? 0 : Math.floor(mean * (0.8 + 0.4 * random.next()) + random.next());
  const codes = organization.receivers.map(({ failing }, index) =>
    failing ? failureOf(settings.seed, organization.id, index, hour) : undefined,
  );
  const drafts: Draft[] = [];
  while (drafts.length < count) drawEvent(drafts, random, organization, codes, settings.lateness);
  drafts.length = count;
  drafts.sort((one, other) => one.sentAt - other.sentAt);
  return columnsOf(drafts, hour * HOUR);
}

/** What a failing receiver answers in this hour; undefined while it works. Its moods last three hours. */
function failureOf(seed: number | string, organizationId: string, receiver: number, hour: number) {
  const random = createRandom(seed, organizationId, 'failure', receiver, Math.floor(hour / 3));
  return random.chance(0.6) ? random.pick([-1, -1, -1, 500, 404, 429]) : undefined;
}

/** One alert: mostly one row; sometimes retried, doubled, tripled, or told to many receivers at one instant. */
function drawEvent(
  drafts: Draft[],
  random: Random,
  organization: Organization,
  codes: readonly (number | undefined)[],
  lateness: DeliverySettings['lateness'],
): void {
  const sentAt = withMicroseconds(random.integer(HOUR), random);
  const row = () => drawRow(random, sentAt, organization, codes, lateness);
  const kind = random.next();
  const first = row();
  drafts.push(first);
  if (kind < 0.04) {
    drafts.push({ ...first, ...answerTime(random, sentAt, first.code), ...lateBy(random, lateness) });
  } else if (kind < 0.07) {
    const copies = random.chance(0.3) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) drafts.push({ ...first, ...lateBy(random, lateness) });
  } else if (kind < 0.085) {
    const others = 4 + random.integer(16);
    for (let other = 0; other < others; other++) drafts.push(row());
    if (random.chance(0.3)) drafts.push({ ...first, ...lateBy(random, lateness) });
  }
}

function drawRow(
  random: Random,
  sentAt: number,
  organization: Organization,
  codes: readonly (number | undefined)[],
  lateness: DeliverySettings['lateness'],
): Draft {
  const receiver = Math.floor(random.next() ** 1.4 * organization.receivers.length);
  const luck = random.next();
  const healthy = luck < 0.97 ? 200 : luck < 0.98 ? 400 : luck < 0.985 ? 500 : -1;
  const code = codes[receiver] ?? healthy;
  return {
    sentAt,
    code,
    receiver,
    network: random.integer(organization.networks.length),
    alertType: random.chance(0.1)
      ? ALERT_TYPES.length
      : Math.floor(random.next() ** 1.8 * ALERT_TYPES.length),
    ...answerTime(random, sentAt, code),
    ...lateBy(random, lateness),
  };
}

/** `loggedAt` follows at once, with digits below the millisecond of its own. */
function answerTime(random: Random, sentAt: number, code: number): { duration: number; loggedAfter: number } {
  const duration = code === -1 ? 4_800 + random.integer(1_477) : 14 + Math.floor(random.next() ** 2 * 1_800);
  const jitter = 1 + random.integer(998);
  const isWhole = (sentAt + jitter) % 1_000 === 0;
  return { duration, loggedAfter: duration * 1_000 + jitter + (isWhole ? 1 : 0) };
}

/** Always draws twice, so that the setting changes when rows appear but never which rows there are. */
function lateBy(random: Random, lateness: DeliverySettings['lateness']): { lateBy: number } {
  const max = random.next() < lateness.share ? lateness.max : Math.min(PUNCTUAL_SECONDS, lateness.max);
  return { lateBy: Math.round(random.next() * max * 1_000) };
}

function withMicroseconds(microseconds: number, random: Random): number {
  return microseconds - (microseconds % 1_000) + 1 + random.integer(998);
}

function columnsOf(drafts: readonly Draft[], start: Moment): DeliveryHour {
  const length = drafts.length;
  const hour = {
    start,
    length,
    sentAt: new Uint32Array(length),
    loggedAfter: new Uint32Array(length),
    lateBy: new Uint32Array(length),
    responseCode: new Int16Array(length),
    responseDuration: new Uint16Array(length),
    network: new Uint8Array(length),
    receiver: new Uint8Array(length),
    alertType: new Uint8Array(length),
    completeFrom: start,
  };
  drafts.forEach((draft, index) => {
    hour.sentAt[index] = draft.sentAt;
    hour.loggedAfter[index] = draft.loggedAfter;
    hour.lateBy[index] = draft.lateBy;
    hour.responseCode[index] = draft.code;
    hour.responseDuration[index] = draft.duration;
    hour.network[index] = draft.network;
    hour.receiver[index] = draft.receiver;
    hour.alertType[index] = draft.alertType;
    const shownAt = start + draft.sentAt + draft.loggedAfter + draft.lateBy * 1_000;
    hour.completeFrom = Math.max(hour.completeFrom, shownAt);
  });
  return hour;
}

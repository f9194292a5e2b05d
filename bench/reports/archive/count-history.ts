import { type Instant, instantOfSeconds } from '../../../src/instant.ts';
import { overlaps, type Ranges } from '../../../src/ranges.ts';
import { createRandom, type Random } from '../../../src/simulator/random.ts';
import { HOUR, weekOf } from './activity.ts';
import type { PlannedArchive } from './archive-options.ts';
import { type BinaryRows, type Field, textField } from './binary-rows.ts';
import { exponential, logUniform, normal } from './chances.ts';
import type { Customer } from './customer.ts';

export const COUNT_COLUMNS =
  'organization_id, series, interval_seconds, bucket_start, response_code, request_count, revision, updated_at';

export const BUCKET_SECONDS = 120;
const BUCKET = instantOfSeconds(BUCKET_SECONDS);
const MINUTE = instantOfSeconds(60);
const DAY = 24 * HOUR;
/** Ten requests a second. */
const LIMIT = 10 * BUCKET_SECONDS;
const UNFILTERED = textField('all');

/** How an organization uses the API. */
interface Habits {
  /** Requests in a bucket that is not idle, in the middle. */
  readonly requests: number;
  /** How much of the time it is busy at all, compared with others. */
  readonly eagerness: number;
  /** Share of its buckets that hold each of these codes, beside 200. */
  readonly alsoHas: readonly { readonly code: number; readonly share: number; readonly part: number }[];
}

/** All request counts of one organization, drawn hour by hour. */
export class CountHistory {
  readonly #archive: PlannedArchive;
  readonly #customer: Customer;
  readonly #missing: Ranges;
  readonly #random: Random;
  readonly #week: Float64Array;
  readonly #habits: Habits;
  readonly #series: readonly Field[];
  readonly #eagerness: number;
  #storm = { from: 0, to: 0 };
  /** How many rows were drawn so far. */
  drawn = 0;

  constructor(archive: PlannedArchive, customer: Customer, missing: Ranges, eagerness: number) {
    this.#archive = archive;
    this.#customer = customer;
    this.#missing = missing;
    this.#random = createRandom(archive.seed, 'counts', customer.id);
    this.#week = weekOf(customer);
    this.#habits = habitsOf(archive.seed, customer);
    this.#series = customer.series.map(textField);
    this.#eagerness = eagerness * this.#habits.eagerness;
    this.#storm = this.#stormAfter(archive.from);
  }

  /** Writes the whole buckets of one hour; hours have to be asked for one after the other. */
  *hour(start: Instant, rows: BinaryRows): Generator<Buffer> {
    const busy = this.#week[(start / HOUR) % this.#week.length] ?? 1;
    const chance = busyChance(this.#eagerness, busy);
    const hour = { from: start, to: start + HOUR };
    const cut = overlaps(this.#missing, hour);
    for (let bucket = start; bucket < hour.to; bucket += BUCKET) {
      if (this.#random.next() >= chance || bucket + BUCKET > this.#archive.now) continue;
      if (cut && overlaps(this.#missing, { from: bucket, to: bucket + BUCKET })) continue;
      this.#drawBucket(bucket, busy, rows);
      if (rows.full) yield rows.take();
    }
  }

  #drawBucket(bucket: Instant, busy: number, rows: BinaryRows): void {
    const random = this.#random;
    if (bucket >= this.#storm.to) this.#storm = this.#stormAfter(bucket);
    const usual = this.#habits.requests * busy * Math.exp(0.5 * normal(random));
    const asked = Math.max(1, Math.floor(usual * (bucket >= this.#storm.from ? 8 : 1)));
    const served = Math.min(asked, LIMIT);
    const readAt = Math.min(this.#archive.now, bucket + BUCKET + 10 * MINUTE + random.integer(15 * MINUTE));
    const tooMany = Math.floor((asked - 0.9 * LIMIT) * 0.5);
    if (tooMany > 0) this.#write(UNFILTERED, bucket, 429, tooMany, readAt, rows);
    let good = served;
    for (const { code, share, part } of this.#habits.alsoHas) {
      if (random.next() >= share || (code === 429 && tooMany > 0)) continue;
      const count = Math.min(good - 1, 1 + Math.floor(served * part * random.next()));
      if (count <= 0) continue;
      good -= count;
      this.#write(UNFILTERED, bucket, code, count, readAt, rows);
    }
    this.#write(UNFILTERED, bucket, 200, good, readAt, rows);
    for (const series of this.#series) {
      this.#write(series, bucket, 200, Math.min(good, 1 + random.integer(6)), readAt, rows);
    }
  }

  #write(series: Field, bucket: Instant, code: number, count: number, at: Instant, rows: BinaryRows): void {
    rows.beginRow(8);
    rows.field(this.#customer.idField);
    rows.field(series);
    rows.integer(BUCKET_SECONDS);
    rows.instant(bucket);
    rows.integer(code);
    rows.bigint(count);
    rows.integer(0);
    rows.instant(at);
    this.drawn += 1;
  }

  /** Now and then, a program runs wild for a while. */
  #stormAfter(at: Instant): { from: Instant; to: Instant } {
    const from = at + exponential(this.#random, 12 * DAY);
    return { from, to: from + logUniform(this.#random, 10 * MINUTE, 8 * HOUR) };
  }
}

/**
 * Finds how eager organizations have to be so that about `counts` rows come out; as eager as can be, where there are
 * not buckets enough.
 */
export function eagernessFor(
  { seed, counts, from, now }: PlannedArchive,
  customers: readonly Customer[],
): number {
  const weeks = (now - from) / (7 * DAY);
  const known = customers.map((customer) => {
    const habits = habitsOf(seed, customer);
    const codes = 1 + habits.alsoHas.reduce((sum, { share }) => sum + share, 0) + customer.series.length;
    return { habits, week: weekOf(customer), rows: (HOUR / BUCKET) * weeks * codes };
  });
  const expected = (eagerness: number) =>
    known.reduce(
      (sum, { habits, week, rows }) =>
        sum + rows * week.reduce((busy, hour) => busy + busyChance(eagerness * habits.eagerness, hour), 0),
      0,
    );
  let [low, high] = [1e-6, 1e3];
  for (let step = 0; step < 60; step += 1) {
    const middle = Math.sqrt(low * high);
    if (expected(middle) < counts) low = middle;
    else high = middle;
  }
  return high;
}

function busyChance(eagerness: number, busy: number): number {
  return 1 - Math.exp(-eagerness * busy);
}

function habitsOf(seed: number | string, customer: Customer): Habits {
  const random = createRandom(seed, 'habits', customer.id);
  return {
    requests: logUniform(random, 6, 250),
    eagerness: logUniform(random, 0.5, 2),
    alsoHas: [
      { code: 201, share: 0.02 + 0.18 * random.next(), part: 0.1 },
      { code: 404, share: 0.05 + 0.25 * random.next(), part: 0.1 },
      { code: 400, share: 0.05 * random.next(), part: 0.05 },
      { code: 429, share: 0.01 + 0.09 * random.next(), part: 0.2 },
      { code: 500, share: 0.01, part: 0.02 },
      { code: 503, share: 0.005, part: 0.3 },
    ],
  };
}

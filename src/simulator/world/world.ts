import { Faults } from '../faults/faults.ts';
import { latest, ShiftedClock } from '../faults/shifted-clock.ts';
import { DAY, type Moment, parseMoment, SECOND } from '../moment.ts';
import { type Operation, RESPONSE_CODES_BY_INTERVAL, WEBHOOK_LOGS } from '../operations.ts';
import type { SimulatorSettings } from '../simulator-options.ts';
import { type Delivery, deliveryOf, deliveryWriter } from './delivery.ts';
import { DeliveryLog, type DeliveryRow } from './delivery-log.ts';
import { createOrganizations, type Organization } from './organizations.ts';
import { type CodeBucket, type CountQuery, type RequestFilters, RequestHistory } from './request-history.ts';

/** A half-open range of time, as ISO 8601; without `from` the source's lookback, without `to` now. */
export interface TruthRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export interface TruthBucketsQuery extends TruthRange {
  /** Any whole number of seconds. Default 120. */
  readonly interval?: number | undefined;
  readonly filters?: RequestFilters | undefined;
}

/** An organization with everything that ever happened in it. */
export interface Place {
  readonly organization: Organization;
  readonly deliveries: DeliveryLog;
  readonly requests: RequestHistory;
  readonly write: (rows: readonly DeliveryRow[]) => string;
}

/** What the simulated dashboard knows, at the moment its clock shows. */
export class World {
  readonly settings: SimulatorSettings;
  readonly places: readonly Place[];
  readonly faults: Faults;
  readonly #clock: ShiftedClock;

  /** @param settings their clock is the true one; the world's own may be off, as the faults say */
  constructor(settings: SimulatorSettings, faults: Faults = new Faults()) {
    this.faults = faults;
    this.#clock = new ShiftedClock(settings.clock, () => faults.inForce.plan.clock);
    this.settings = { ...settings, clock: this.#clock };
    const lateness = () => faults.inForce.plan.lateness ?? settings.lateness;
    this.places = createOrganizations(settings.seed, settings.organizations, settings.sizes).map(
      (organization) => ({
        organization,
        deliveries: new DeliveryLog(settings, organization, lateness),
        requests: new RequestHistory(settings.seed, organization),
        write: deliveryWriter(organization),
      }),
    );
  }

  now(): Moment {
    return Math.round(this.#clock.now() * 1_000);
  }

  /** The latest `now` there ever was: what has appeared stays when the clock is set back. */
  shownUntil(): Moment {
    return Math.round(this.#clock.furthest() * 1_000);
  }

  /** Requests before this moment are counted by now. */
  countedUntil(): Moment {
    return this.shownUntil() - this.settings.lag * SECOND;
  }

  /** How many days back the operation may be asked now, and how many days at once. */
  limits(operation: Operation): { readonly lookback: number; readonly span: number } {
    const { lookback, span, codesLookback, codesSpan } = this.settings;
    const usual =
      operation === RESPONSE_CODES_BY_INTERVAL
        ? { lookback: codesLookback, span: codesSpan }
        : { lookback, span };
    const timeline = this.faults.inForce.plan.lookback.filter((entry) => entry.operation === operation);
    const entry = latest(timeline, this.#clock.now());
    return { lookback: entry?.days ?? usual.lookback, span: entry?.span ?? usual.span };
  }

  /** What has become of an organization by now. */
  stateOf({ id, enabled }: Organization): 'listed' | 'vanished' | 'api_disabled' {
    const { organizations } = this.faults.inForce.plan;
    const timeline = organizations.filter(({ organizationId }) => organizationId === id);
    return latest(timeline, this.#clock.now())?.state ?? (enabled ? 'listed' : 'api_disabled');
  }

  /** What an organization or a network is called by now. */
  nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
    const timeline = this.faults.inForce.plan.renamed.filter((entry) => entry.id === id);
    return latest(timeline, this.#clock.now())?.name ?? name;
  }

  /** The figures of one organization as they are by now, corrections included. */
  buckets(
    { organization, requests }: Place,
    query: Omit<CountQuery, 'countedUntil' | 'weights'>,
  ): CodeBucket[] {
    const now = this.#clock.now();
    const { recounts } = this.faults.inForce;
    return requests.buckets({
      ...query,
      countedUntil: this.countedUntil(),
      weights: (hour) => recounts.weights(organization.id, hour, now),
    });
  }

  place(organizationId: string): Place | undefined {
    return this.places.find(({ organization }) => organization.id === organizationId);
  }

  /** Rows as the API sends them. */
  write({ organization, write }: Place, rows: readonly DeliveryRow[]): string {
    return this.faults.inForce.alteredRows?.write(organization, rows) ?? write(rows);
  }

  /**
   * All rows that have appeared by now and can be stored, by `sentAt`; throws RangeError for an unknown
   * organization or time.
   */
  truthDeliveries(organizationId: string, range: TruthRange = {}): Delivery[] {
    const { organization } = this.#known(organizationId);
    const rows = this.#rows(organizationId, range);
    const { alteredRows } = this.faults.inForce;
    return alteredRows?.deliveries(organization, rows) ?? rows.map((row) => deliveryOf(organization, row));
  }

  /** The same as JSON. */
  truthText(organizationId: string, range: TruthRange): string {
    if (this.faults.inForce.alteredRows !== undefined) {
      return JSON.stringify(this.truthDeliveries(organizationId, range));
    }
    return this.#known(organizationId).write(this.#rows(organizationId, range));
  }

  /** The JSON texts of the other rows that have appeared by now: those that no archive can store. */
  truthAltered(organizationId: string, range: TruthRange = {}): string[] {
    const { organization } = this.#known(organizationId);
    const { alteredRows } = this.faults.inForce;
    return alteredRows?.unreadable(organization, this.#rows(organizationId, range)) ?? [];
  }

  #rows(organizationId: string, range: TruthRange): DeliveryRow[] {
    const { deliveries } = this.#known(organizationId);
    const now = this.shownUntil();
    const from = momentOf(range.from, now - this.limits(WEBHOOK_LOGS).lookback * DAY);
    return deliveries.forward({ from, to: momentOf(range.to, now), now }, undefined, Infinity);
  }

  /** What is counted by now, in whole buckets, oldest first, without idle ones; throws as `truthDeliveries`. */
  truthBuckets(organizationId: string, query: TruthBucketsQuery = {}): CodeBucket[] {
    const place = this.#known(organizationId);
    const { interval = 120, filters = {} } = query;
    if (!Number.isInteger(interval) || interval < 1) throw new RangeError(`no interval: ${interval}`);
    const width = interval * SECOND;
    const now = this.shownUntil();
    const from = momentOf(query.from, now - this.limits(RESPONSE_CODES_BY_INTERVAL).lookback * DAY);
    return this.buckets(place, {
      from: Math.floor(from / width) * width,
      to: Math.ceil(momentOf(query.to, now) / width) * width,
      interval,
      filters,
      idleBuckets: 'omitted',
    });
  }

  #known(organizationId: string): Place {
    const place = this.place(organizationId);
    if (place === undefined) throw new RangeError(`no organization ${organizationId}`);
    return place;
  }
}

function momentOf(text: string | undefined, otherwise: Moment): Moment {
  if (text === undefined) return otherwise;
  const moment = parseMoment(text);
  if (moment === undefined) throw new RangeError(`no time: ${text}`);
  return moment;
}

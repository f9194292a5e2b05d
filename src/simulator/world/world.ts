import { DAY, type Moment, parseMoment, SECOND } from '../moment.ts';
import type { SimulatorSettings } from '../simulator-options.ts';
import { type Delivery, deliveryOf, deliveryWriter } from './delivery.ts';
import { DeliveryLog, type DeliveryRow } from './delivery-log.ts';
import { createOrganizations, type Organization } from './organizations.ts';
import { type CodeBucket, type RequestFilters, RequestHistory } from './request-history.ts';

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

  constructor(settings: SimulatorSettings) {
    this.settings = settings;
    this.places = createOrganizations(settings.seed, settings.organizations).map((organization) => ({
      organization,
      deliveries: new DeliveryLog(settings, organization),
      requests: new RequestHistory(settings.seed, organization),
      write: deliveryWriter(organization),
    }));
  }

  now(): Moment {
    return Math.round(this.settings.clock.now() * 1_000);
  }

  /** Requests before this moment are counted by now. */
  countedUntil(): Moment {
    return this.now() - this.settings.lag * SECOND;
  }

  place(organizationId: string): Place | undefined {
    return this.places.find(({ organization }) => organization.id === organizationId);
  }

  /** All rows that have appeared by now, by `sentAt`; throws RangeError for an unknown organization or time. */
  truthDeliveries(organizationId: string, range: TruthRange = {}): Delivery[] {
    const { organization } = this.#known(organizationId);
    return this.truthRows(organizationId, range).map((row) => deliveryOf(organization, row));
  }

  truthRows(organizationId: string, range: TruthRange): DeliveryRow[] {
    const { deliveries } = this.#known(organizationId);
    const now = this.now();
    const from = momentOf(range.from, now - this.settings.lookback * DAY);
    return deliveries.forward({ from, to: momentOf(range.to, now), now }, undefined, Infinity);
  }

  /** What is counted by now, in whole buckets, oldest first, without idle ones; throws as `truthDeliveries`. */
  truthBuckets(organizationId: string, query: TruthBucketsQuery = {}): CodeBucket[] {
    const { requests } = this.#known(organizationId);
    const { interval = 120, filters = {} } = query;
    if (!Number.isInteger(interval) || interval < 1) throw new RangeError(`no interval: ${interval}`);
    const width = interval * SECOND;
    const from = momentOf(query.from, this.now() - this.settings.codesLookback * DAY);
    const to = Math.ceil(momentOf(query.to, this.now()) / width) * width;
    return requests.buckets({
      from: Math.floor(from / width) * width,
      to,
      countedUntil: this.countedUntil(),
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

import { formatSecond, HOUR, type Moment, SECOND } from '../moment.ts';
import { type ApiClient, OPERATION_IDS, RESPONSE_CODES } from './api-clients.ts';
import type { Organization } from './organizations.ts';
import { createRequestHour, type RequestHour } from './request-hour.ts';

/** Which requests are counted; a filter that is left out lets every request pass. */
export interface RequestFilters {
  readonly version?: 0 | 1 | undefined;
  readonly operationIds?: readonly string[] | undefined;
  readonly sourceIps?: readonly string[] | undefined;
  readonly adminIds?: readonly string[] | undefined;
  /** The whole user agent or a part of it. */
  readonly userAgent?: string | undefined;
}

/** One interval's counts as the API gives them; `counts` has only codes that occurred, in rising order. */
export interface CodeBucket {
  /** ISO 8601 in whole seconds, UTC. */
  readonly startTs: string;
  readonly endTs: string;
  readonly counts: readonly { readonly code: number; readonly count: number }[];
}

export interface CountQuery {
  /** Only requests at `from <= instant < to` are counted. */
  readonly from: Moment;
  readonly to: Moment;
  /** Requests from this moment on are not counted yet. */
  readonly countedUntil: Moment;
  /** Width of the buckets in seconds; they are aligned to the epoch. */
  readonly interval: number;
  readonly filters: RequestFilters;
  readonly idleBuckets: 'omitted' | 'empty';
  /** How often each request of an hour counts; without it, or where it gives nothing, once. */
  readonly weights?: ((hour: RequestHour) => Uint8Array | undefined) | undefined;
}

/** All API requests of one organization; an hour is drawn when it is first read and kept from then on. */
export class RequestHistory {
  readonly #hours = new Map<number, RequestHour>();
  readonly #seed: number | string;
  readonly #organization: Organization;

  constructor(seed: number | string, organization: Organization) {
    this.#seed = seed;
    this.#organization = organization;
  }

  /** The buckets that touch the query's range, oldest first. */
  buckets(query: CountQuery): CodeBucket[] {
    const { from, to, interval, filters } = query;
    const end = Math.min(to, query.countedUntil);
    const width = interval * SECOND;
    const first = Math.floor(from / width);
    const length = Math.max(0, Math.ceil(to / width) - first);
    const counts = new Uint32Array(length * RESPONSE_CODES.length);
    const clients = this.#organization.clients.map((client) => clientPasses(client, filters));
    const operations = OPERATION_IDS.map((name) => filters.operationIds?.includes(name) ?? true);
    for (let number = Math.floor(from / HOUR); number * HOUR < end; number++) {
      const hour = this.#hour(number);
      const weights = query.weights?.(hour);
      for (let index = 0; index < hour.at.length; index++) {
        const at = hour.start + (hour.at[index] ?? 0);
        if (at < from || at >= end) continue;
        if (!clients[hour.client[index] ?? 0] || !operations[hour.operation[index] ?? 0]) continue;
        const cell = (Math.floor(at / width) - first) * RESPONSE_CODES.length + (hour.code[index] ?? 0);
        counts[cell] = (counts[cell] ?? 0) + (weights?.[index] ?? 1);
      }
    }
    const buckets = Array.from({ length }, (_, place) =>
      bucketOf(counts, place, (first + place) * width, width),
    );
    return query.idleBuckets === 'empty' ? buckets : buckets.filter((bucket) => bucket.counts.length > 0);
  }

  #hour(number: number): RequestHour {
    let hour = this.#hours.get(number);
    if (hour === undefined) {
      hour = createRequestHour(this.#seed, this.#organization, number);
      this.#hours.set(number, hour);
    }
    return hour;
  }
}

function clientPasses(client: ApiClient, filters: RequestFilters): boolean {
  return (
    (filters.version === undefined || filters.version === client.version) &&
    (filters.sourceIps?.includes(client.sourceIp) ?? true) &&
    (filters.adminIds?.includes(client.adminId) ?? true) &&
    client.userAgent.includes(filters.userAgent ?? '')
  );
}

function bucketOf(counts: Uint32Array, place: number, start: Moment, width: number): CodeBucket {
  const cells = RESPONSE_CODES.map((code, index) => ({
    code,
    count: counts[place * RESPONSE_CODES.length + index] ?? 0,
  }));
  return {
    startTs: formatSecond(start),
    endTs: formatSecond(start + width),
    counts: cells.filter(({ count }) => count > 0),
  };
}

import type { StreamName } from '../../src/stream-key.ts';

/** Milliseconds since the epoch: what is made up here has no more digits. */
export type Moment = number;

export interface Stretch {
  readonly from: Moment;
  readonly to: Moment;
}

/** One delivery as Meraki's log would tell it; code -1: no answer. */
export interface Delivery {
  readonly organizationId: string;
  readonly networkId: string;
  readonly alertType: string;
  readonly url: string;
  readonly sentAt: Moment;
  readonly loggedAt: Moment;
  readonly code: number;
  readonly durationMs: number;
  readonly occurrence: number;
}

/** Requests of one bucket that were answered with one code. */
export interface Requests {
  readonly organizationId: string;
  readonly series: string;
  readonly seconds: number;
  readonly bucketStart: Moment;
  readonly code: number;
  readonly count: number;
}

export interface LostStretch extends Stretch {
  readonly reason: string;
}

export interface StreamFacts {
  readonly organizationId: string;
  readonly stream: StreamName;
  readonly series: string;
  readonly wantedFrom: Moment;
  readonly lookbackSeconds: number;
  readonly expectedLagSeconds: number;
  /** Where a stream ends that is no longer configured. */
  readonly retiredAt?: Moment;
  /** By bucket width in seconds; 0 for deliveries. The widths do not overlap. */
  readonly covered: readonly { readonly seconds: number; readonly final: readonly Stretch[] }[];
  /** Read, and not settled: behind the last final stretch, at the last width. */
  readonly provisional: readonly Stretch[];
  readonly lost: readonly LostStretch[];
}

export interface OrganizationFacts {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly state: 'active' | 'api_disabled';
}

/** All that the archive of the cookbook's tests was filled with. */
export interface Facts {
  /** When it was filled, to the minute. */
  readonly now: Moment;
  readonly organizations: readonly OrganizationFacts[];
  readonly networkNames: ReadonlyMap<string, string>;
  readonly deliveries: readonly Delivery[];
  readonly requests: readonly Requests[];
  readonly streams: readonly StreamFacts[];
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Reads a UTC time without its `Z`. */
export function utc(text: string): Moment {
  const moment = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`);
  if (Number.isNaN(moment)) throw new Error(`no time: ${text}`);
  return moment;
}

export function within(stretch: Stretch, moment: Moment): boolean {
  return stretch.from <= moment && moment < stretch.to;
}

export function succeeded(delivery: Pick<Delivery, 'code'>): boolean {
  return delivery.code >= 200 && delivery.code <= 299;
}

export function hostOf(url: string): string {
  return new URL(url).host;
}

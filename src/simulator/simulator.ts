import type { AddressInfo } from 'node:net';
import type { FaultPlan } from './faults/fault-plan.ts';
import { Faults } from './faults/faults.ts';
import { Outage } from './faults/outage.ts';
import type { WireFaultKind } from './faults/wire-fault.ts';
import type { Operation } from './operations.ts';
import { type Served, type ServedAnswer, ServedLog, type ServedQuery } from './served/served-log.ts';
import { type RequestCount, RequestCounts } from './server/request-counts.ts';
import { API_PREFIX, createServer } from './server/server.ts';
import { type SimulatorOptions, settingsOf } from './simulator-options.ts';
import type { Delivery } from './world/delivery.ts';
import type { CodeBucket } from './world/request-history.ts';
import { type TruthBucketsQuery, type TruthRange, World } from './world/world.ts';

export type { FaultPlan } from './faults/fault-plan.ts';
export type { FaultRule } from './faults/fault-rule.ts';
export { type RandomPlanOptions, randomFaultPlan } from './faults/random-fault-plan.ts';
export type { WireFaultKind } from './faults/wire-fault.ts';
export type { Served, ServedAnswer, ServedQuery } from './served/served-log.ts';
export type { RequestCount } from './server/request-counts.ts';
export { type SimulatorOptions, type SimulatorSettings, simulatorDefaults } from './simulator-options.ts';
export type { Delivery } from './world/delivery.ts';
export type { CodeBucket, RequestFilters } from './world/request-history.ts';
export type { TruthBucketsQuery, TruthRange } from './world/world.ts';

export interface Simulator {
  /** `http://127.0.0.1:PORT/api/v1` */
  readonly baseUrl: string;
  readonly key: string;
  /** As listed by the API; the last one has API access disabled. */
  readonly organizations: readonly {
    readonly id: string;
    readonly name: string;
    readonly enabled: boolean;
  }[];
  /**
   * All rows with `from <= sentAt < to` that have appeared by now and can be stored, oldest first; without a range, those of the
   * lookback. Throws RangeError for an unknown organization or a time that cannot be read.
   */
  truthDeliveries(organizationId: string, range?: TruthRange): Delivery[];
  /**
   * The JSON texts, as sent, of the rows of the same range that no archive can store, by the `sentAt` they would
   * have. Throws as `truthDeliveries`.
   */
  truthAltered(organizationId: string, range?: TruthRange): string[];
  /** Exact counts by now, oldest first: whole buckets, so `from` and `to` are widened to their edges. */
  truthBuckets(organizationId: string, query?: TruthBucketsQuery): CodeBucket[];
  /** How many API requests were answered, by organization, operation and status, since the last reset. */
  requests(): RequestCount[];
  resetRequests(): void;
  /** Cuts every API connection: until further notice, or for some seconds; `false` ends it. */
  outage(on: boolean | number): void;
  /** Takes another fault plan from now on; throws RangeError that names what is wrong with it. */
  setFaults(plan: FaultPlan): void;
  /** How many calls were struck since the plan was set, by kind of fault. */
  struck(): Partial<Record<WireFaultKind, number>>;
  /**
   * The time that was really answered for: by whole answers that nothing had spoiled, page by page. Without an
   * operation that of the webhook log.
   */
  served(organizationId: string, operation?: Operation, query?: ServedQuery): Served[];
  /** The same with the moments of the answers. */
  servedAnswers(organizationId: string, operation?: Operation, query?: ServedQuery): ServedAnswer[];
  /** Closes the port and every connection. */
  stop(): Promise<void>;
}

/** Starts a simulated dashboard; rejects when the port is taken, and with RangeError for a faulty plan. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const settings = settingsOf(options);
  const faults = new Faults();
  faults.set(settings.faults);
  const world = new World(settings, faults);
  const served = new ServedLog();
  const outage = new Outage(settings.clock);
  const counts = new RequestCounts();
  const server = createServer(world, served, outage, counts);
  await server.listen({ port: settings.port, host: settings.host });
  const { port } = server.server.address() as AddressInfo;
  return {
    baseUrl: `http://${settings.host}:${port}${API_PREFIX}`,
    key: settings.key,
    organizations: world.places.map(({ organization: { id, name, enabled } }) => ({ id, name, enabled })),
    truthDeliveries: (organizationId, range) => world.truthDeliveries(organizationId, range),
    truthAltered: (organizationId, range) => world.truthAltered(organizationId, range),
    truthBuckets: (organizationId, query) => world.truthBuckets(organizationId, query),
    requests: () => counts.list(),
    resetRequests: () => counts.reset(),
    outage: (on) => outage.set(on),
    setFaults: (plan) => faults.set(plan),
    struck: () => faults.struck(),
    served: (organizationId, operation, query) => served.stretches(organizationId, operation, query),
    servedAnswers: (organizationId, operation, query) => served.answers(organizationId, operation, query),
    stop: () => server.close(),
  };
}

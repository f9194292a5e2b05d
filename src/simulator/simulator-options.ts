import type { FaultPlan } from './faults/fault-plan.ts';
import type { BeforeAnswer } from './server/before-answer.ts';
import type { Sizes } from './world/organizations.ts';

/** Everything that can be set. All content depends on `seed`, `organizations`, `sizes`, `rows` and `lateness` alone. */
export interface SimulatorSettings {
  /** Names the contents: the same seed has the same past, whenever and wherever it runs. Default 1. */
  readonly seed: number | string;
  /** Organizations with API access; one more, without, is always listed after them. Default 3. */
  readonly organizations: number;
  /** Whether each organization is half the size of the one before, or all are alike. Default `halving`. */
  readonly sizes: Sizes;
  /** Webhook deliveries in any 90 days, all organizations together. Default 330000. */
  readonly rows: number;
  /** The only API key that is accepted. Default `simulator-key`. */
  readonly key: string;
  /** Order of the webhook logs by `sentAt`. Default `ascending`. */
  readonly order: 'ascending' | 'descending';
  /** Days back that `t0` of the webhook logs may lie. Default 90. */
  readonly lookback: number;
  /** Days that `t1` of the webhook logs may lie after `t0`. Default 31. */
  readonly span: number;
  /** Days back that `t0` of the response codes may lie. Default 31. */
  readonly codesLookback: number;
  /** Days that `t1` of the response codes may lie after `t0`. Default 31. */
  readonly codesSpan: number;
  /** Seconds a page token stays valid. Default 3600. */
  readonly tokenLifetime: number;
  /** Pages of one window after which its page tokens are refused; `false` for any number. Default `false`. */
  readonly tokenPages: number | false;
  /**
   * How long a delivery stays hidden after its `loggedAt`: a share of the rows up to `max` seconds, the others
   * up to 3 seconds (or `max`, where that is less). Default `{ share: 0.02, max: 300 }`.
   */
  readonly lateness: { readonly share: number; readonly max: number };
  /** Seconds after which an API request is counted. Default 60. */
  readonly lag: number;
  /**
   * Who wins between `interval` and the window: `interval`: the asked one is honoured for any window;
   * `timespan`: it follows from the window's length, whatever was asked. Default `interval`.
   */
  readonly intervalRule: 'interval' | 'timespan';
  /** Whether a bucket without requests is left out or answered with `counts: []`. Default `omitted`. */
  readonly idleBuckets: 'omitted' | 'empty';
  /**
   * Requests per second and organization, and how many at once; `false` for no limit, of addresses neither. Default 10
   * and 10.
   */
  readonly rate: false | { readonly perSecond: number; readonly burst: number };
  /**
   * The same for each source address, all organizations together. How many Meraki takes at once is not documented.
   * Default 100 and 20.
   */
  readonly addressRate: false | { readonly perSecond: number; readonly burst: number };
  /** Whether a 429 says how many seconds to wait. Default `seconds`. */
  readonly retryAfter: 'seconds' | 'missing';
  /**
   * Whether organization-scoped requests to `127.0.0.1` are sent on to the same port of `localhost`, and with
   * which status; `true` takes 302, 307 and 308 in turn. Default `false`.
   */
  readonly redirect: boolean | 302 | 307 | 308;
  /** What time it is, in milliseconds since the epoch. Default the system's clock. */
  readonly clock: { now(): number };
  /** Port to listen on; 0 takes a free one. Default 0. */
  readonly port: number;
  /** Address to listen on. Default `127.0.0.1`. */
  readonly host: string;
  /** What shall go wrong, until another plan is set. Default nothing. */
  readonly faults: FaultPlan;
  /** Called before each API answer that was let through; may answer in its place. Default does nothing. */
  readonly beforeAnswer: BeforeAnswer;
}

/** What the caller of `startSimulator` may set; whatever is left out or undefined has its default. */
export type SimulatorOptions = {
  readonly [Name in keyof SimulatorSettings]?: SimulatorSettings[Name] | undefined;
};

export const simulatorDefaults: SimulatorSettings = {
  seed: 1,
  organizations: 3,
  sizes: 'halving',
  rows: 330_000,
  key: 'simulator-key',
  order: 'ascending',
  lookback: 90,
  span: 31,
  codesLookback: 31,
  codesSpan: 31,
  tokenLifetime: 3_600,
  tokenPages: false,
  lateness: { share: 0.02, max: 300 },
  lag: 60,
  intervalRule: 'interval',
  idleBuckets: 'omitted',
  rate: { perSecond: 10, burst: 10 },
  addressRate: { perSecond: 100, burst: 20 },
  retryAfter: 'seconds',
  redirect: false,
  clock: { now: () => Date.now() },
  port: 0,
  host: '127.0.0.1',
  faults: { seed: 1, rules: [] },
  beforeAnswer: () => undefined,
};

export function settingsOf(options: SimulatorOptions): SimulatorSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...simulatorDefaults, ...Object.fromEntries(given) };
}

import type { Environment } from '../../../src/config.ts';
import { createRandom } from '../../../src/simulator/random.ts';
import { type FaultPlan, randomFaultPlan, type SimulatorOptions } from '../../../src/simulator/simulator.ts';
import { OUTSIDER_URL } from './outsider.ts';

/** What one round is made of; follows from its seed alone. */
export interface RoundPlan {
  readonly seed: number;
  /** `workers`: several beside a Postgres that is killed; `embedded`: one `start` with its own Postgres. */
  readonly shape: 'workers' | 'embedded';
  readonly queue: 'redis' | 'postgres';
  readonly workers: number;
  readonly chaosSeconds: number;
  /** Names of acts to be done in this order, in place of a choice; the chaos is over with the last of them. */
  readonly script: readonly string[] | undefined;
  /** Pause between two acts of the chaos. */
  readonly pauseMs: readonly [least: number, most: number];
  readonly simulator: SimulatorOptions;
  /** What goes wrong in the dashboard itself: with its answers while there is chaos, with its contents always. */
  readonly faults: FaultPlan | undefined;
  readonly environment: Environment;
  /** Final coverage has to reach so close to the end of the chaos before the archive is judged. */
  readonly finalLagSeconds: number;
  /** Whether the quiet waits out leases and locks of 30 seconds, or has them end at once. */
  readonly patient: boolean;
}

export const INTERVAL_SECONDS = 120;
/** The least that are allowed. A row that shows up later than its settle time would be no fault of the archive. */
const SETTLE = { logs: 120, codes: 60 };

/** Draws a round: how the world is, how large, and who lives in it. */
export function planRound(seed: number): RoundPlan {
  const random = createRandom(seed, 'round');
  const shape = random.chance(0.15) ? 'embedded' : 'workers';
  const queue = shape === 'workers' && random.chance(0.65) ? 'redis' : 'postgres';
  const organizations = 2 + random.integer(4);
  const perPage = random.pick([50, 100, 200, 500, 1_000]);
  const pages = 100 + random.integer(250);
  const lookbackDays = random.pick([1, 3, 10, 45, 90]);
  // A short lookback has many rows an hour and so much to read at the newest edge; a long one many windows.
  const rows = Math.min(150_000, organizations * pages * perPage);
  return {
    seed,
    shape,
    queue,
    workers: shape === 'embedded' ? 1 : 3 + random.integer(2),
    chaosSeconds: 60 + random.integer(31),
    script: undefined,
    pauseMs: shape === 'embedded' ? [1_500, 4_500] : [300, 1_000],
    simulator: {
      seed,
      organizations,
      rows: Math.round((rows * 90) / lookbackDays),
      order: random.chance(0.5) ? 'ascending' : 'descending',
      lateness: { share: 0.1, max: SETTLE.logs - 20 },
      lag: SETTLE.codes - 15,
      intervalRule: random.chance(0.5) ? 'interval' : 'timespan',
      idleBuckets: random.chance(0.5) ? 'omitted' : 'empty',
      rate: random.chance(0.3) ? { perSecond: 10, burst: 10 } : false,
      redirect: random.chance(0.3),
      tokenLifetime: random.pick([5, 60, 3_600]),
    },
    faults: random.chance(0.7)
      ? randomFaultPlan(seed, { untrustedUrl: OUTSIDER_URL, latenessSeconds: SETTLE.logs - 20 })
      : undefined,
    environment: {
      REQUESTS_PER_SECOND: String(random.pick([5, 10, 10])),
      WEBHOOK_LOGS_EVERY: '10s',
      API_RESPONSES_EVERY: '10s',
      WEBHOOK_LOGS_SETTLE: `${SETTLE.logs}s`,
      API_RESPONSES_SETTLE: `${SETTLE.codes}s`,
      WEBHOOK_LOGS_PER_PAGE: String(perPage),
      WEBHOOK_LOGS_LOOKBACK: `${lookbackDays}d`,
      WEBHOOK_LOGS_MAX_SPAN: random.pick([`${Math.max(6, lookbackDays)}h`, '2d', '31d']),
      API_RESPONSES_LOOKBACK: random.pick(['2d', '31d']),
      API_RESPONSES_INTERVAL: String(INTERVAL_SECONDS),
      WEBHOOK_URLS: 'full',
      LOG_LEVEL: random.pick(['info', 'debug']),
    },
    finalLagSeconds: 60,
    patient: true,
  };
}

import type { Random } from '../../../src/simulator/random.ts';
import type { FaultPlan, Simulator } from '../../../src/simulator/simulator.ts';
import type { Fleet } from './fleet.ts';
import type { Outsider } from './outsider.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { RedisServer } from './redis-server.ts';

/** Everything a round plays on. */
export interface Stage {
  readonly simulator: Simulator;
  /** What goes wrong in the dashboard. */
  readonly faults: FaultPlan | undefined;
  readonly outsider: Outsider;
  readonly fleet: Fleet;
  /** `undefined` where `start` has its own. */
  readonly postgres: PostgresServer | undefined;
  /** `undefined` where the queue lives in Postgres. */
  readonly redis: RedisServer | undefined;
  /** Of the embedded Postgres, too. */
  readonly dataDir: string;
  readonly random: Random;
  readonly tally: Tally;
  /** Given when the chaos is over: what an act has broken it then mends at once. */
  readonly quiet: AbortSignal;
}

/** How often what was done. */
export interface Tally {
  readonly kills: { worker: number; postgres: number; redis: number; embedded: number };
  /** SIGSTOP and, past locks and leases, SIGCONT. */
  pauses: number;
  /** SIGTERM. */
  stops: number;
  /** By the act's name. */
  readonly acts: Record<string, number>;
}

export function emptyTally(): Tally {
  return { kills: { worker: 0, postgres: 0, redis: 0, embedded: 0 }, pauses: 0, stops: 0, acts: {} };
}

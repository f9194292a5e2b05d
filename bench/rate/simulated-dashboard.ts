import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface DashboardOptions {
  readonly organizations: number;
  /** Deliveries in 90 days, of all organizations together. */
  readonly rows: number;
  /** Added to what the simulator takes itself. */
  readonly latencyMs: number;
}

export interface Passed {
  /** Milliseconds. */
  readonly at: number;
  readonly operation: string;
  readonly organizationId: string | undefined;
}

export interface DashboardReport {
  /** Requests that no limit refused, in order. */
  readonly passed: readonly Passed[];
  readonly counts: readonly { readonly status: number; readonly count: number }[];
}

export interface SimulatedDashboard {
  readonly baseUrl: string;
  readonly key: string;
  readonly organizations: readonly string[];
  report(): Promise<DashboardReport>;
  stop(): Promise<void>;
}

const LIMITS = { rate: { perSecond: 10, burst: 10 }, addressRate: { perSecond: 100, burst: 20 } };

/** Starts the simulator as a process of its own, with the limits of Meraki and organizations of one size. */
export async function startSimulatedDashboard(options: DashboardOptions): Promise<SimulatedDashboard> {
  const settings = { ...options, ...LIMITS, sizes: 'equal', tokenLifetime: 36_000 };
  const child = fork(join(import.meta.dirname, 'simulated-dashboard.mjs'), [JSON.stringify(settings)]);
  const ended = once(child, 'exit');
  const next = async () => {
    const early = ended.then(() => Promise.reject(new Error('the simulator ended')));
    early.catch(() => undefined);
    return (await Promise.race([once(child, 'message'), early]))[0];
  };
  const address = await next();
  return {
    ...address,
    async report() {
      const answer = next();
      child.send('report');
      return (await answer) as DashboardReport;
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}

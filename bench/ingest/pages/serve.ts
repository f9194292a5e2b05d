import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createDashboard } from './dashboard.ts';
import type { DashboardPlan } from './dashboard-plan.ts';

/** The page server's process: says its port, serves, and ends with its standard input. */
export async function main([plan = '{}']: readonly string[]): Promise<number> {
  const server = createDashboard(JSON.parse(plan) as DashboardPlan);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(String((server.address() as AddressInfo).port));
  process.stdin.resume();
  await once(process.stdin, 'end');
  server.closeAllConnections();
  server.close();
  return 0;
}

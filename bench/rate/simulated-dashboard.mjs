/*
 * The built simulator in a process of its own, which tells its parent when it let which request through. Its one
 * argument is JSON: options of the simulator, and how long an answer takes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startSimulator } from '../../dist/simulator/simulator.js';

const { latencyMs, ...options } = JSON.parse(process.argv[2]);
const passed = [];
const simulator = await startSimulator({
  ...options,
  beforeAnswer: async ({ operation, organizationId }) => {
    passed.push({ at: performance.now(), operation, organizationId });
    if (latencyMs > 0) await delay(latencyMs);
  },
});
const organizations = simulator.organizations.filter(({ enabled }) => enabled).map(({ id }) => id);
process.send({ baseUrl: simulator.baseUrl, key: simulator.key, organizations });
process.on('message', () => process.send({ passed, counts: simulator.requests() }));
process.on('disconnect', () => process.exit());

/*
 * The built program's `sync`, as main.js runs it, but for one thing: the request budgets are so large that they never
 * make anybody wait. They are asked for all the same. The settings themselves take no more than Meraki allows.
 */
import { systemClock } from '../../../dist/clock.js';
import { configuredLog } from '../../../dist/commands/configured-log.js';
import { sync } from '../../../dist/commands/sync.js';
import { loadConfig } from '../../../dist/config.js';

const UNPACED = 1_000_000;

const config = loadConfig(process.env, { key: true, terminal: false });
process.exitCode = await sync({
  config: {
    ...config,
    meraki: { ...config.meraki, requestsPerSecond: UNPACED, requestsPerSecondPerAddress: UNPACED },
  },
  log: configuredLog(config, config.log.level),
  clock: systemClock,
  signal: new AbortController().signal,
  output: { stream: process.stdout, terminal: false },
  json: true,
  organizationId: undefined,
  stream: 'webhook_logs',
  only: undefined,
});
process.exit();

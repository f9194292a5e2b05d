/*
 * The built program's `sync`, as main.js runs it, but for its request budgets.
 */
import { systemClock } from '../../../dist/clock.js';
import { configuredLog } from '../../../dist/commands/configured-log.js';
import { sync } from '../../../dist/commands/sync.js';
import { unpacedConfig } from '../../unpaced.mjs';

const config = unpacedConfig();
process.exitCode = await sync({
  config,
  log: configuredLog(config, config.log.level),
  clock: systemClock,
  signal: new AbortController().signal,
  output: { stream: process.stdout, terminal: false },
  json: true,
  organization: undefined,
  stream: 'webhook_logs',
  only: undefined,
});
process.exit();

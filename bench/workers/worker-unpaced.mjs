/*
 * The built program's `worker`, as main.js runs it, but for its request budgets.
 */
import { systemClock } from '../../dist/clock.js';
import { configuredLog } from '../../dist/commands/configured-log.js';
import { runWorker } from '../../dist/commands/run-worker.js';
import { unpacedConfig } from '../unpaced.mjs';

const stopping = new AbortController();
process.on('SIGTERM', () => stopping.abort(new Error('stopped')));

const config = unpacedConfig();
await runWorker({
  config,
  log: configuredLog(config, config.log.level),
  clock: systemClock,
  signal: stopping.signal,
  migrations: 'expect',
});
process.exit();

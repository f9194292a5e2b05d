#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { systemClock } from './clock.ts';
import { configuredLog } from './commands/configured-log.ts';
import { withLookingCommands } from './commands/looking-commands.ts';
import type { Surroundings } from './commands/surroundings.ts';
import { withWorkingCommands } from './commands/working-commands.ts';
import { loadConfig } from './config.ts';
import { HistorianError } from './errors.ts';

const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  .version as string;
const stopping = new AbortController();

const surroundings: Surroundings = {
  environment: process.env,
  output: { stream: process.stdout, terminal: process.stdout.isTTY === true },
  logTerminal: process.stderr.isTTY === true,
  clock: systemClock,
  signal: stopping.signal,
  prepare({ key, quiet = false }) {
    const { environment, logTerminal, clock, signal, output } = surroundings;
    const config = loadConfig(environment, { key, terminal: logTerminal });
    const level = quiet && environment['LOG_LEVEL'] === undefined ? 'warn' : config.log.level;
    return { config, log: configuredLog(config, level), clock, signal, output };
  },
  ends(exitCode) {
    process.exitCode = exitCode;
  },
};

const program = new Command('meraki-historian')
  .description(
    'Keeps Meraki webhook delivery logs and API request counts for years, exactly, in Postgres.\n' +
      'Settings are environment variables; all have defaults but MERAKI_DASHBOARD_API_KEY.',
  )
  .version(version)
  .showHelpAfterError('(add --help for what can be given)')
  .exitOverride()
  .addHelpText(
    'after',
    `
First steps:
  meraki-historian demo                  see it work against a simulated dashboard, with no key
  MERAKI_DASHBOARD_API_KEY=… meraki-historian doctor
  MERAKI_DASHBOARD_API_KEY=… meraki-historian start

Exit codes: 0 done, 1 unexpected, 2 usage, 3 configuration, 4 key refused, 5 Meraki unreachable,
6 database or queue unreachable, 7 done but gaps, quarantined rows or differences remain, 130 stopped by a signal.`,
  );

withWorkingCommands(program, surroundings);
withLookingCommands(program, surroundings);

function onSignal(name: NodeJS.Signals): void {
  if (stopping.signal.aborted) process.exit(130);
  process.stderr.write(`\n${name}: stopping after the page at hand; once more to end at once.\n`);
  stopping.abort(new Error(`stopped by ${name}`));
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// Whoever reads our output may have seen enough: what is said from then on goes nowhere, and the work is done.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}
// Sockets that a library keeps open must not keep a finished command alive; what was said has to be out first.
await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit();

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function failed(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (stopping.signal.aborted) return 130;
  if (error instanceof HistorianError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

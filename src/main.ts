#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { systemClock } from './clock.ts';
import {
  faultPlanArgument,
  instantArgument,
  type SimulatorArguments,
  wholeNumber,
  withSimulatorOptions,
} from './commands/arguments.ts';
import type { Output } from './commands/output.ts';
import { type Config, loadConfig } from './config.ts';
import { HistorianError, UsageError } from './errors.ts';
import { type Instant, instantOfMilliseconds } from './instant.ts';
import { createLog, type Log } from './log.ts';
import { STREAM_NAMES, type StreamName } from './stream-key.ts';

const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  .version as string;
const output: Output = { stream: process.stdout, terminal: process.stdout.isTTY === true };
const logTerminal = process.stderr.isTTY === true;
const stopping = new AbortController();
const clock = systemClock;

interface Prepared {
  readonly config: Config;
  readonly log: Log;
  readonly clock: typeof systemClock;
  readonly signal: AbortSignal;
  readonly output: Output;
}

function prepare(needs: { readonly key: boolean; readonly quiet?: boolean }): Prepared {
  const config = loadConfig(process.env, { key: needs.key, terminal: logTerminal });
  const quiet = needs.quiet === true && process.env['LOG_LEVEL'] === undefined;
  return {
    config,
    log: logOf(config, quiet ? 'warn' : config.log.level),
    clock,
    signal: stopping.signal,
    output,
  };
}

function logOf(config: Config, level: string): Log {
  const urls = [config.databaseUrl, config.redisUrl].filter((url) => url !== undefined);
  const passwords = urls.map((url) => new URL(url).password).filter((password) => password !== '');
  const secrets = [config.meraki.key, ...passwords, ...passwords.map(decodeURIComponent)];
  return createLog({
    level,
    format: config.log.format,
    secrets: secrets.filter((secret) => secret !== undefined),
  });
}

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
6 database or queue unreachable, 7 done but gaps or quarantined rows remain.`,
  );

program
  .command('start')
  .description('migrate, schedule and work in one process until stopped')
  .action(async () => {
    const { runWorker } = await import('./commands/run-worker.ts');
    const { announce } = await import('./commands/announce.ts');
    const prepared = prepare({ key: true });
    await runWorker({ ...prepared, migrations: 'apply', onOpen: (archive) => announce(archive, output) });
  });

program
  .command('worker')
  .description('schedule and work without migrating, for running several on one DATABASE_URL')
  .action(async () => {
    const { runWorker } = await import('./commands/run-worker.ts');
    await runWorker({ ...prepare({ key: true }), migrations: 'expect' });
  });

program
  .command('sync')
  .description('bring everything up to date once, with progress, then exit')
  .option('--organization <id>', 'only this organization')
  .addOption(new Option('--stream <name>', 'only this stream').choices(STREAM_NAMES))
  .option('--from <time>', 'only what lies at or after this time (ISO 8601)', instantArgument)
  .option('--to <time>', 'only what lies before this time (ISO 8601)', instantArgument)
  .option('--json', 'print the result as JSON')
  .addHelpText(
    'after',
    '\nExample: meraki-historian sync --organization 549236 --from 2026-10-01 --to 2026-11-01',
  )
  .action(async (given: SyncArguments) => {
    const { sync } = await import('./commands/sync.ts');
    const only = rangeOf(given.from, given.to);
    const prepared = prepare({ key: true, quiet: true });
    process.exitCode = await sync({
      ...prepared,
      json: given.json === true,
      organizationId: given.organization,
      stream: given.stream,
      only,
    });
  });

interface SyncArguments {
  readonly organization?: string;
  readonly stream?: StreamName;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly json?: boolean;
}

withSimulatorOptions(
  program
    .command('demo')
    .description('run everything against a built-in simulated dashboard; needs no key, no Redis, no Docker')
    .option('--once', 'catch up, compare with the truth, print a summary and exit')
    .option('--json', 'print the summary as JSON'),
).action(async (given: SimulatorArguments & { once?: boolean; json?: boolean }) => {
  const { demo } = await import('./commands/demo.ts');
  const { once, json, ...simulator } = given;
  const prepared = prepare({ key: false, quiet: true });
  process.exitCode = await demo({ ...prepared, once: once === true, json: json === true, simulator });
});

withSimulatorOptions(
  program
    .command('simulator')
    .description('only the simulated dashboard, for trying things out')
    .option('--port <port>', 'port to listen on (default: a free one)', wholeNumber(0, 65_535))
    .option('--faults <file>', 'a JSON file that says what shall go wrong', faultPlanArgument),
).action(async (given: SimulatorArguments) => {
  const { simulate } = await import('./commands/simulate.ts');
  await simulate({ simulator: given, output, signal: stopping.signal });
});

program
  .command('status')
  .description('where each stream stands, and how to connect for reading')
  .option('--json', 'print as JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const { status } = await import('./commands/status.ts');
    process.exitCode = await status({ ...prepare({ key: false, quiet: true }), json: json === true });
  });

program
  .command('gaps')
  .description('what is missing, and until when it can still be had; exit code 7 when something is')
  .option('--json', 'print as JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const { gaps } = await import('./commands/status.ts');
    process.exitCode = await gaps({ ...prepare({ key: false, quiet: true }), json: json === true });
  });

program
  .command('doctor')
  .description('check configuration, key, access, clock, database and queue, and say how to mend what fails')
  .option('--json', 'print as JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const { doctor } = await import('./commands/doctor.ts');
    const log = createLog({ level: 'fatal', format: 'json', secrets: [] });
    process.exitCode = await doctor({
      environment: process.env,
      terminal: logTerminal,
      log,
      clock,
      signal: stopping.signal,
      output,
      json: json === true,
    });
  });

program
  .command('migrate')
  .description('apply migrations and exit')
  .action(async () => {
    const { migrateOnly } = await import('./commands/migrate-only.ts');
    await migrateOnly(prepare({ key: false }));
  });

function rangeOf(from: Instant | undefined, to: Instant | undefined) {
  if (from === undefined && to === undefined) return undefined;
  const range = { from: from ?? 0, to: to ?? instantOfMilliseconds(clock.now()) };
  if (range.from >= range.to) throw new UsageError('--from must lie before --to (or before now).');
  return range;
}

function onSignal(name: NodeJS.Signals): void {
  if (stopping.signal.aborted) process.exit(130);
  process.stderr.write(`\n${name}: stopping after the page at hand; once more to end at once.\n`);
  stopping.abort(new Error(`stopped by ${name}`));
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

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

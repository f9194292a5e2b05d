import { type Command, Option } from 'commander';
import type { Clock } from '../clock.ts';
import { UsageError } from '../errors.ts';
import { type Instant, instantOfMilliseconds } from '../instant.ts';
import { STREAM_NAMES } from '../stream-key.ts';
import {
  type AuditArguments,
  faultPlanArgument,
  instantArgument,
  type SimulatorArguments,
  type SyncArguments,
  wholeNumber,
  withSimulatorOptions,
} from './arguments.ts';
import type { Surroundings } from './surroundings.ts';

/** Adds the commands that fill the archive, and the simulated dashboard. */
export function withWorkingCommands(
  program: Command,
  { prepare, ends, output, signal, clock }: Surroundings,
): void {
  program
    .command('start')
    .description('migrate, schedule and work in one process until stopped')
    .action(async () => {
      const { runWorker } = await import('./run-worker.ts');
      const { announce } = await import('./announce.ts');
      const prepared = prepare({ key: true });
      await runWorker({ ...prepared, migrations: 'apply', onOpen: (archive) => announce(archive, output) });
    });

  program
    .command('worker')
    .description('schedule and work without migrating, for running several on one DATABASE_URL')
    .action(async () => {
      const { runWorker } = await import('./run-worker.ts');
      await runWorker({ ...prepare({ key: true }), migrations: 'expect' });
    });

  program
    .command('sync')
    .description('bring everything up to date once, with progress, then exit')
    .option('--organization <id|name>', 'only this organization')
    .addOption(new Option('--stream <name>', 'only this stream').choices(STREAM_NAMES))
    .option('--from <time>', 'only what lies at or after this time (ISO 8601)', instantArgument)
    .option('--to <time>', 'only what lies before this time (ISO 8601)', instantArgument)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExample: meraki-historian sync --organization 549236 --from 2026-10-01 --to 2026-11-01',
    )
    .action(async (given: SyncArguments) => {
      const { sync } = await import('./sync.ts');
      const only = rangeOf(given.from, given.to, clock);
      const prepared = prepare({ key: true, quiet: true });
      ends(
        await sync({
          ...prepared,
          json: given.json === true,
          organization: given.organization,
          stream: given.stream,
          only,
        }),
      );
    });

  withSimulatorOptions(
    program
      .command('demo')
      .description('run everything against a built-in simulated dashboard; needs no key, no Redis, no Docker')
      .option('--once', 'catch up, compare with the truth, print a summary and exit')
      .option('--json', 'print the summary as JSON'),
  ).action(async (given: SimulatorArguments & { once?: boolean; json?: boolean }) => {
    const { demo } = await import('./demo.ts');
    const { once, json, ...simulator } = given;
    const prepared = prepare({ key: false, quiet: true });
    ends(await demo({ ...prepared, once: once === true, json: json === true, simulator }));
  });

  withSimulatorOptions(
    program
      .command('simulator')
      .description('only the simulated dashboard, for trying things out')
      .option('--port <port>', 'port to listen on (default: a free one)', wholeNumber(0, 65_535))
      .option('--faults <file>', 'a JSON file that says what shall go wrong', faultPlanArgument),
  ).action(async (given: SimulatorArguments) => {
    const { simulate } = await import('./simulate.ts');
    await simulate({ simulator: given, output, signal });
  });

  program
    .command('audit')
    .description(
      'read some final time again and compare it with what is stored; exit code 7 when anything differed',
    )
    .option('--organization <id|name>', 'only this organization')
    .addOption(new Option('--stream <name>', 'only this stream').choices(STREAM_NAMES))
    .option('--requests <n>', 'requests for each stream, at least 4 (default AUDIT_REQUESTS)', wholeNumber(4))
    .option('--json', 'print the result as JSON')
    .action(async (given: AuditArguments) => {
      const { audit } = await import('./audit.ts');
      ends(
        await audit({
          ...prepare({ key: true, quiet: true }),
          json: given.json === true,
          organization: given.organization,
          stream: given.stream,
          requests: given.requests,
          random: Math.random,
        }),
      );
    });

  program
    .command('migrate')
    .description('apply migrations and exit')
    .action(async () => {
      const { migrateOnly } = await import('./migrate-only.ts');
      await migrateOnly(prepare({ key: false }));
    });
}

function rangeOf(from: Instant | undefined, to: Instant | undefined, clock: Clock) {
  if (from === undefined && to === undefined) return undefined;
  const range = { from: from ?? 0, to: to ?? instantOfMilliseconds(clock.now()) };
  if (range.from >= range.to) throw new UsageError('--from must lie before --to (or before now).');
  return range;
}

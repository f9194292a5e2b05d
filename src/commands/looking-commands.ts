import { type Command, Option } from 'commander';
import type { Instant } from '../instant.ts';
import { createLog } from '../log.ts';
import { STREAM_NAMES, type StreamName } from '../stream-key.ts';
import { instantArgument, isDayAlone } from './arguments.ts';
import { withExportCommand } from './export-command.ts';
import { withQuarantineCommands } from './quarantine-commands.ts';
import { withReaderCommands } from './reader-commands.ts';
import { withRollupCommands } from './rollup-commands.ts';
import type { Surroundings } from './surroundings.ts';

/** Adds the commands that look at the archive. */
export function withLookingCommands(
  program: Command,
  { prepare, ends, output, signal, clock, environment, logTerminal }: Surroundings,
): void {
  program
    .command('status')
    .description('where each stream stands, and how to connect for reading')
    .option('--json', 'print as JSON')
    .addOption(
      new Option(
        '--metrics',
        "print Prometheus' text format, as for node_exporter's textfile collector",
      ).conflicts('json'),
    )
    .action(async ({ json, metrics }: { json?: boolean; metrics?: boolean }) => {
      const { status } = await import('./status.ts');
      const prepared = prepare({ key: false, quiet: true });
      ends(await status({ ...prepared, json: json === true, metrics: metrics === true }));
    });

  program
    .command('gaps')
    .description('what is missing, and until when it can still be had; exit code 7 when something is')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { gaps } = await import('./gaps.ts');
      ends(await gaps({ ...prepare({ key: false, quiet: true }), json: json === true }));
    });

  withQuarantineCommands(program, async (verb, given) => {
    const { listQuarantine, replayQuarantined } = await import('./quarantine.ts');
    const { organization, stream, raw, json } = given;
    const options = { ...prepare({ key: false, quiet: true }), organization, stream, json: json === true };
    ends(
      verb === 'list'
        ? await listQuarantine({ ...options, raw: raw === true })
        : await replayQuarantined(options),
    );
  });

  withRollupCommands(program, async (verb, { organization, json }) => {
    const { checkAllRollups, rebuildRollups } = await import('./rollups.ts');
    const options = { ...prepare({ key: false, quiet: true }), organization, json: json === true };
    ends(verb === 'check' ? await checkAllRollups(options) : await rebuildRollups(options));
  });

  const readers = () => import('./readers.ts');
  const asked = () => prepare({ key: false, quiet: true });
  withReaderCommands(program, {
    add: async (role, { organization }) => (await readers()).addReader(asked(), role, organization),
    list: async ({ json }) => (await readers()).listReaders({ ...asked(), json: json === true }),
    remove: async (role, { drop }) => (await readers()).removeReader(asked(), role, drop === true),
  });

  program
    .command('explain')
    .description('why a moment is as it is: read and empty, never read, lost and why, provisional, …')
    .argument('<organization>', 'id or name of the organization')
    .argument('<time>', 'ISO 8601, such as 2026-11-01T10:00Z', (text: string) => ({
      moment: instantArgument(text),
      isWholeDay: isDayAlone(text),
    }))
    .addOption(new Option('--stream <name>', 'only this stream').choices(STREAM_NAMES))
    .option('--json', 'print as JSON')
    .action(
      async (
        organization: string,
        time: { moment: Instant; isWholeDay: boolean },
        { stream, json }: { stream?: StreamName; json?: boolean },
      ) => {
        const { explain } = await import('./explain.ts');
        const prepared = prepare({ key: false, quiet: true });
        ends(await explain({ ...prepared, ...time, organization, stream, json: json === true }));
      },
    );

  withExportCommand(program, async (view, given) => {
    const { exportReport } = await import('./export.ts');
    ends(
      await exportReport({
        ...prepare({ key: false, quiet: true }),
        request: {
          view,
          columns: given.columns,
          range: { from: given.from, to: given.to },
          organizations: given.organization ?? [],
        },
        format: given.format,
        csv: { unguarded: !given.guard, byteOrderMark: given.bom === true },
        file: given.output,
      }),
    );
  });

  program
    .command('doctor')
    .description(
      'check configuration, key, access, clock, database and queue, and say how to mend what fails',
    )
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { doctor } = await import('./doctor.ts');
      const log = createLog({ level: 'fatal', format: 'json', secrets: [] });
      ends(
        await doctor({
          environment,
          terminal: logTerminal,
          log,
          clock,
          signal,
          output,
          json: json === true,
        }),
      );
    });
}

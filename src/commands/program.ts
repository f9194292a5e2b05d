import { Command, CommanderError } from 'commander';
import { loadConfig } from '../config.ts';
import { HistorianError } from '../errors.ts';
import { configuredLog } from './configured-log.ts';
import { withLookingCommands } from './looking-commands.ts';
import { type Output, presentable } from './output.ts';
import type { Surroundings } from './surroundings.ts';
import { withWorkingCommands } from './working-commands.ts';

/** What the program is run in: a process, or a test. */
export interface Outside extends Pick<Surroundings, 'environment' | 'output' | 'clock' | 'signal' | 'ends'> {
  readonly version: string;
  /** Where log lines go, and what is said about errors. */
  readonly messages: Output;
}

/**
 * Makes the command line with all its commands, to be run once by `parseAsync`.
 *
 * @returns a command that throws instead of ending the process; {@link exitCodeOf} says what to make of that
 */
export function createProgram(outside: Outside): Command {
  const { version, environment, output, messages, clock, signal, ends } = outside;
  const surroundings: Surroundings = {
    ...{ environment, output, clock, signal, ends, logTerminal: messages.terminal },
    prepare({ key, quiet = false }) {
      const config = loadConfig(environment, { key, terminal: messages.terminal });
      const level = quiet && environment['LOG_LEVEL'] === undefined ? 'warn' : config.log.level;
      return { config, log: configuredLog(config, level, messages.stream), clock, signal, output };
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
    .configureOutput({
      writeOut: (text) => void output.stream.write(text),
      writeErr: (text) => void messages.stream.write(text),
    })
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
  return program;
}

/** Says what a command failed with, unless that is said already, and gives the exit code for it. */
export function exitCodeOf(error: unknown, { messages, signal }: Outside): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (signal.aborted) return 130;
  if (error instanceof HistorianError) {
    messages.stream.write(`${presentable(error.message)}\n`);
    return error.exitCode;
  }
  messages.stream.write(
    `Unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

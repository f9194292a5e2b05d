import { type Command, Option } from 'commander';
import { STREAM_NAMES, type StreamName } from '../stream-key.ts';

export interface QuarantineArguments {
  readonly organization?: string;
  readonly stream?: StreamName;
  readonly raw?: boolean;
  readonly json?: boolean;
}

/** Adds `quarantine list` and `quarantine replay`. */
export function withQuarantineCommands(
  program: Command,
  run: (verb: 'list' | 'replay', given: QuarantineArguments) => Promise<void>,
): void {
  const quarantine = program
    .command('quarantine')
    .description('rows that could not be understood: list them, or store those that pass now');
  const only = (command: Command) =>
    command
      .option('--organization <id|name>', 'only rows of this organization')
      .addOption(new Option('--stream <name>', 'only rows of this stream').choices(STREAM_NAMES))
      .option('--json', 'print as JSON');
  only(quarantine.command('list'))
    .description('rows in quarantine and why; exit code 7 when there are any')
    .option('--raw', "print each row's text as received")
    .addHelpText(
      'after',
      '\nWith --raw or --json the text of each row is printed. It holds the whole receiver URL, which can be a secret.',
    )
    .action((given: QuarantineArguments) => run('list', given));
  only(quarantine.command('replay'))
    .description('store what passes the rules of this version; exit code 7 when rows remain')
    .addHelpText('after', '\nWorkers may go on meanwhile, and it can be stopped and run again at any moment.')
    .action((given: QuarantineArguments) => run('replay', given));
}

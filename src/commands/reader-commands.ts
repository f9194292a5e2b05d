import type { Command } from 'commander';

export interface AddReaderArguments {
  readonly organization: readonly string[];
}

export interface ReaderActions {
  add(role: string, given: AddReaderArguments): Promise<void>;
  list(given: { readonly json?: boolean }): Promise<void>;
  remove(role: string, given: { readonly drop?: boolean }): Promise<void>;
}

/** Adds `reader add`, `reader list` and `reader remove`. */
export function withReaderCommands(program: Command, actions: ReaderActions): void {
  const reader = program
    .command('reader')
    .description('database logins that see the report views of some organizations only');
  reader
    .command('add')
    .description('let a database role see these organizations and no others; makes the role if need be')
    .argument('<role>', 'name of the role')
    .requiredOption(
      '--organization <id|name>',
      'an organization it may see; repeat the option for more',
      (id: string, before: readonly string[] = []) => [...before, id],
    )
    .addHelpText(
      'after',
      '\nAdded again, it sees what is given then, in place of what it saw before.' +
        '\nExample: meraki-historian reader add harbor_reports --organization 549236 --organization 12',
    )
    .action((role: string, given: AddReaderArguments) => actions.add(role, given));
  reader
    .command('list')
    .description('these roles, and what each may see')
    .option('--json', 'print as JSON')
    .action((given: { json?: boolean }) => actions.list(given));
  reader
    .command('remove')
    .description('take a role its rights to the report views')
    .argument('<role>', 'name of the role')
    .option('--drop', 'drop the role, too')
    .action((role: string, given: { drop?: boolean }) => actions.remove(role, given));
}

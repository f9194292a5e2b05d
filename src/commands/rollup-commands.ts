import type { Command } from 'commander';

export interface RollupArguments {
  readonly organization?: string;
  readonly json?: boolean;
}

/** Adds `rollups check` and `rollups rebuild`. */
export function withRollupCommands(
  program: Command,
  run: (verb: 'check' | 'rebuild', given: RollupArguments) => Promise<void>,
): void {
  const rollups = program
    .command('rollups')
    .description('the sums that report views read: compare them with the facts, or make them anew');
  const only = (command: Command) =>
    command
      .option('--organization <id|name>', 'only those of this organization')
      .option('--json', 'print as JSON');
  only(rollups.command('check'))
    .description('compare every rollup with what the facts make; exit code 7 when any differ')
    .action((given: RollupArguments) => run('check', given));
  only(rollups.command('rebuild'))
    .description('make all rollups anew; reports stay right meanwhile, and workers may go on')
    .action((given: RollupArguments) => run('rebuild', given));
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXPORT_FORMATS, type ExportFormat } from '../export/export-format.ts';
import type { Instant } from '../instant.ts';
import { instantArgument } from './arguments.ts';

export interface ExportArguments {
  readonly from?: Instant;
  readonly to?: Instant;
  readonly organization?: readonly string[];
  readonly columns?: readonly string[];
  readonly format?: ExportFormat;
  readonly output?: string;
  readonly guard: boolean;
  readonly bom?: boolean;
}

/** Adds `export`. */
export function withExportCommand(
  program: Command,
  run: (view: string, given: ExportArguments) => Promise<void>,
): void {
  program
    .command('export')
    .description('write a report view as CSV, Parquet or JSON, to a file or to standard output')
    .argument('<view>', 'a view of schema meraki, such as webhook_deliveries_daily')
    .option(
      '--from <time>',
      'only rows at or after this time (ISO 8601, UTC unless it says else)',
      instantArgument,
    )
    .option('--to <time>', 'only rows before this time', instantArgument)
    .option(
      '--organization <id|name>',
      'only rows of this organization; can be given several times',
      collected,
    )
    .option('--columns <names>', 'only these columns, in this order, separated by commas', listed)
    .addOption(
      new Option('--format <format>', 'by default as the name of the file ends, else csv').choices(
        EXPORT_FORMATS,
      ),
    )
    .option(
      '--output <file>',
      'write to this file, which appears once it is whole (default: standard output)',
    )
    .option('--no-guard', 'CSV: no apostrophe before texts that a spreadsheet takes for formulas')
    .option('--bom', 'CSV: begin with a byte order mark, so that Excel reads it as UTF-8')
    .addHelpText('after', HELP)
    .action((view: string, given: ExportArguments) => run(view, given));
}

const HELP = `
The time that --from and --to apply to is the view's own: sent_at, bucket_start, or where its stretch begins. Any
name that is no view lists all views with theirs. json is one object a line.

Examples:
  meraki-historian export webhook_deliveries --from 2026-10-01 --to 2026-11-01 --output october.parquet
  meraki-historian export api_responses_daily --organization 549236 --format csv | head`;

function collected(id: string, before: readonly string[] = []): readonly string[] {
  return [...before, id];
}

function listed(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be names separated by commas.');
  return names;
}

import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Instant, parseInstant } from '../instant.ts';
import { type FaultPlan, readFaultPlan } from '../simulator/faults/fault-plan.ts';
import type { StreamName } from '../stream-key.ts';

export interface SimulatorArguments {
  readonly seed?: number;
  readonly organizations?: number;
  readonly rows?: number;
  readonly port?: number;
  readonly order?: 'ascending' | 'descending';
  readonly lookback?: number;
  readonly intervalRule?: 'interval' | 'timespan';
  readonly idleBuckets?: 'omitted' | 'empty';
  readonly tokenLifetime?: number;
  readonly redirect?: boolean;
  readonly faults?: FaultPlan;
}

export interface SyncArguments {
  readonly organization?: string;
  readonly stream?: StreamName;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly json?: boolean;
}

export interface AuditArguments {
  readonly organization?: string;
  readonly stream?: StreamName;
  readonly requests?: number;
  readonly json?: boolean;
}

/** Adds the options that say what the simulated dashboard is like. */
export function withSimulatorOptions(command: Command): Command {
  return command
    .option('--seed <n>', 'the world to simulate: the same seed has the same past', wholeNumber(0))
    .option('--organizations <n>', 'organizations with API access (default 3)', wholeNumber(1))
    .option(
      '--rows <n>',
      'deliveries in 90 days, all organizations together (default 330000)',
      wholeNumber(1),
    )
    .addOption(new Option('--order <order>', 'order of the webhook log').choices(['ascending', 'descending']))
    .option('--lookback <days>', 'days that the webhook log is kept (default 90)', wholeNumber(1))
    .addOption(
      new Option('--interval-rule <rule>', 'who decides the bucket width').choices(['interval', 'timespan']),
    )
    .addOption(new Option('--idle-buckets <how>', 'buckets without requests').choices(['omitted', 'empty']))
    .option('--token-lifetime <seconds>', 'how long a page token is valid (default 3600)', wholeNumber(1))
    .option('--redirect', 'send requests on to a second host name');
}

/** Parses an option that is a whole number. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const limit = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
      throw new InvalidArgumentError(`It must be a whole number of at least ${least}${limit}.`);
    }
    return value;
  };
}

/** Reads the fault plan in a JSON file. */
export function faultPlanArgument(file: string): FaultPlan {
  try {
    const plan: unknown = JSON.parse(readFileSync(file, 'utf8'));
    readFaultPlan(plan);
    return plan as FaultPlan;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Parses a time to the minute or finer, in UTC unless it says otherwise; a day alone means its beginning. */
export function instantArgument(text: string): Instant {
  const forms = [text, `${text}T00:00:00Z`, `${text}Z`, `${text}:00Z`, text.replace(/Z$/i, ':00Z')];
  const instant = forms.map(parseInstant).find((read) => read !== undefined);
  if (instant === undefined) {
    throw new InvalidArgumentError('It must be a time such as 2026-11-22 or 2026-11-22T12:00:00Z.');
  }
  return instant;
}

/** Whether a time was given as a day alone. */
export function isDayAlone(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

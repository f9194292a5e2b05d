/** What `npm run test:faults` was given. */
export interface RunOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly only: 'processes' | 'model' | undefined;
  readonly stopOnFailure: boolean;
  /** Rounds of processes at the same time. */
  readonly sideBySide: number;
  /** As many rounds of processes and no more, whatever the minutes; those of the known seeds are left out. */
  readonly rounds: number | undefined;
  /** A file for the figures. */
  readonly json: string | undefined;
}

/** The variable that `run.mjs` hands the options over in, since Vitest has no arguments of a suite's own. */
export function optionsFromEnvironment(): RunOptions {
  const given: Partial<RunOptions> = JSON.parse(process.env['FAULTS_OPTIONS'] ?? '{}');
  return {
    minutes: given.minutes ?? 10,
    seed: given.seed ?? Math.floor(Math.random() * 1_000_000) + 1,
    only: given.only,
    stopOnFailure: given.stopOnFailure ?? false,
    sideBySide: given.sideBySide ?? 2,
    rounds: given.rounds,
    json: given.json,
  };
}

import type { Clock } from '../clock.ts';
import type { Config, Environment } from '../config.ts';
import type { Log } from '../log.ts';
import type { Output } from './output.ts';

export interface Prepared {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly output: Output;
}

/** What a command gets from the process it runs in. */
export interface Surroundings {
  readonly environment: Environment;
  readonly output: Output;
  /** Whether log lines are read on a terminal. */
  readonly logTerminal: boolean;
  readonly clock: Clock;
  /** Given when the process is asked to stop. */
  readonly signal: AbortSignal;
  /**
   * Reads the configuration and opens the log.
   *
   * @param needs `quiet`: a person waits for an answer, so only warnings are logged unless LOG_LEVEL is set
   * @throws {ConfigurationError}
   */
  prepare(needs: { readonly key: boolean; readonly quiet?: boolean }): Prepared;
  /** Notes the exit code with which the process ends. */
  ends(exitCode: number): void;
}

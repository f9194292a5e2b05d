import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Output } from './output.ts';

/** What every command that looks at the archive is given. */
export interface LookOptions {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  readonly output: Output;
  /** One JSON document in place of text. */
  readonly json: boolean;
}

/** The same for commands that work until they are done or interrupted. */
export interface WorkOptions extends LookOptions {
  /** Ends the work at the next place where nothing is lost. */
  readonly signal: AbortSignal;
}

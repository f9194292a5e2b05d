import { join } from 'node:path';
import type { Timed } from '../baselines/timed.ts';
import { runMeasured } from './run-measured.ts';

const RUNNER = join(import.meta.dirname, '..', 'run-part.mjs');

/** Runs one of the files in `baselines/` as a process of its own. */
export async function runBaseline(file: string, given: readonly string[]): Promise<Timed> {
  const run = await runMeasured([RUNNER, `baselines/${file}`, ...given], {});
  if (run.exitCode !== 0) throw new Error(`${file} ended with ${run.exitCode}: ${run.stderr}`);
  return JSON.parse(run.stdout) as Timed;
}

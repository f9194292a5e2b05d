import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measured } from '../measured/run-measured.ts';
import { plainTable } from '../results/ingest-table.ts';
import { sampleStatements } from './statement-samples.ts';
import { type CpuProfile, type Share, topFunctions } from './top-functions.ts';

const MOST = 30;

/** Where the time of one run went, as text. */
export interface Profiled {
  readonly run: Measured;
  readonly text: string;
}

/**
 * Profiles a run of the program and what Postgres does for it.
 *
 * @param run starts the program with the given options of Node
 */
export async function profileSync(
  url: string,
  rows: number,
  run: (nodeOptions: readonly string[]) => Promise<Measured>,
): Promise<Profiled> {
  const folder = await mkdtemp(join(tmpdir(), 'historian-profile-'));
  try {
    const running = run(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
    const [measured, statements] = await Promise.all([running, sampleStatements(url, running)]);
    const [file = ''] = await readdir(folder);
    const profile = JSON.parse(await readFile(join(folder, file), 'utf8')) as CpuProfile;
    const { functions, places } = topFunctions(profile);
    const text = [
      table('functions of the worker, without what they call', functions, rows),
      table('files and packages of the worker', places, rows),
      table('statements, waits in brackets', statements, rows),
    ].join('\n\n');
    return { run: measured, text };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function table(heading: string, shares: readonly Share[], rows: number): string {
  const lines = shares
    .slice(0, MOST)
    .map(({ name, seconds }) => [name, seconds.toFixed(2), ((seconds * 1e6) / rows).toFixed(2)]);
  return plainTable([[heading, 'seconds', 'µs a row'], ...lines]);
}

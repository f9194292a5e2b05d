import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Measured, runMeasured } from './run-measured.ts';

const SYNC = join(import.meta.dirname, 'sync-unpaced.mjs');
const DONE = 0;

/** Has the built program bring an archive up to date, and says what its process used. */
export async function runSync(
  databaseUrl: string,
  baseUrl: string,
  nodeOptions: readonly string[],
): Promise<Measured> {
  const redisUrl = process.env['BENCH_REDIS_URL'] || undefined;
  // Where an .env or data of somebody else cannot be.
  const dataDir = await mkdtemp(join(tmpdir(), 'historian-ingest-'));
  try {
    const run = await runMeasured([...nodeOptions, SYNC], {
      MERAKI_DASHBOARD_API_KEY: 'none-is-asked-for',
      MERAKI_BASE_URL: baseUrl,
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      LOG_LEVEL: 'warn',
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    });
    if (run.exitCode !== DONE) throw new Error(`sync ended with ${run.exitCode}: ${run.stderr}${run.stdout}`);
    return run;
  } finally {
    await rm(dataDir, { recursive: true });
  }
}

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What the embedded Postgres has logged; nothing where there is none. */
export async function embeddedLogs(dataDir: string): Promise<readonly string[]> {
  const home = join(dataDir, 'postgres');
  const directory = join(home, 'cluster', 'log');
  const names = await readdir(directory).catch(() => []);
  const start = await readdir(home).catch(() => []);
  return [
    ...names.map((name) => join(directory, name)),
    ...start.filter((name) => name === 'start.log').map((name) => join(home, name)),
  ];
}

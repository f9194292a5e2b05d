import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of the variables that .env.example lists. */
export async function readEnvironment(): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8');
  return [...text.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '');
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Placement = 'distributed' | 'reference' | 'local';

const FILE = join(import.meta.dirname, '..', '..', 'deploy', 'citus.sql');

/** Every place where deploy/citus.sql says where a table lies, in its order. */
export async function readPlacements(): Promise<readonly (readonly [string, Placement])[]> {
  const text = await readFile(FILE, 'utf8');
  const forms = /^(?:select create_(distributed|reference)_table\('([^']+)'|-- (local): (\S+)$)/gm;
  return [...text.matchAll(forms)].map(([, made, table, local, named]) => [
    table ?? named ?? '',
    (made ?? local) as Placement,
  ]);
}

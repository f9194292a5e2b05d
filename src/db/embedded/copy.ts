import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from '../../errors.ts';
import { hintFor } from './hint.ts';

export interface Copy {
  readonly directory: string;
  /** False when an earlier copy was found whole. */
  readonly fresh: boolean;
}

interface SourceFile {
  readonly path: string;
  readonly bytes: number;
}

const NEEDED_TO_BUILD_ONLY = /\.a$|(^|\/)pkgconfig(\/|$)/;

/**
 * Copies Postgres binaries to a directory below `cacheDir` named after version and contents, readable by
 * everybody, with the links that npm's install script makes. An earlier copy is used again when it is whole
 * and `runs` says so.
 *
 * @throws EmbeddedPostgresError when the copy cannot be written.
 */
export async function copyBinaries(
  source: string,
  cacheDir: string,
  runs: (directory: string) => Promise<boolean>,
): Promise<Copy> {
  const files = await listFiles(source).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `The Postgres binaries are missing or cannot be read in ${source}. Install the packages again (npm ci), or set DATABASE_URL to a Postgres that you run yourself.`,
      { source },
      error,
    );
  });
  const directory = join(cacheDir, `postgres-${await versionOf(source)}-${digestOf(files)}`);
  if ((await isWhole(directory, files)) && (await runs(directory))) return { directory, fresh: false };

  const temporary = `${directory}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdirReadable(cacheDir);
    await copyTree(source, temporary);
    await linkLibraries(temporary);
    await setAsideDamaged(directory, files, runs);
    await rename(temporary, directory).catch(async (error: unknown) => {
      if (!(await isWhole(directory, files))) throw error;
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresError(
      `The Postgres binaries cannot be copied to ${cacheDir}: ${reason}. ${hintFor(reason)}`,
      { source, cacheDir },
      error,
    );
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return { directory, fresh: true };
}

async function listFiles(root: string): Promise<SourceFile[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path).replaceAll('\\', '/');
    if (entry.isFile() && !NEEDED_TO_BUILD_ONLY.test(name)) {
      files.push({ path: name, bytes: (await lstat(path)).size });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function digestOf(files: readonly SourceFile[]): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}

async function versionOf(source: string): Promise<string> {
  try {
    const manifest: unknown = JSON.parse(await readFile(join(source, '..', 'package.json'), 'utf8'));
    const version = (manifest as { version?: unknown }).version;
    return typeof version === 'string' && /^[\w.-]+$/.test(version) ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Also refuses a copy that another user planted or could change. */
async function isWhole(directory: string, files: readonly SourceFile[]): Promise<boolean> {
  try {
    const top = await lstat(directory);
    if (!top.isDirectory()) return false;
    if (process.getuid !== undefined && (top.uid !== process.getuid() || (top.mode & 0o022) !== 0))
      return false;
    for (const file of files) {
      if ((await stat(join(directory, file.path))).size !== file.bytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (NEEDED_TO_BUILD_ONLY.test(entry.name)) continue;
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else {
      await copyFile(source, target);
      await chmod(target, from.endsWith('bin') ? 0o755 : 0o644);
    }
  }
}

async function linkLibraries(directory: string): Promise<void> {
  const list = await readFile(join(directory, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(directory, relative('native', target));
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function setAsideDamaged(
  directory: string,
  files: readonly SourceFile[],
  runs: (directory: string) => Promise<boolean>,
): Promise<void> {
  const damaged = `${directory}.damaged-${randomBytes(4).toString('hex')}`;
  if ((await isWhole(directory, files)) && (await runs(directory))) return;
  const moved = await rename(directory, damaged).then(
    () => true,
    () => false,
  );
  if (moved) await rm(damaged, { recursive: true, force: true });
}

async function mkdirReadable(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  if (first === undefined) return;
  // mkdir obeys the umask; a root with umask 077 would make a cache that nobody else can enter.
  for (let path = directory; path.length >= first.length; path = dirname(path)) await chmod(path, 0o755);
}

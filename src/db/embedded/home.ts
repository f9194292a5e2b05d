import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Account, accountForRoot, canWriteDirectory, isRoot } from './process.ts';

/** Where the cluster and everything Postgres writes beside it lies, and who owns it. */
export interface Home {
  readonly directory: string;
  /** `undefined`: the user this program runs as. */
  readonly account: Account | undefined;
}

/**
 * Finds or makes the directory for the cluster: `postgres` below DATA_DIR. When this program is root and the
 * account Postgres runs as cannot get there (DATA_DIR below /root, say), the directory is made below
 * `stateDir`, and `postgres` is a link to it.
 *
 * @throws EmbeddedPostgresError when Postgres's user can reach neither, or there is no user to run it as.
 */
export async function ensureHome(dataDir: string, stateDir: string, log: Log): Promise<Home> {
  const pointer = pointerIn(dataDir);
  const present = await describe(pointer);
  if (present !== undefined) return reuse(pointer, present);
  return isRoot() ? makeForRoot(pointer, dataDir, stateDir, log) : makeHere(pointer);
}

/** Whether there is one in this DATA_DIR; also where that cannot be told, for opening it says what is wrong. */
export async function hasEmbeddedPostgres(dataDir: string): Promise<boolean> {
  return await describe(pointerIn(dataDir)).then(
    (present) => present !== undefined,
    () => true,
  );
}

function pointerIn(dataDir: string): string {
  return join(dataDir, 'postgres');
}

async function describe(pointer: string): Promise<'directory' | 'dangling' | undefined> {
  const entry = await lstat(pointer).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (entry === undefined) return undefined;
  return stat(pointer).then(
    () => 'directory' as const,
    () => 'dangling' as const,
  );
}

async function reuse(pointer: string, present: 'directory' | 'dangling'): Promise<Home> {
  if (present === 'dangling') {
    throw new EmbeddedPostgresError(
      `${pointer} points to a directory that is not there. Mount or restore it; or, to begin a new archive, delete the link.`,
      { pointer },
    );
  }
  const directory = await realpath(pointer);
  if (!isRoot()) return { directory, account: undefined };
  const { uid, gid } = await stat(directory);
  if (uid !== 0) {
    const account = { name: `uid ${uid}`, uid, gid };
    if (await canWriteDirectory(directory, account)) return { directory, account };
    throw new EmbeddedPostgresError(
      `${directory} belongs to user id ${uid}, who cannot enter it. Let that user through the directories above it (chmod o+x), or move DATA_DIR.`,
      { directory, uid },
    );
  }
  const account = requireAccount();
  // Root made it and was killed before giving it away.
  if ((await readdir(directory)).length > 0) {
    throw new EmbeddedPostgresError(
      `${directory} belongs to root, as whom Postgres does not run. Give it to the user ${account.name} (chown -R).`,
      { directory },
    );
  }
  await chown(directory, account.uid, account.gid);
  return { directory, account };
}

async function makeHere(pointer: string): Promise<Home> {
  await mkdir(pointer, { mode: 0o700, recursive: true });
  return { directory: await realpath(pointer), account: undefined };
}

async function makeForRoot(pointer: string, dataDir: string, stateDir: string, log: Log): Promise<Home> {
  const account = requireAccount();
  await makeFor(pointer, account);
  if (await canWriteDirectory(pointer, account)) return { directory: await realpath(pointer), account };
  await rmdir(pointer);

  if ((await mkdir(stateDir, { recursive: true })) !== undefined) await chmod(stateDir, 0o755);
  const directory = await vacantName(join(stateDir, await nameFor(dataDir)), log);
  await makeFor(directory, account);
  if (!(await canWriteDirectory(directory, account))) {
    throw new EmbeddedPostgresError(
      `Postgres runs as the user ${account.name}, who can reach neither ${dataDir} nor ${stateDir}. Put DATA_DIR where that user can enter, or set DATABASE_URL.`,
      { dataDir, stateDir, user: account.name },
    );
  }
  await symlink(directory, pointer, 'dir');
  log.info(
    { dataDir, directory, user: account.name },
    'Postgres does not run as root, and its user cannot enter DATA_DIR: the database is kept elsewhere, with a link in DATA_DIR',
  );
  return { directory: await realpath(directory), account };
}

/** A person who deleted DATA_DIR wants a new archive; the old one is not ours to delete. */
async function vacantName(wanted: string, log: Log): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    const names = await readdir(name).catch(() => []);
    if (names.length === 0) return name;
    log.warn({ directory: name }, 'the database of an earlier DATA_DIR of this name is left untouched');
  }
}

async function nameFor(dataDir: string): Promise<string> {
  const absolute = await realpath(dataDir);
  const readable = `${basename(dirname(absolute))}-${basename(absolute)}`.replace(/[^\w.-]+/g, '_');
  return `${readable}-${createHash('sha256').update(absolute).digest('hex').slice(0, 10)}`;
}

async function makeFor(directory: string, account: Account): Promise<void> {
  await mkdir(directory, { mode: 0o700, recursive: true });
  await chown(directory, account.uid, account.gid);
}

function requireAccount(): Account {
  const account = accountForRoot();
  if (account !== undefined) return account;
  throw new EmbeddedPostgresError(
    'Postgres does not run as root, and no user postgres, nobody or daemon exists to run it as. Start this program as another user, or set DATABASE_URL.',
  );
}

import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { EmbeddedPostgresError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Binaries, programIn } from './binaries.ts';
import { clusterDirectory, configureCluster } from './cluster.ts';
import { hintFor } from './hint.ts';
import type { Home } from './home.ts';
import { findPostmaster, isPostmaster, type Postmaster, removeStalePidfile } from './pidfile.ts';
import { run } from './process.ts';
import { freePort, isPortFree } from './settings.ts';

// Recovery after a crash reads up to max_wal_size again; minutes on a slow disk, and never to be cut short.
const START_SECONDS = 900;
const STOP_SECONDS = 120;
const POLL_MILLISECONDS = 25;
const KEPT_LOG_FILES = 5;

export interface Server {
  readonly home: Home;
  readonly binaries: Binaries;
  readonly log: Log;
}

/** Waits out a start or stop that is under way. `undefined`: no server runs. */
export async function settledPostmaster(home: Home): Promise<Postmaster | undefined> {
  for (let waited = 0; waited < START_SECONDS * 1_000; waited += POLL_MILLISECONDS) {
    const postmaster = await findPostmaster(clusterDirectory(home));
    if (postmaster === undefined || postmaster.status === 'ready') return postmaster;
    await systemClock.sleep(POLL_MILLISECONDS);
  }
  throw new EmbeddedPostgresError(
    `The embedded Postgres in ${home.directory} has been starting or stopping for ${START_SECONDS} s. Look at its log there.`,
    { directory: home.directory },
  );
}

/**
 * Starts the server on the wanted port, or on another free one when that is taken.
 *
 * @returns the port, or `undefined` when another process started the server at the same moment.
 * @throws EmbeddedPostgresError with the last lines of the server's log.
 */
export async function startServer(server: Server, wantedPort: number): Promise<number | undefined> {
  const cluster = clusterDirectory(server.home);
  let port = wantedPort;
  let output = '';
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (!(await isPortFree(port))) port = await freePort();
    if (await removeStalePidfile(cluster)) {
      server.log.warn(
        { directory: cluster },
        'removed a postmaster.pid that named a process of something else',
      );
    }
    await configureCluster(server.home, port);
    // Removed, not emptied: it belongs to another user when this program is root.
    await rm(join(server.home.directory, 'start.log'), { force: true });
    const begun = Date.now();
    const outcome = await pgCtl(server, ['start', '-w', '-t', String(START_SECONDS), '-l', 'start.log']);
    if (outcome.code === 0) return port;
    if ((await findPostmaster(cluster)) !== undefined) return undefined;
    output = `${outcome.output}\n${await lastLogLines(server.home, begun)}`.trim();
    // The first names a port lost since it was looked at; the second, backends about to notice that their
    // killed postmaster is gone; the third, another process that started and stopped it meanwhile.
    if (!/address already in use|could not bind|shared memory block|lock file/i.test(output)) break;
    await systemClock.sleep(250);
  }
  throw new EmbeddedPostgresError(
    `The embedded Postgres did not start: ${output.slice(-1_500)}\n${hintFor(output)}`,
    { directory: cluster, port, user: server.home.account?.name },
  );
}

/**
 * Stops the server in fast mode (open transactions are rolled back) and waits until it has ended.
 *
 * @throws EmbeddedPostgresError when it still runs after two minutes.
 */
export async function stopServer(server: Server): Promise<void> {
  const cluster = clusterDirectory(server.home);
  const postmaster = await findPostmaster(cluster);
  if (postmaster === undefined) return;
  // pg_ctl's own waiting looks at the pid file only, and waits on when somebody else starts a server at once.
  const outcome = await pgCtl(server, ['stop', '-m', 'fast', '-W']);
  for (let waited = 0; waited < STOP_SECONDS * 1_000; waited += POLL_MILLISECONDS) {
    if (!(await isPostmaster(postmaster.pid, cluster))) return;
    await systemClock.sleep(POLL_MILLISECONDS);
  }
  throw new EmbeddedPostgresError(
    `The embedded Postgres did not stop within ${STOP_SECONDS} s: ${outcome.output}. It keeps trying; nothing is lost when the machine goes down meanwhile.`,
    { directory: cluster, pid: postmaster.pid },
  );
}

/** The directory and the log go in through the environment and `cwd`: pg_ctl hands its options to a shell. */
function pgCtl(server: Server, args: readonly string[]) {
  return run(programIn(server.binaries.directory, 'pg_ctl'), args, {
    account: server.home.account,
    cwd: server.home.directory,
    env: { PGDATA: clusterDirectory(server.home) },
  });
}

/** Postgres starts a new log file at 10 MB or each week, and never deletes one. */
export async function pruneLogs(home: Home): Promise<void> {
  const files = await logFiles(home);
  for (const file of files.slice(0, -KEPT_LOG_FILES)) await rm(file, { force: true });
}

async function logFiles(home: Home): Promise<string[]> {
  const directory = join(clusterDirectory(home), 'log');
  const names = await readdir(directory).catch(() => []);
  return names
    .filter((name) => name.startsWith('postgres-'))
    .sort()
    .map((name) => join(directory, name));
}

/** The log file of an earlier run would only mislead. */
async function lastLogLines(home: Home, sinceMilliseconds: number): Promise<string> {
  const candidates = [join(home.directory, 'start.log'), (await logFiles(home)).at(-1)];
  const parts: string[] = [];
  for (const file of candidates) {
    if (file !== undefined) parts.push(await lastBytes(file, 2_000, sinceMilliseconds));
  }
  return parts.join('\n').trim().split('\n').slice(-12).join('\n');
}

async function lastBytes(file: string, count: number, sinceMilliseconds: number): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size, mtimeMs } = await handle.stat();
      if (mtimeMs < sinceMilliseconds) return '';
      const buffer = Buffer.alloc(Math.min(size, count));
      await handle.read(buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}

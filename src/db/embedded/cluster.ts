import { randomBytes } from 'node:crypto';
import { access, appendFile, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { type Binaries, programIn } from './binaries.ts';
import { hintFor } from './hint.ts';
import type { Home } from './home.ts';
import { isAlive, removeStalePidfile } from './pidfile.ts';
import { run } from './process.ts';
import { OWNER_ROLE, type Settings, writeFileWhole } from './settings.ts';

const OUR_CONFIGURATION = 'historian.conf';
const UNFINISHED = /^unfinished-(\d+)-/;

/** The directory that Postgres calls PGDATA. */
export function clusterDirectory(home: Home): string {
  return join(home.directory, 'cluster');
}

/**
 * Makes the cluster unless there is one. It is made under another name and renamed when whole, so that a
 * killed initdb leaves nothing that could be taken for a cluster.
 *
 * @returns whether it was made now.
 * @throws EmbeddedPostgresError when initdb fails, or the cluster is of another major version.
 */
export async function ensureCluster(
  home: Home,
  binaries: Binaries,
  settings: Settings,
  log: Log,
): Promise<boolean> {
  const cluster = clusterDirectory(home);
  if (await isOccupied(cluster)) {
    await refuseOtherVersion(cluster, binaries);
    return false;
  }
  await removeUnfinished(home);
  const unfinished = join(home.directory, `unfinished-${process.pid}-${randomBytes(4).toString('hex')}`);
  const passwordFile = `${unfinished}.password`;
  try {
    await writeFileWhole(passwordFile, `${settings.ownerPassword}\n`, { replace: true, owner: home.account });
    const outcome = await run(programIn(binaries.directory, 'initdb'), initdbArguments(passwordFile), {
      account: home.account,
      cwd: home.directory,
      env: { PGDATA: unfinished },
    });
    if (outcome.code !== 0) {
      throw new EmbeddedPostgresError(
        `The embedded Postgres could not create its cluster: ${outcome.output.slice(-1_000)}\n${hintFor(outcome.output)}`,
        { directory: home.directory, user: home.account?.name },
      );
    }
    await appendFile(join(unfinished, 'postgresql.conf'), `\ninclude_if_exists = '${OUR_CONFIGURATION}'\n`);
    await rename(unfinished, cluster).catch(async (error: unknown) => {
      // Another process made one meanwhile, with the same passwords.
      if (!(await isOccupied(cluster))) throw error;
    });
    await syncDirectory(home.directory);
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
  log.info({ directory: cluster, postgres: binaries.major }, 'created the embedded Postgres cluster');
  return true;
}

function initdbArguments(passwordFile: string): string[] {
  return [
    `--username=${OWNER_ROLE}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    // The order of text comes from Postgres itself; of the system's locales only C exists everywhere.
    '--locale=C',
    '--data-checksums',
  ];
}

async function isOccupied(cluster: string): Promise<boolean> {
  return readdir(cluster).then(
    (names) => names.length > 0,
    () => false,
  );
}

async function refuseOtherVersion(cluster: string, binaries: Binaries): Promise<void> {
  const version = await readFile(join(cluster, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (version === binaries.major) return;
  if (version === undefined) {
    throw new EmbeddedPostgresError(
      `${cluster} is not empty and not a Postgres cluster. Move it elsewhere, or choose another DATA_DIR.`,
      { directory: cluster },
    );
  }
  throw new EmbeddedPostgresError(
    `The archive in ${cluster} was written by Postgres ${version}; this program brings Postgres ${binaries.major}. Either dump it with the program version that wrote it (pg_dump) and restore it into a new DATA_DIR, or run Postgres ${version} on that directory yourself and set DATABASE_URL.`,
    { directory: cluster, clusterVersion: version, binariesVersion: binaries.major },
  );
}

/** Without it a power cut could bring back the unfinished name, with data under it. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/**
 * Removes what an interrupted initdb left. No server ever ran there, so it holds no data. The age decides where
 * the pid was given out again, to this very process for instance, as happens in containers.
 */
async function removeUnfinished(home: Home): Promise<void> {
  for (const name of await readdir(home.directory)) {
    const pid = UNFINISHED.exec(name)?.[1];
    if (pid === undefined) continue;
    const path = join(home.directory, name);
    const minutes = await stat(path).then(
      (found) => (Date.now() - found.mtimeMs) / 60_000,
      () => 0,
    );
    if (isAlive(Number(pid)) && minutes < 10) continue;
    if (await hasServed(path)) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function hasServed(directory: string): Promise<boolean> {
  return access(join(directory, OUR_CONFIGURATION)).then(
    () => true,
    () => false,
  );
}

/**
 * Gives the owner the password of the settings. For a cluster whose settings file was lost; the server must
 * not be running.
 */
export async function resetOwnerPassword(home: Home, binaries: Binaries, settings: Settings): Promise<void> {
  await removeStalePidfile(clusterDirectory(home));
  const outcome = await run(programIn(binaries.directory, 'postgres'), ['--single', 'postgres'], {
    account: home.account,
    cwd: home.directory,
    env: { PGDATA: clusterDirectory(home) },
    input: `alter role ${OWNER_ROLE} password '${settings.ownerPassword}'\n`,
  });
  if (outcome.code !== 0 || /ERROR|FATAL/.test(outcome.output)) {
    throw new EmbeddedPostgresError(
      'The file embedded-postgres.json with the passwords was lost, and new ones could not be set. Restore it from a backup.',
      { directory: clusterDirectory(home), exitCode: outcome.code },
    );
  }
}

/** Writes this program's settings for Postgres. In a file, since pg_ctl hands options to a shell. */
export async function configureCluster(home: Home, port: number): Promise<void> {
  const file = join(clusterDirectory(home), OUR_CONFIGURATION);
  await writeFileWhole(file, configuration(port), { replace: true, owner: home.account });
}

function configuration(port: number): string {
  return `# Written by meraki-historian at every start. Put your own settings below the include in postgresql.conf.
listen_addresses = '127.0.0.1'
port = ${port}
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
max_connections = 60
shared_buffers = '128MB'
effective_cache_size = '512MB'
maintenance_work_mem = '64MB'
max_wal_size = '1GB'
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on
log_directory = 'log'
log_filename = 'postgres-%Y-%m-%dT%H%M%S.log'
log_rotation_size = '10MB'
log_rotation_age = '7d'
log_line_prefix = '%m [%p] %q%u@%d '
# Statements carry archived data, and once a password; neither belongs into a log.
log_min_error_statement = 'panic'
log_statement = 'none'
`;
}

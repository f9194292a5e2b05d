import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../../clock.ts';
import { EmbeddedPostgresError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { findBinaries } from './binaries.ts';
import { clusterDirectory, ensureCluster, resetOwnerPassword } from './cluster.ts';
import { refuseWhileHeldElsewhere, startHeartbeat } from './heartbeat.ts';
import { hintFor } from './hint.ts';
import { ensureHome } from './home.ts';
import { keepGuest, keepOwner } from './keeper.ts';
import { findPostmaster } from './pidfile.ts';
import { isRoot } from './process.ts';
import { ensureRunning, type Running } from './running.ts';
import { pruneLogs, type Server, settledPostmaster, stopServer } from './server.ts';
import { connectSession, isServerLeaving, prepareDatabase, type Role, takeOwnership } from './session.ts';
import { loadSettings, ownerUri, readerPasswordFile, readerUriOf } from './settings.ts';

export interface EmbeddedPostgresOptions {
  /** DATA_DIR; made when it is missing. A relative path is resolved against the working directory. */
  readonly dataDir: string;
  readonly log: Log;
  /**
   * `owner`: the one historian that works on this data directory; stops the server when it closes.
   * `guest`: a short visit beside an owner, or alone.
   */
  readonly role: Role;
  /** Directory with `bin`, `lib` and `share`; by default that of the npm package. */
  readonly binariesDir?: string;
  /** Where root keeps what Postgres's user could not reach below DATA_DIR. */
  readonly stateDir?: string;
  /** Where the binaries are copied to when they cannot be used where npm put them. */
  readonly cacheDir?: string;
}

export interface EmbeddedPostgres {
  /** With the owner's password: for this process only, never to be printed. */
  readonly connectionString: string;
  /** For psql; names the reader's password file, contains no secret. */
  readonly readerUri: string;
  readonly readerPasswordFile: string;
  readonly port: number;
  /** False when the server was running already. */
  readonly startedHere: boolean;
  /** Ends this process's hold, and stops the server where that is its task. Can be called more than once. */
  close(): Promise<void>;
}

const ATTEMPTS = 5;

/**
 * Starts the Postgres that comes with this program, or attaches to it where it runs already.
 *
 * @throws EmbeddedPostgresError when it cannot run here, or `role` is `owner` and another historian has it.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  try {
    await mkdir(dataDir, { recursive: true });
    const server = await prepareServer(options, dataDir);
    const heartbeat = await startHeartbeat(dataDir);
    const endHeartbeat = async (): Promise<void> =>
      heartbeat.stop((await findPostmaster(clusterDirectory(server.home))) === undefined);
    try {
      return await openWithRetry(server, options, dataDir, endHeartbeat);
    } catch (error) {
      await endHeartbeat();
      throw error;
    }
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? error : explained(error, dataDir);
  }
}

async function prepareServer(options: EmbeddedPostgresOptions, dataDir: string): Promise<Server> {
  const { log } = options;
  const { settings, created } = await loadSettings(dataDir);
  const home = await ensureHome(dataDir, options.stateDir ?? '/var/lib/meraki-historian', log);
  await refuseWhileHeldElsewhere(dataDir, clusterDirectory(home));
  const binaries = await findBinaries({
    account: home.account,
    cacheDir:
      options.cacheDir ?? (isRoot() ? '/var/cache/meraki-historian' : join(dataDir, 'postgres-binaries')),
    binariesDir: options.binariesDir,
    log,
  });
  const fresh = await ensureCluster(home, binaries, settings, log);
  if (created && !fresh && (await settledPostmaster(home)) === undefined) {
    await resetOwnerPassword(home, binaries, settings);
    log.warn({ dataDir }, 'the passwords of the embedded Postgres were lost; made new ones');
  }
  await pruneLogs(home);
  return { home, binaries, log };
}

async function openWithRetry(
  server: Server,
  options: EmbeddedPostgresOptions,
  dataDir: string,
  afterClose: () => Promise<void>,
): Promise<EmbeddedPostgres> {
  for (let attempt = 1; ; attempt += 1) {
    const running = await ensureRunning(server, dataDir);
    try {
      return await openSession(server, options.role, dataDir, running, afterClose);
    } catch (error) {
      if (isServerLeaving(error) && attempt < ATTEMPTS) {
        await systemClock.sleep(100);
        continue;
      }
      // A refused owner leaves the server to the one that holds it.
      if (running.startedHere && !(error instanceof EmbeddedPostgresError)) {
        await stopServer(server).catch(() => undefined);
      }
      throw error;
    }
  }
}

async function openSession(
  server: Server,
  role: Role,
  dataDir: string,
  { settings, startedHere }: Running,
  afterClose: () => Promise<void>,
): Promise<EmbeddedPostgres> {
  const session = await connectSession(settings, role);
  try {
    if (role === 'owner') await takeOwnership(session, dataDir);
    await prepareDatabase(session, settings);
    const held = { session, server, settings, dataDir };
    const close = role === 'owner' ? keepOwner(held) : await keepGuest(held, startedHere);
    let closing: Promise<void> | undefined;
    return {
      connectionString: ownerUri(settings),
      readerUri: readerUriOf(dataDir, settings),
      readerPasswordFile: readerPasswordFile(dataDir),
      port: settings.port,
      startedHere,
      close: () => {
        closing ??= close().finally(afterClose);
        return closing;
      },
    };
  } catch (error) {
    await session.end().catch(() => undefined);
    throw error;
  }
}

function explained(error: unknown, dataDir: string): EmbeddedPostgresError {
  const reason = error instanceof Error ? error.message : String(error);
  const advice = /password authentication/.test(reason)
    ? 'embedded-postgres.json does not belong to this cluster: stop what runs on this DATA_DIR, then restore that file, or delete it and start again.'
    : hintFor(reason);
  return new EmbeddedPostgresError(
    `The embedded Postgres in ${dataDir} cannot be used: ${reason}. ${advice}`,
    { dataDir },
    error,
  );
}

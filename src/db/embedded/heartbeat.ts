import { access, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../clock.ts';
import { EmbeddedPostgresError } from '../../errors.ts';

// postmaster.pid and Postgres's shared memory protect a cluster only among processes that see each other. A
// second container on the same volume (docker compose run … status), or another machine on a shared disk,
// would take the file for stale, start a second server on the same files and destroy them. So whoever holds
// the cluster keeps touching a file that names its place, and somebody from another place looks at it first.

const BEAT_MILLISECONDS = 2_000;
const PATIENCE_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 250;

export interface Heartbeat {
  /** @param serverStopped nobody needs the mark any more. */
  stop(serverStopped: boolean): Promise<void>;
}

export async function startHeartbeat(dataDir: string): Promise<Heartbeat> {
  const file = markFile(dataDir);
  const place = await ownPlace();
  const beat = async (): Promise<void> => {
    const now = new Date();
    await utimes(file, now, now).catch(() => writeFile(file, place));
  };
  await writeFile(file, place);
  const timer = setInterval(() => void beat().catch(() => undefined), BEAT_MILLISECONDS);
  timer.unref();
  return {
    stop: async (serverStopped) => {
      clearInterval(timer);
      if (serverStopped) await rm(file, { force: true });
    },
  };
}

/**
 * Waits up to ten seconds for a sign of life from another container or machine, unless the last holder was
 * here or left in good order.
 *
 * @throws EmbeddedPostgresError when there is one.
 */
export async function refuseWhileHeldElsewhere(dataDir: string, cluster: string): Promise<void> {
  const file = markFile(dataDir);
  const holder = await readFile(file, 'utf8').catch(() => undefined);
  if (holder === undefined || holder === (await ownPlace())) return;
  const hasPidfile = await access(join(cluster, 'postmaster.pid')).then(
    () => true,
    () => false,
  );
  if (!hasPidfile) return;
  const first = await lastBeat(file);
  for (let waited = 0; waited < PATIENCE_MILLISECONDS; waited += POLL_MILLISECONDS) {
    const latest = await lastBeat(file);
    if (latest === undefined) return;
    if (latest !== first) {
      const host = holder.split('\n')[0];
      throw new EmbeddedPostgresError(
        `Another historian is running on the data directory ${dataDir} in another container or machine (host ${host}). Run this command there (docker compose exec, not run), or set DATABASE_URL for both.`,
        { dataDir, host },
      );
    }
    await systemClock.sleep(POLL_MILLISECONDS);
  }
}

function markFile(dataDir: string): string {
  return join(dataDir, 'embedded-postgres.running');
}

async function lastBeat(file: string): Promise<number | undefined> {
  return stat(file).then(
    (found) => found.mtimeMs,
    () => undefined,
  );
}

async function ownPlace(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const processes = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()}\n${boot.trim()}\n${processes}\n`;
}

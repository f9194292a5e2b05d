import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { run } from './process.ts';

/** What postmaster.pid says of a server that is there. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number | undefined;
  readonly status: 'starting' | 'ready' | 'stopping';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The server that runs on the cluster, or `undefined` when none does, whatever postmaster.pid claims. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const lines = await readLines(cluster);
  const pid = Math.abs(Number.parseInt(lines[0] ?? '', 10));
  if (!Number.isInteger(pid) || pid === 0 || !(await isPostmaster(pid, cluster))) return undefined;
  const port = Number.parseInt(lines[3] ?? '', 10);
  const word = (lines[7] ?? '').trim();
  const status =
    word === 'ready' || word === 'standby' ? 'ready' : word === 'stopping' ? 'stopping' : 'starting';
  return { pid, port: Number.isInteger(port) ? port : undefined, status };
}

/**
 * Removes a postmaster.pid whose process is another program by now, or a zombie. Postgres would refuse to
 * start because of it, which is common in containers, where the same few pids are given out at every start.
 * It checks on its own, by its shared memory, that no orphaned backend is left.
 */
export async function removeStalePidfile(cluster: string): Promise<boolean> {
  const pid = Number.parseInt((await readLines(cluster))[0] ?? '', 10);
  if (!Number.isInteger(pid) || !isAlive(pid) || (await isPostmaster(pid, cluster))) return false;
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  return true;
}

async function readLines(cluster: string): Promise<string[]> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    },
  );
  return text.split('\n');
}

/** When in doubt it says yes: taking a live server for a dead one is what must not happen. */
export async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') return isPostmasterByProc(pid, cluster);
  if (process.platform === 'win32') return true;
  // macOS and the BSDs; untested.
  const answer = await run('/bin/ps', ['-o', 'command=', '-p', String(pid)], { account: undefined });
  return answer.code !== 0 || answer.output.includes('postgres');
}

async function isPostmasterByProc(pid: number, cluster: string): Promise<boolean> {
  try {
    const program = await readlink(`/proc/${pid}/exe`);
    const directory = await readlink(`/proc/${pid}/cwd`);
    return basename(program).startsWith('postgres') && directory === (await realpath(cluster));
  } catch (error) {
    // ENOENT: it ended meanwhile, or is a zombie, which has neither link.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

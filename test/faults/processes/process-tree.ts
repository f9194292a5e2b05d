import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Sends SIGKILL to a process and to everything it started, those first that were there first. */
export async function killTree(pid: number): Promise<void> {
  // Asked before the first dies: orphans are given another parent.
  const family = [pid, ...(await descendantsOf(pid))];
  for (const member of family) signal(member, 'SIGKILL');
}

/** Process ids of the children, grandchildren and so on. */
export async function descendantsOf(pid: number): Promise<readonly number[]> {
  const parents = await parentsOfAll();
  const found: number[] = [];
  const next = [pid];
  for (let parent = next.pop(); parent !== undefined; parent = next.pop()) {
    for (const [child, of] of parents) {
      if (of !== parent) continue;
      found.push(child);
      next.push(child);
    }
  }
  return found;
}

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function parentsOfAll(): Promise<ReadonlyMap<number, number>> {
  return process.platform === 'linux' ? await parentsByProc() : await parentsByPs();
}

async function parentsByProc(): Promise<ReadonlyMap<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const pairs = pids.map(async (pid): Promise<[number, number]> => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name in parentheses may hold anything, also spaces and parentheses.
    return [Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2])];
  });
  return new Map(await Promise.all(pairs));
}

async function parentsByPs(): Promise<ReadonlyMap<number, number>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Environment } from '../../src/config.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'dist', 'main.js');

/** Builds the program, unless what is built is newer than every source. Whether its types are right is no test's matter. */
export async function buildProgram(): Promise<void> {
  const built = await stat(MAIN).catch(() => undefined);
  const sources = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true });
  for (const source of sources) {
    if (!source.isFile()) continue;
    const { mtimeMs } = await stat(join(source.parentPath, source.name));
    if (built === undefined || mtimeMs > built.mtimeMs) {
      await promisify(execFile)('npm', ['run', '--silent', 'build', '--', '--noCheck'], { cwd: ROOT });
      return;
    }
  }
}

export interface Ended {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program, running. */
export interface Program {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once `stream` has said `part`; rejects when the program ends before. */
  says(stream: 'stdout' | 'stderr', part: string): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Starts the built program with this environment alone, and PATH. */
export function startProgram(commandLine: readonly string[], environment: Environment): Program {
  const child = spawn(process.execPath, [MAIN, ...commandLine], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const said = { stdout: '', stderr: '' };
  const watchers = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      said[name] += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = once(child, 'close').then(([exitCode]): Ended => {
    running.delete(child);
    return { exitCode: exitCode as number | null, ...said };
  });
  return {
    process: child,
    ended,
    async says(stream, part) {
      let watcher = (): void => undefined;
      const found = new Promise<void>((resolve) => {
        watcher = () => {
          if (said[stream].includes(part)) resolve();
        };
        watchers.add(watcher);
        watcher();
      });
      const never = ended.then((end) => {
        throw new Error(`the program ended (${end.exitCode}) without saying "${part}": ${end.stderr}`);
      });
      await Promise.race([found, never]).finally(() => watchers.delete(watcher));
      never.catch(() => undefined);
    },
  };
}

/** Ends what a failed test left running. */
export async function endPrograms(): Promise<void> {
  const closing = [...running].map((child) => once(child, 'close'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(closing);
}

/** Expects output fit for everybody's eyes: no secret, no stack trace. */
export function expectPresentable({ stdout, stderr }: Ended, secrets: readonly string[]): void {
  for (const said of [stdout, stderr]) {
    for (const secret of secrets) expect(said).not.toContain(secret);
    expect(said).not.toMatch(/^\s+at .*:\d+/m);
    expect(said).not.toContain('Unexpected:');
  }
}

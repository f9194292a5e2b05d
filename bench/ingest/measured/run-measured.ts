import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export interface Measured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From starting the process until it ended. */
  readonly seconds: number;
  /** User and system time of all its threads. */
  readonly cpuMicroseconds: number;
  /** Most memory it had resident at once. */
  readonly peakBytes: number;
}

const TELL_USAGE = join(import.meta.dirname, 'tell-usage.mjs');

/** Runs a Node program to its end, with this environment and PATH alone, and says what it used. */
export async function runMeasured(
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', TELL_USAGE, ...commandLine], {
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, usage] = child.stdio;
  const [ended, said, complained, used] = await Promise.all([
    once(child, 'exit').then(([code]) => ({ code: code as number | null, at: performance.now() })),
    text(stdout as NodeJS.ReadableStream),
    text(stderr as NodeJS.ReadableStream),
    text(usage as NodeJS.ReadableStream),
  ]);
  if (ended.code === null || used === '') throw new Error(`a measured process was killed: ${complained}`);
  return {
    exitCode: ended.code,
    stdout: said,
    stderr: complained,
    seconds: (ended.at - started) / 1_000,
    ...(JSON.parse(used) as Pick<Measured, 'cpuMicroseconds' | 'peakBytes'>),
  };
}

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Watchdog {
  /** A process to be ended with this one. */
  watch(child: ChildProcess): void;
  /** A file whose first line is the id of such a process. */
  watchPidfile(path: string): void;
  /** Everything is ended; it can go. */
  release(): void;
}

/** Starts what ends the watched processes, should this one be killed. */
export function startWatchdog(): Watchdog {
  const dog = spawn(process.execPath, [join(import.meta.dirname, 'watchdog.mjs')], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  dog.stdin.on('error', () => undefined);
  dog.unref();
  return {
    watch(child) {
      const { pid } = child;
      if (pid === undefined) return;
      dog.stdin.write(`+${pid}\n`);
      child.once('exit', () => dog.stdin.write(`-${pid}\n`));
    },
    watchPidfile(path) {
      dog.stdin.write(`${path}\n`);
    },
    release: () => dog.stdin.end(),
  };
}

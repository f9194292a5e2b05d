import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', 'dist', 'main.js');
/** Linux counts CPU time in ticks of a hundredth of a second. */
const TICKS = 100;
const SAID_AT_MOST = 4_000;

/** Processes of the built program. */
export class WorkerFleet {
  readonly #children: ChildProcess[] = [];
  #said = '';
  #fault: Error | undefined;

  /**
   * @param environment all they get, beside PATH
   * @param nodeOptions given to Node before the program
   */
  start(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
    nodeOptions: readonly string[] = [],
  ): ChildProcess {
    return this.startScript([...nodeOptions, MAIN, ...command], environment);
  }

  /**
   * @param script a file that runs a part of the program in a way of its own, and its arguments
   * @param environment all it gets, beside PATH
   */
  startScript(script: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess {
    const child = spawn(process.execPath, script, {
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = `${this.#said}${text}`.slice(-SAID_AT_MOST);
      });
    }
    child.once('exit', (code) => {
      if (this.#children.includes(child)) {
        this.#fault = new Error(`a process ended early with ${code}: ${this.#said}`);
      }
    });
    this.#children.push(child);
    return child;
  }

  /** @throws when one of the processes has ended by itself */
  check(): void {
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Seconds of CPU time of all processes so far; 0 where there is no `/proc`. */
  async cpuSeconds(): Promise<number> {
    const seconds = await Promise.all(this.#children.map(({ pid }) => cpuSecondsOf(pid ?? 0)));
    return seconds.reduce((sum, one) => sum + one, 0);
  }

  /** Ends them in an orderly way. */
  async stop(): Promise<void> {
    const children = this.#children.splice(0);
    const ended = children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(ended);
  }
}

async function cpuSecondsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return 0;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

import { Writable } from 'node:stream';
import { systemClock } from '../../src/clock.ts';
import { createProgram, exitCodeOf, type Outside } from '../../src/commands/program.ts';
import type { Environment } from '../../src/config.ts';
import type { Ended } from './program.ts';

/**
 * Runs the program with this environment alone in this process: the same as to start it, but for what only a process
 * has, and in a tenth of the time. Each command is started as a process somewhere too.
 */
export async function runHere(commandLine: readonly string[], environment: Environment): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const hears = (name: keyof typeof said) =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        said[name] += String(chunk);
        done();
      },
    });
  let exitCode = 0;
  const outside: Outside = {
    version: '0.0.0',
    environment,
    output: { stream: hears('stdout'), terminal: false },
    messages: { stream: hears('stderr'), terminal: false },
    clock: systemClock,
    signal: new AbortController().signal,
    ends(code) {
      exitCode = code;
    },
  };
  await createProgram(outside)
    .parseAsync(commandLine, { from: 'user' })
    .catch((error: unknown) => {
      exitCode = exitCodeOf(error, outside);
    });
  return { exitCode, ...said };
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { systemClock } from './clock.ts';
import { createProgram, exitCodeOf, type Outside } from './commands/program.ts';

const stopping = new AbortController();

const outside: Outside = {
  version: JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version as string,
  environment: process.env,
  output: { stream: process.stdout, terminal: process.stdout.isTTY === true },
  messages: { stream: process.stderr, terminal: process.stderr.isTTY === true },
  clock: systemClock,
  signal: stopping.signal,
  ends(exitCode) {
    process.exitCode = exitCode;
  },
};

function onSignal(name: NodeJS.Signals): void {
  if (stopping.signal.aborted) process.exit(130);
  process.stderr.write(`\n${name}: stopping after the page at hand; once more to end at once.\n`);
  stopping.abort(new Error(`stopped by ${name}`));
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// Whoever reads our output may have seen enough, and the disk that the log goes to may be full: what is said from then
// on goes nowhere, and the work is done.
process.stderr.on('error', () => undefined);
let outputFault: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') outputFault ??= error;
});

try {
  await createProgram(outside).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error, outside);
}
// Sockets that a library keeps open must not keep a finished command alive; what was said has to be out first.
await flushed(process.stdout);
if (outputFault !== undefined && process.exitCode !== 1) {
  process.stderr.write(`The output cannot be written: ${outputFault.message}\n`);
  process.exitCode = 1;
}
await flushed(process.stderr);
process.exit();

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

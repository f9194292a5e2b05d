/*
 * Outlives a test run that was killed, to end the servers it started. The run's end is seen by the end of
 * standard input, which no signal can prevent. Plain JavaScript, since Node 20 runs no TypeScript.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const [directory = ''] = process.argv.slice(2);
const PIDFILE = join(directory, 'data', 'postgres', 'cluster', 'postmaster.pid');
/** A Postgres that was starting at the moment of the kill is waited for. */
const PATIENCE_MILLISECONDS = 5_000;

const lines = (await text(process.stdin)).trim().split('\n');
if (!lines.includes('release')) {
  for (const pid of lines.map(Number)) end(pid, 'SIGKILL');
  let isEnding = false;
  for (let waited = 0; waited < PATIENCE_MILLISECONDS && existsSync(join(directory, 'data')); waited += 100) {
    if (existsSync(PIDFILE)) {
      end(Number(readFileSync(PIDFILE, 'utf8').split('\n')[0]), 'SIGQUIT');
      isEnding = true;
    } else if (isEnding) break;
    await delay(100);
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function end(pid, signal) {
  try {
    if (pid > 1) process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
